"""The tills and canteen lanes of one node, put together.

Nothing here holds up a node: where the tills' file cannot be opened they are out of order, said
once, and gates work as ever.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from config.contract.events import DuressDetected
from config.contract.money import CanteenPlan, ChargeMode
from config.site import Site
from drivers.base import CredentialRead, Observation, WeightChanged
from edge.access.attempts import CodeShown, PinShown
from edge.access.pin_tries import PinTries
from edge.access.question import Person
from edge.canteen.board import TillBoard
from edge.canteen.keeping import Keeping
from edge.canteen.lane import CanteenLane
from edge.canteen.link import CanteenLink, Central
from edge.canteen.own_page import MakeLink
from edge.canteen.store import Store
from edge.canteen.till import Till
from edge.devices import DeviceListener
from edge.journal import Journal
from edge.kept_file import KeptFileError

_log = logging.getLogger("edge.canteen")

FILE = "canteen.db"
WRONG_PINS_MAX = 5
"""After so many in five minutes no PIN of that person is right; see ``PinTries``."""


class Replica(Protocol):
    """The part of the replica that is needed here."""

    def person(self, holder_id: str) -> Person | None:
        """See ``Replica.person``."""
        ...

    def holder_of_card(self, number: str) -> str | None:
        """See ``Replica.holder_of_card``."""
        ...

    def end_of_card(self, number: str) -> datetime | None:
        """See ``Replica.end_of_card``."""
        ...

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        """See ``Replica.pin_shown``."""
        ...


class Diners:
    """People of the replica, and how often somebody's PIN was wrong of late."""

    def __init__(self, replica: Replica, *, in_danger: Callable[[str, str], None]) -> None:
        """Begin with no PIN tried.

        Args:
            replica: People.
            in_danger: Told who typed a duress PIN, and at which till; nothing there shows it.
        """
        self._replica, self._tries, self._in_danger = replica, PinTries(), in_danger

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        return self._replica.person(holder_id)

    def is_pin(self, pin: str, *, holder_id: str, till: str, now: datetime) -> bool:
        """Return whether this is the person's PIN; after too many wrong ones none is."""
        shown = self._replica.pin_shown(pin, holder_id=holder_id)
        judged = self._tries.judged(shown, limit=WRONG_PINS_MAX, now=now)
        if judged.is_duress:
            self._in_danger(holder_id, till)
        return judged.is_right


