"""A till with a plug: everything that is durable is, everything else goes with the power."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Literal
from uuid import UUID

from config.contract.event_base import EventData
from config.contract.events import ClockQuality, Event
from config.contract.identifiers import new_id
from config.contract.money import ReservationAnswer
from config.contract.money_events import (
    ChargeRecorded,
    ChargeReleased,
    ChargeVoided,
    TillClosed,
    charges_digest,
)
from config.site_canteen import TillEntry
from edge.access.attempts import CodeShown
from edge.canteen.board import TillBoard
from edge.canteen.book import Charge
from edge.canteen.keeping import Keeping
from edge.canteen.own_page import MakeLink
from edge.canteen.screen import TillScreen
from edge.canteen.store import Store
from edge.canteen.till import Till
from edge.journal import JournalError, JournalStatus
from tests.edge.canteen.making import NOON, ZONE, Known, accounts, plan
from tests.edge.conftest import DEADLINE_S

CARDS = {"1": "anna", "2": "boris"}


class PowerCutError(BaseException):
    """Nothing after this happens."""


class Power:
    """Goes after so many durable steps, if it is told to."""

    def __init__(self) -> None:
        self.steps_left: int | None = None
        self.is_off = False

    def step(self) -> None:
        if self.steps_left is not None and not self.is_off:
            self.steps_left -= 1
            self.is_off = self.steps_left < 0
        if self.is_off:
            raise PowerCutError


class PluggedStore(Store):
    """The tills' file, on a machine that may lose its power before and after each write."""

    def __init__(self, path: Path, power: Power) -> None:
        super().__init__(path)
        self._power = power

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._power.step()
        with super()._writing() as connection:
            yield connection
        self._power.step()


@dataclasses.dataclass
class Disk:
    """A journal that central reads: what was appended, and what of it central has."""

    power: Power
    epoch: UUID = dataclasses.field(default_factory=new_id)
    unsent: list[Event] = dataclasses.field(default_factory=list)
    sequence: int = 0
    refuses: int = 0

    @property
    def status(self) -> JournalStatus:
        return JournalStatus(epoch=self.epoch, is_writable=True)

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> Event:
        self.power.step()
        await asyncio.sleep(0)
        if self.refuses:
            self.refuses -= 1
            raise JournalError("the disk is full")
        self.sequence += 1
        event = Event(
            id=new_id(),
            source=f"/demo/gate-1/{subject}",
            type=data.type_name,
            time=now,
            subject=subject or "gate-1",
            epoch=self.epoch,
            event_class=data.event_class,
            sequence=self.sequence,
            clockquality=ClockQuality.SYNCHRONISED,
            data=data.model_dump(mode="json"),
        )
        self.unsent.append(event)
        self.power.step()
        return event

    def lose(self) -> None:
        """The file is damaged and set aside: what central has not got is gone."""
        self.epoch, self.unsent, self.sequence = new_id(), [], 0


class Books:
    """Central: it posts a charge once, by its key, whatever comes in which order."""

    def __init__(self) -> None:
        self.says: Literal["reserved", "short", "silent"] = "reserved"
        self.posted = dict[UUID, ChargeRecorded]()
        self.voids = dict[UUID, set[UUID]]()
        self.released = set[UUID]()
        self.closes = list[TillClosed]()

    def take(self, event: Event) -> None:
        match event.parsed():
            case ChargeRecorded() as charge:
                assert self.posted.setdefault(charge.charge_id, charge) == charge
            case ChargeVoided() as void:
                self.voids.setdefault(void.charge_id, set()).add(void.void_id)
            case ChargeReleased() as released:
                self.released.add(released.charge_id)
            case TillClosed() as close:
                self.closes.append(close)
            case _:
                pass

    def digest(self, session_id: UUID) -> str:
        return charges_digest(
            charge_id
            for charge_id, charge in self.posted.items()
            if charge.session_id == session_id and charge_id not in self.voids
        )


