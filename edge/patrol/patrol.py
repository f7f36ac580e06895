"""Listens to the readers of checkpoints and guards, and records what they mean.

A scan is dated when it is read and goes into the journal at once, so it is kept while central is
away. It waits for nothing and holds nothing up.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from config.contract.access import CredentialKind as AccessCredential
from config.contract.events import CheckpointScanned, EventData
from config.contract.identifiers import new_id
from config.site import Site
from drivers.base import CredentialRead, Observation
from edge.access.question import Person
from edge.devices import DeviceListener
from edge.patrol.rules import PatrolRules, is_guard


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
    ) -> None:
        """Begin with nobody on patrol.

        Args:
            site: With only what stands at this node, and every tag of the site.
            people: Tells guards by their cards.
            recorder: Keeps the scans.
            is_time_unsure: Whether the wall clock cannot be trusted just now.
            now: Wall clock, aware UTC.
            monotonic: The clock of repeated readings.
        """
        self._rules = PatrolRules(site.patrol, site.checkpoint, site.patrol_reader)
        self._profiles = frozenset(site.patrol.guard_profiles)
        self._people, self._recorder = people, recorder
        self._is_time_unsure, self._now, self._monotonic = is_time_unsure, now, monotonic

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
        if scan is None:
            return
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
        if self._profiles and is_guard(
            self._people.person(holder_id), self._profiles, now=self._now()
        ):
            by_face = credential is AccessCredential.FACE
            self._rules.let_through(
                access_point, holder_id, "face" if by_face else "card", self._monotonic()
            )

    def _guard_of(self, numbers: tuple[str, ...]) -> str | None:
        """Return the one guard whose card has one of these numbers; two of them are nobody."""
        now = self._now()
        found = set[str]()
        for number in numbers:
            holder_id = self._people.holder_of_card(number)
            ends_at = None if holder_id is None else self._people.end_of_card(number)
            if holder_id is None or (ends_at is not None and now >= ends_at):
                continue
            if is_guard(self._people.person(holder_id), self._profiles, now=now):
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