class Canteen:
    """Of one node.

    Attributes:
        tills: By id; those that are no lane.
        lanes: By access point.
        board: What the tills show.
        link: To central.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        keeping: Keeping,
        replica: Replica,
        central: Central,
        *,
        read_code: Callable[[str], CodeShown],
        make_link: MakeLink | None = None,
        in_danger: Callable[[str, str], None],
        zone: ZoneInfo,
        now: Callable[[], datetime],
    ) -> None:
        """Put tills together; see ``open_canteen``."""
        self._store, self._keeping = store, keeping
        self.board, self.tills = TillBoard(), dict[str, Till]()
        self.lanes = dict[str, CanteenLane]()
        self._when_consent_changed: list[Callable[[], None]] = []
        self.link = CanteenLink(central, keeping, on_change=self._changed, now=now)
        self._devices = dict[str, list[Till]]()
        diners = Diners(replica, in_danger=in_danger)
        sessions = {session.till: session for session in store.sessions()}
        for entry in site.till:
            if entry.mode is ChargeMode.LANE:
                if entry.access_point is not None:
                    self.lanes[entry.access_point] = CanteenLane(
                        entry,
                        keeping=keeping,
                        money=self.link,
                        people=diners,
                        zone=zone,
                        session=sessions.get(entry.id),
                        now=now,
                    )
                continue
            till = self.tills[entry.id] = Till(
                entry,
                keeping=keeping,
                money=self.link,
                people=diners,
                holder_of_card=replica.holder_of_card,
                end_of_card=replica.end_of_card,
                read_code=read_code,
                board=self.board,
                zone=zone,
                session=sessions.get(entry.id),
                make_link=make_link,
                now=now,
            )
            for device in filter(None, (*entry.readers, entry.scale)):
                self._devices.setdefault(device, []).append(till)

    @property
    def tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What must run, by a name for the log."""
        return {
            "tills' money": self._keeping.run,
            "tills' central": self.link.run,
            **{f"till {till.entry.id}": till.run for till in self.tills.values()},
            **{f"till {lane.entry.id}": lane.run for lane in self.lanes.values()},
        }

    @property
    def plan(self) -> CanteenPlan:
        """What is sold when, as central told it last."""
        return self._keeping.book.plan

    @property
    def face_payers(self) -> Collection[str]:
        """Who has consented to pay by face: nobody else is searched at a till."""
        # The replica's thread asks, too: the list is made in one step.
        accounts = list(self._keeping.book.accounts.values())
        return [a.holder_id for a in accounts if a.pays_by_face and not a.is_blocked]

    def when_changed(self, call: Callable[[], None]) -> None:
        """Call this now and whenever accounts may have changed; it is quick."""
        self._when_consent_changed.append(call)
        call()

    def watched(self, device: str, listener: DeviceListener) -> DeviceListener:
        """Return who is to hear of a device: its listener itself, if it is at no till."""
        tills = self._devices.get(device)
        return listener if tills is None else TillDevice(device, listener, tills)

    async def close(self) -> None:
        """Ask central nothing any more and close the file; what waits is told at a next start."""
        await self.link.close()
        await asyncio.to_thread(self._store.close)

    def _changed(self) -> None:
        for call in self._when_consent_changed:
            call()
        for till in self.tills.values():
            till.refresh()


class TillDevice:
    """Listens to a reader or a scale of tills, and passes on what it hears."""

    def __init__(self, device: str, listener: DeviceListener, tills: Collection[Till]) -> None:
        """Give what is read to ``tills``, and everything to ``listener``."""
        self._device, self._listener, self._tills = device, listener, tills

    def observed(self, observation: Observation) -> None:
        """Take a reading or a weight."""
        if isinstance(observation, CredentialRead | WeightChanged):
            for till in self._tills:
                till.observed(observation)
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """What a scale said is no weight any more."""
        for till in self._tills:
            if till.entry.scale == self._device:
                till.scale_lost()
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """Pass it on."""
        self._listener.returned(absence_s)


async def open_canteen(
    site: Site,
    folder: Path,
    replica: Replica,
    journal: Journal,
    central: Central,
    *,
    read_code: Callable[[str], CodeShown],
    make_link: MakeLink | None = None,
    zone: ZoneInfo,
    now: Callable[[], datetime],
) -> Canteen | None:
    """Return the tills of a node, what was interrupted let go; None where there are none.

    Args:
        site: With only what stands at this node.
        folder: Of the node's state.
        replica: People.
        journal: Started.
        central: Speaks for the node.
        read_code: Reads a scanned code.
        make_link: Makes the way to a diner's own page; None offers nobody one.
        zone: Of the site.
        now: Wall clock, aware UTC.
    """
    if not site.till:
        return None

    def in_danger(holder_id: str, till: str) -> None:
        fact = DuressDetected(holder_id=holder_id, access_point=till)
        journal.note(fact, subject=till, now=now())

    store = Store(folder / FILE)
    try:
        await asyncio.to_thread(store.open)
        book = await asyncio.to_thread(store.book)
        keeping = Keeping(store, book, journal, now=now)
        canteen = Canteen(
            site,
            store,
            keeping,
            replica,
            central,
            read_code=read_code,
            make_link=make_link,
            in_danger=in_danger,
            zone=zone,
            now=now,
        )
    except KeptFileError as error:
        store.close()
        _log.error("tills are out of order: %s", error)
        return None
    journal.when_acknowledged(keeping.acknowledged)
    await keeping.recover()
    return canteen