class PluggedTill:
    """One till, its files and central, over power cuts and clock jumps."""

    def __init__(self, folder: Path, entry: TillEntry, *, limits: dict[str, int]) -> None:
        self.now, self.now_s = NOON, 100.0
        self.books, self.power = Books(), Power()
        self.disk = Disk(self.power)
        self.is_online, self.since = True, NOON
        self.shown_paid = set[UUID]()
        self.codes, self.known = dict[str, CodeShown](), Known()
        self.cards: Mapping[str, str] = CARDS
        self.make_link: MakeLink | None = None
        self.screen: TillScreen
        self.cut_count = self.taken_count = 0
        self._path, self._entry, self._limits = folder / "canteen.db", entry, limits
        self.keeping: Keeping
        self.till: Till
        self.board: TillBoard
        self._tasks: list[asyncio.Task[None]] = []

    async def reserve(self, charge: Charge) -> ReservationAnswer | None:
        await asyncio.sleep(0)
        if self.books.says == "silent":
            return None
        return ReservationAnswer(outcome=self.books.says)

    async def switch_on(self) -> None:
        """Start as the node does."""
        self.power = self.disk.power = Power()
        self._store = PluggedStore(self._path, self.power)
        self._store.open()
        book = self._store.book()
        self.keeping = Keeping(self._store, book, self.disk, now=lambda: self.now)
        await self.keeping.recover()
        if not book.plan.version:
            spendable = accounts(anna=100_000, boris=100_000)
            given = plan(**self._limits)
            await self.keeping.learn(plan=given, accounts=spendable, version=1)
        sessions = {session.till: session for session in self._store.sessions()}
        self.board = _Watched(self)
        self.till = Till(
            self._entry,
            keeping=self.keeping,
            money=self,
            people=self.known,
            holder_of_card=self.cards.get,
            end_of_card=lambda _: None,
            read_code=lambda text: self.codes.get(text, CodeShown(None)),
            board=self.board,
            zone=ZONE,
            session=sessions.get(self._entry.id),
            make_link=self.make_link,
            now=lambda: self.now,
            monotonic=lambda: self.now_s,
        )
        self._tasks = [
            asyncio.create_task(self.till.run()),
            asyncio.create_task(self.keeping.run()),
        ]
        await self.till.sessions.open()

    async def rest(self) -> None:
        """Wait until disk and central have answered, or the power is gone; then switch on."""
        settling = asyncio.create_task(self._settled())
        await asyncio.wait([settling, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        is_cut = self.power.is_off
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
        if is_cut:
            self.cut_count += 1
            await self.switch_off()
            await self.switch_on()

    async def fail(self) -> None:
        """The till's task fails, and is started again as the node does."""
        self._tasks[0].cancel()
        await asyncio.gather(self._tasks[0], return_exceptions=True)
        self._tasks[0] = asyncio.create_task(self.till.run())

    async def switch_off(self) -> None:
        self.power.is_off = True
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(BaseException):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.close()

    async def _settled(self) -> None:
        self.till.refresh()
        for _ in range(3):
            await asyncio.sleep(0)
        await self.till.settled()
        await asyncio.sleep(0)

    def wait(self, seconds: float) -> None:
        self.now, self.now_s = self.now + timedelta(seconds=seconds), self.now_s + seconds

    def uplink(self, *, is_acknowledged: bool) -> None:
        """Central gets what it has not acknowledged, again if need be."""
        for event in self.disk.unsent:
            self.books.take(event)
        if is_acknowledged:
            events, self.disk.unsent = self.disk.unsent, []
            self.keeping.acknowledged(events)

    async def told(self) -> None:
        """Wait until the journal has been told of everything."""
        async with asyncio.timeout(DEADLINE_S):
            while await asyncio.to_thread(  # noqa: ASYNC110 - a thread writes it
                self._store.untold, self.disk.epoch
            ):
                await asyncio.sleep(0.002)


class _Watched(TillBoard):
    """What people saw is what counts."""

    def __init__(self, plugged: PluggedTill) -> None:
        super().__init__()
        self._plugged = plugged

    def show(self, screen: TillScreen) -> None:
        if self._plugged.power.is_off:
            return
        self._plugged.screen = screen
        if screen.phase == "paid":
            self._plugged.shown_paid.add(screen.last[0].charge_id)
        super().show(screen)
