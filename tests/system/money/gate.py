"""A node with a canteen lane: the lane's and the gate's own code, and a gate that stands outside.

The gate is no part of this process: it goes on standing open, and people walk through it, while the
process is dead. It is asked to open over the wire, and what it counts comes over the wire.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from config.contract.access import CredentialKind, CropClass
from config.site import Policy
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    GateMode,
    PassageCounted,
    Side,
)
from edge.access.attempts import CodeShown
from edge.access.crossing import point_of
from edge.access.doorkeeper import Doorkeeper
from edge.access.gate import GateReports
from edge.access.lane import Lane
from edge.access.memory import Applied, Recalled, Remembered
from edge.access.question import Granted
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.devices import DeviceTable
from edge.kiosk.state import KioskBoard
from tests.system.money.node import Known, Node, work
from tests.system.money.place import GATE, GATE_POINT, PASSAGE_S, site_of
from tests.system.money.wire import DiedError, Document, RefusedError, Wire

LOOK_S: Final = 0.002
LOOKS_MAX: Final = 5_000
LATE_S: Final = 0.05
"""Whoever is counted so shortly before the gate shuts may be let go."""
LAST_COUNT: Final = 5


class FarGate:
    """The gate, as the lane commands it."""

    id = GATE

    def __init__(self, wire: Wire) -> None:
        """Ask the gate over a wire."""
        self._wire = wire
        self.comes: str | None = None
        """Whom the lane has let through last: whoever stands before the gate."""
        self.opened_at_s = dict[str, float]()

    async def access(self, side: Side, *, access_time_s: float | None = None) -> CommandReceipt:
        """See ``Gate.access``."""
        try:
            answer = await self._wire.ask("gate", holder_id=self.comes, side=side.value)
        except (RefusedError, DiedError) as error:
            raise DeviceUnreachableError(str(error)) from error
        finally:
            self.opened_at_s[str(self.comes)] = asyncio.get_running_loop().time()
        if not answer["is_taken"]:
            raise CommandRejectedError("the gate does not open")
        return CommandReceipt(attempts=1)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``Gate.set_mode``."""
        return CommandReceipt(attempts=1)


class Notebook:
    """No area is counted here: nothing must be remembered."""

    def keep(
        self, facts: Sequence[Remembered], *, sequence: int, applied: Applied | None = None
    ) -> None:
        """See ``Memory.keep``."""


class Gateway(Node):
    """One node, its lane, and who comes."""

    def furnish(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Put up the lane as a node does."""
        [point] = site_of(self._node).access_point
        self._gate = FarGate(self.wire)
        doorkeeper = Doorkeeper(
            node=self._node,
            rules=RuleBook([point_of(point)]),
            people=Known(),
            recorder=self._journal,
            memory=Notebook(),
            recalled=Recalled(),
            now=self.now,
        )
        around = Surroundings(
            journal=self._journal,
            people=Known(),
            doorkeeper=doorkeeper,
            read_code=lambda _: CodeShown(None),
            board=KioskBoard(),
            policy=Policy(),
            offer_blob=_no_blob,
            now=self.now,
        )
        self._lane = Lane(point, self._gate, around)
        self._lane.when_identified(self._comes)
        payer = self._canteen.lanes[GATE_POINT]
        self._lane.pay_with(payer)
        self._lane.screen.when_fire(payer.fire_is_on)
        table = DeviceTable(now=self.now, on_change=lambda: None)
        table.add(GATE, kind="gate", access_points=[GATE_POINT])
        self._reports = GateReports(
            GATE,
            lanes={Side.IN: self._lane},
            recorder=self._journal,
            doorkeeper=doorkeeper,
            table=table,
            now=self.now,
        )
        return (self._lane.run, doorkeeper.run)

    def _comes(self, holder_id: str, _: CredentialKind) -> None:
        self._gate.comes = holder_id

    async def _go_up(self, holders: list[str]) -> Document:
        """Let people show their cards at once; returns what came of it once it is durable."""
        decisions = await asyncio.gather(*map(self._show, holders))
        for _ in range(LOOKS_MAX):
            if not self._keeping.book.unfinished():
                break
            await asyncio.sleep(LOOK_S)
        return {
            "refused": dict(zip(holders, decisions, strict=True)),
            "is_over": not self._keeping.book.unfinished(),
            **await self._look(),
        }

    async def _show(self, holder_id: str) -> str:
        """Return why somebody was not let in; whoever is told that they have paid means it."""
        reason = ""
        for _ in range(2):
            try:
                decision = await self._lane.present_card(holder_id)
            except TimeoutError:
                return "too_late"
            if isinstance(decision, Granted):
                return ""
            reason = decision.reason.value
        return reason

    async def _count(self, holder_id: str, count: int) -> Document:
        """The gate has counted people; who it was, it does not say."""
        opened_at_s = self._gate.opened_at_s.get(holder_id)
        self._reports.observed(PassageCounted(side=Side.IN, count=count))
        open_s = 0.0 if opened_at_s is None else self._loop.time() - opened_at_s
        return {"is_late": open_s > PASSAGE_S - LATE_S}

    async def _fire(self, *, is_on: bool) -> Document:
        self._lane.screen.fire_is_on("fire" if is_on else None)
        return {}

    async def _look(self) -> Document:
        """Return the newest charges of the session, as a page that lists them does."""
        sessions = await asyncio.to_thread(self._store.sessions)
        entries = [e for each in sessions for e in self._keeping.book.of_session(each.session_id)]
        if not entries:
            return {"session": None, "last": []}
        last = [
            {
                "charge_id": str(e.charge.charge_id),
                "masked_name": e.charge.holder_id,
                "amount_fen": e.charge.amount_fen,
                "is_void": False,
            }
            for e in reversed(entries[-LAST_COUNT:])
        ]
        return {"session": {"session_id": str(entries[-1].charge.session_id)}, "last": last}


def _no_blob(jpeg: bytes, kind: CropClass) -> str:
    return ""


def main(end: socket.socket, till: str, folder: str, at: str) -> None:
    """Work until the wire is cut."""
    work(Gateway, end, till, folder, at)
