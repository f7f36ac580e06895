"""Operators' commands at one node, put together."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

from config.contract.commands import CommandHead, NodeCommand, SignedCommand
from edge.access.doorkeeper import Doorkeeper
from edge.commands.carrying import Fire, Hands, NoFire, no_boards
from edge.commands.desk import Carried, Central, Desk, Recorder
from edge.commands.holds import Holds
from edge.commands.store import CommandsStore
from edge.installation import Installation


class Commands:
    """The desk that takes them, the hands that do them, and the points that are held open.

    Attributes:
        tasks: What must run, by a name for the log.
    """

    def __init__(self, desk: Desk, holds: Holds, store: CommandsStore) -> None:
        self._desk, self._holds, self._store = desk, holds, store
        self.tasks: Mapping[str, Callable[[], Awaitable[None]]] = {
            "commands": desk.run,
            "held points": holds.run,
        }

    @classmethod
    def open(
        cls,
        central: Central,
        path: Path,
        installation: Installation,
        *,
        doorkeeper: Doorkeeper,
        read: Callable[[SignedCommand], NodeCommand | CommandHead],
        journal: Recorder,
        report_status: Callable[[], None],
        cameras: Callable[[NodeCommand], Awaitable[Carried]],
        boards: Callable[[NodeCommand], Awaitable[Carried]] = no_boards,
        now: Callable[[], datetime],
        fire: Fire | None = None,
    ) -> "Commands":
        """Return them; the file is opened when they run."""
        store = CommandsStore(path)
        holds = Holds(installation.lanes, store, take=doorkeeper.take, now=now)
        doorkeeper.when_shared(holds.wake)
        hands = Hands(
            installation.lanes,
            installation.devices,
            holds,
            report_status,
            cameras,
            boards,
            sounders=installation.sounders,
            fire=fire or NoFire(),
        )
        desk = Desk(
            central,
            store,
            read=read,
            carry_out=hands.carry_out,
            journal=journal,
            resume=holds.resume,
            now=now,
        )
        return cls(desk, holds, store)

    async def do(self, command: NodeCommand) -> Carried:
        """Carry out what an operator asks at the terminal itself; see ``Desk.do``."""
        return await self._desk.do(command)

    def wake(self) -> None:
        """Ask central at once: it says that a command waits."""
        self._desk.wake()

    def close(self) -> None:
        """Close the file."""
        self._store.close()
