"""Listens to the readers of checkpoints and guards, and records what they mean.

A scan is dated when it is read and goes into the journal at once, so it is kept while central is
away. It waits for nothing and holds nothing up.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from config.contract.access import CredentialKind as AccessCredential
from config.contract.events import CheckpointScanned, EventData
from config.contract.identifiers import new_id
from config.site import Site
from drivers.base import CredentialRead, Observation
from edge.access.question import Person
from edge.backoff import wait_until_set
from edge.devices import DeviceListener
from edge.patrol.rules import Carrier, PatrolRules, Scan, is_guard
from edge.patrol.store import CarrierStore, KeptCarrier

_log = logging.getLogger("edge.patrol")

RETRY_S: Final = 60.0
"""Between attempts of a file that cannot be written."""
CLOCK_STEP_MAX: Final = timedelta(seconds=5)
"""So far the clock may have been set back meanwhile; beyond it nobody knows how long ago it was."""


class People(Protocol):
    """The part of the replica that is needed here."""

    def holder_of_card(self, number: str) -> str | None:
        """Return whose card this is."""
        ...

    def end_of_card(self, number: str) -> datetime | None:
        """Return when a temporary card is over."""
        ...

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class Patrol:
    """Of one node; all of it belongs to the event loop's thread."""

    def __init__(
        self,
        site: Site,
        people: People,
        recorder: Recorder,
        *,
        is_time_unsure: Callable[[], bool],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        store: CarrierStore | None = None,
    ) -> None:
        """Begin with nobody on patrol.

        Args:
            site: With only what stands at this node, and every tag of the site.
            people: Tells guards by their cards.
            recorder: Keeps the scans.
            is_time_unsure: Whether the wall clock cannot be trusted just now.
            now: Wall clock, aware UTC.
            monotonic: The clock of repeated readings.
            store: Keeps who carries a reader; None keeps it for this run alone.
        """
        self._rules = PatrolRules(site.patrol, site.checkpoint, site.patrol_reader)
        self._profiles = frozenset(site.patrol.guard_profiles)
        self._people, self._recorder = people, recorder
        self._is_time_unsure, self._now, self._monotonic = is_time_unsure, now, monotonic
        self._devices = {point.id: point.device for point in site.access_point}
        self._store = store
        # Whatever the file holds is written anew first: it may name somebody whose time is over.
        self._kept: Mapping[str, Carrier] | None = None
        self._has_changed = asyncio.Event()

    def recall(self) -> None:
        """Go on with who carried a reader before this start; blocks for the disk.

        Whoever did not use it for too long by the wall clock, or is no guard any more, does not
        carry it.
        """
        now, now_s = self._now(), self._monotonic()
        for kept in () if self._store is None else self._store.load():
            age = now - kept.used_at
            if age < -CLOCK_STEP_MAX or not self._is_guard(kept.holder_id):
                continue
            used_at_s = now_s - max(0.0, age.total_seconds())
            self._rules.recall(kept.reader, Carrier(kept.holder_id, kept.by, used_at_s))

    async def run(self) -> None:
        """Keep who carries a reader, for ever, and forget whoever did not use it for too long."""
        while True:
            self._has_changed.clear()
            now_s = self._monotonic()
            carriers = self._rules.carriers(now_s=now_s)
            wait_s = self._rules.ends_in_s(now_s=now_s)
            if carriers != self._kept and not await self._keep(carriers, now_s):
                wait_s = RETRY_S
            await wait_until_set(self._has_changed, timeout_s=wait_s)

    async def _keep(self, carriers: Mapping[str, Carrier], now_s: float) -> bool:
        now, store = self._now(), self._store
        kept = tuple(
            KeptCarrier(
                reader=reader,
                holder_id=carrier.holder_id,
                by=carrier.by,
                used_at=now - timedelta(seconds=now_s - carrier.used_at_s),
            )
            for reader, carrier in carriers.items()
        )
        try:
            if store is not None:
                await asyncio.to_thread(store.keep, kept)
        except OSError as error:
            _log.warning("who carries a patrol reader cannot be kept: %s", error.strerror)
            return False
        self._kept = carriers
        return True

    def watched(self, device: str, listener: DeviceListener) -> DeviceListener:
        """Return who is to hear of a device: its listener itself, if it is no reader of ours."""
        if device not in self._rules.readers:
            return listener
        return ReaderWatch(listener, lambda reading: self.take(device, reading))

    def take(self, reader: str, reading: CredentialRead) -> None:
        """Record a reading, if it is a new scan of a checkpoint."""
        scan = self._rules.read(
            reader, reading.kind, reading.number, guards=self._guard_of, now_s=self._monotonic()
        )
        self._has_changed.set()
        if scan is not None:
            self._record(scan, reader)

    def _record(self, scan: Scan, reader: str) -> None:
        fact = CheckpointScanned(
            scan_id=new_id(),
            checkpoint=scan.checkpoint,
            reader=reader,
            holder_id=scan.holder_id,
            by=scan.by,
            is_time_unsure=self._is_time_unsure(),
            is_fallback=scan.is_fallback,
        )
        self._recorder.note(fact, subject=scan.checkpoint, now=self._now())

    def let_through(self, access_point: str, holder_id: str, credential: AccessCredential) -> None:
        """Somebody known was let through at a gate; if a guard, they carry its readers now."""
        if not self._profiles or not self._is_guard(holder_id):
            return
        by_face = credential is AccessCredential.FACE
        scan = self._rules.let_through(
            access_point, holder_id, "face" if by_face else "card", self._monotonic()
        )
        self._has_changed.set()
        if scan is not None:
            self._record(scan, self._devices[access_point])

    def _is_guard(self, holder_id: str) -> bool:
        return is_guard(self._people.person(holder_id), self._profiles, now=self._now())

    def _guard_of(self, numbers: tuple[str, ...]) -> str | None:
        """Return the one guard whose card has one of these numbers; two of them are nobody."""
        now = self._now()
        found = set[str]()
        for number in numbers:
            holder_id = self._people.holder_of_card(number)
            ends_at = None if holder_id is None else self._people.end_of_card(number)
            if holder_id is None or (ends_at is not None and now >= ends_at):
                continue
            if self._is_guard(holder_id):
                found.add(holder_id)
        return found.pop() if len(found) == 1 else None


class ReaderWatch:
    """Listens to one reader, and passes on what it hears; see ``DeviceListener``."""

    def __init__(self, listener: DeviceListener, take: Callable[[CredentialRead], None]) -> None:
        """Give readings to ``take``, and everything to ``listener``."""
        self._listener, self._take = listener, take

    def observed(self, observation: Observation) -> None:
        """Take a reading."""
        if isinstance(observation, CredentialRead):
            self._take(observation)
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """Pass it on."""
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """Pass it on."""
        self._listener.returned(absence_s)
