"""The controller boards of one node, put together: see the modules beside this one."""

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from config.contract.board_events import BoardHeld, NeighbourLost, NeighbourReturned
from config.contract.commands import NodeCommand
from config.contract.events import EventData
from config.contract.money import CanteenPlan
from config.image_keys import public_keys
from config.site import Site
from drivers.base import Driver, HeartbeatKept, Signs
from drivers.bus import Bus
from edge.access.lane import Lane
from edge.boards.claims import Claims
from edge.boards.heart import Heart
from edge.boards.hindrance import Hindrance, Moment, hindrance, meals_of
from edge.boards.images import Images
from edge.boards.life import Life
from edge.boards.neighbours import NeighbourWatch
from edge.boards.records import Records
from edge.boards.updates import Board, Updates
from edge.boards.watch import BoardWatch
from edge.boards.work import Updatable, worker
from edge.commands.desk import Carried
from edge.devices import DeviceListener, DeviceTask

_log = logging.getLogger("edge.boards")

UPDATED = "it is restarted with another image"


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        """See ``Journal.append``."""
        ...

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class BoardStation:
    """Of one node. All of it belongs to the event loop's thread but for the disk.

    Attributes:
        life: Whether boards are told that the node lives.
        tasks: What must run, by a name for the log.
    """

    def __init__(
        self,
        site: Site,
        *,
        signer: Signs,
        records: Records,
        images: Images,
        recorder: Recorder,
        boards_elsewhere: Mapping[str, Sequence[str]],
        has_fire: Callable[[], bool],
        is_locked_down: Callable[[], bool],
        plan: Callable[[], CanteenPlan | None],
        zone: ZoneInfo,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a board; see ``watched`` and ``fit``.

        Args:
            site: With only what stands at this node.
            signer: With the node's own key.
            records: Of updates.
            images: Of central.
            recorder: Takes facts.
            boards_elsewhere: Devices with a safe state, by other node.
            has_fire: Whether any fire is known, or holds anything open.
            is_locked_down: Whether any lockdown level is set off.
            plan: Of the canteen, as it is known here.
            zone: Of the site.
            now: Wall clock, aware UTC.
            monotonic: The clock of everything else.
        """
        self._rules, self._signer, self._recorder = site.boards, signer, recorder
        self._records = records
        self._has_fire, self._is_locked_down, self._plan = has_fire, is_locked_down, plan
        self._merchants = frozenset(till.merchant for till in site.till)
        self._zone, self._now, self._monotonic = zone, now, monotonic
        self._keys = public_keys(site.boards.keys)
        self.life = Life()
        self._hearts: dict[str, Heart] = {}
        self._watches: dict[str, BoardWatch] = {}
        self._claims: dict[str, Claims] = {}
        self._boards: dict[str, Board] = {}
        self._neighbours, self._boards_elsewhere = NeighbourWatch(), boards_elsewhere
        self._sound: Callable[[], None] = lambda: None
        self._updates = Updates(
            self._boards,
            site.boards,
            records=records,
            images=images,
            hindrance=self.hindrance,
            monotonic=monotonic,
        )
        self.tasks: dict[str, Callable[[], Awaitable[None]]] = {"board updates": self._updates.run}

    # ---- what stands here

    def watched(self, device: str, driver: Driver, listener: DeviceListener) -> DeviceListener:
        """Return what listens to a board, and passes on what it hears; ``listener`` for others."""
        if not isinstance(driver, HeartbeatKept):
            return listener
        driver.sign_with(self._signer)
        watch = self._watches[device] = BoardWatch(
            device,
            listener,
            recorder=self._recorder,
            on_identity=lambda identity: self._claims[device].take(identity),
            on_return=lambda: self._hearts[device].wake(),
            now=self._now,
        )
        return watch

    def fit(self, device: str, driver: Driver, task: DeviceTask, bus: Bus) -> None:
        """Beat for a board, claim it and update it; nothing for others."""
        if not isinstance(driver, HeartbeatKept):
            return
        heart = self._hearts[device] = Heart(
            task, driver, self.life, bus=bus, monotonic=self._monotonic
        )
        claims = self._claims[device] = Claims(task, driver)
        self.tasks[f"heartbeats of {device}"] = heart.run
        if self._rules.claims:
            self.tasks[f"claim of {device}"] = claims.run
        if isinstance(driver, Updatable):
            self._boards[device] = Board(
                line=bus.port,
                work=worker(driver, self._rules, self._keys, is_alive=self.is_alive),
                trial=functools.partial(_on_trial, task),
            )

    def lanes_watched(
        self, tasks: Mapping[str, Callable[[], Awaitable[None]]], lanes: Mapping[str, Lane]
    ) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return an installation's tasks; its boards hear of the node as long as no lane is stuck.

        Args:
            tasks: Of the installation.
            lanes: By access point.
        """
        for name, lane in lanes.items():
            self.life.watch_busy(f"access point {name}", _since(lane))
        of_lanes = {f"access point {name}" for name in lanes}
        watched = {name: run for name, run in tasks.items() if name in of_lanes}
        return {**tasks, **self.life.watched(watched)}

    def sound_with(self, sound: Callable[[], None]) -> None:
        """Call this when a neighbour is lost; it must be quick."""
        self._sound = sound

    def is_alive(self) -> bool:
        """Whether what lets people through runs."""
        return self.life.trouble(now_s=self._monotonic()) is None

    # ---- updates

    async def carry_out(self, command: NodeCommand) -> Carried:
        """Do what central asks about a board; see ``Hands.boards``."""
        return await self._updates.carry_out(command)

    def hindrance(self) -> Hindrance | None:
        """Return what forbids now that a board is updated."""
        has_fire = self._has_fire() or any(w.facts.has_fire for w in self._watches.values())
        moment = Moment(
            self._now(),
            has_fire=has_fire,
            is_locked_down=self._is_locked_down(),
            meals=meals_of(self._plan(), self._merchants) if self._merchants else (),
        )
        return hindrance(moment, quiet=self._rules.quiet, zone=self._zone)

    # ---- a planned restart

    def close(self) -> None:
        """Close the file."""
        self._records.close()

    async def hold(self) -> None:
        """Ask every board of this node to wait for it; called when it is to end as planned."""
        if self._rules.hold_s <= 0:
            return
        await asyncio.gather(*(self._hold(device, heart) for device, heart in self._hearts.items()))

    async def _hold(self, device: str, heart: Heart) -> None:
        if await heart.hold(self._rules.hold_s):
            held = BoardHeld(device=device, held_s=self._rules.hold_s)
            self._recorder.note(held, subject=device, now=self._now())

    # ---- neighbours

    def neighbours_heard(self, ages_s: Mapping[str, float | None]) -> None:
        """Take for how long each other node was not heard over the site link; once a second."""
        changed = self._neighbours.look(ages_s, now_s=self._monotonic())
        if changed.is_us is not None:
            if changed.is_us:
                _log.error("no node is heard over the site link any more: it is this node's own")
            else:
                _log.warning("this node's site link is back")
        if changed.lost:
            self._sound()
        self._tell(
            NeighbourLost(node=node, boards=tuple(self._boards_elsewhere.get(node, ())))
            for node in changed.lost
        )
        self._tell(NeighbourReturned(node=node) for node in changed.returned)

    def _tell(self, facts: Iterable[NeighbourLost | NeighbourReturned]) -> None:
        now = self._now()
        for fact in facts:
            self._recorder.note(fact, subject=fact.node, now=now)


def _on_trial(task: DeviceTask, is_on: bool) -> None:
    task.suspend(UPDATED if is_on else "")


def _since(lane: Lane) -> Callable[[], float | None]:
    return lambda: lane.deciding_since_s
