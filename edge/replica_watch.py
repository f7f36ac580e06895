"""Watches the age of the replica: beyond the site's limit it alarms and the degraded rule holds."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from config.contract.events import EventData, ReplicaAgeChanged
from edge.access.degraded import Degraded
from edge.access.happenings import DegradedChanged
from edge.replica import ReplicaError
from edge.replica_age import KeptAge, ReplicaAge

_log = logging.getLogger("edge.replica")

CHECK_INTERVAL_S: Final = 5.0
KEPT_EVERY_S: Final = 300.0
"""A power cut makes the replica look older by this at most, never younger."""


class Keeper(Protocol):
    """The part of the replica that is needed here."""

    def kept_age(self) -> KeptAge | None:
        """See ``Replica.kept_age``."""
        ...

    def keep_age(self, age: KeptAge) -> None:
        """See ``Replica.keep_age``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class ReplicaWatch:
    """Of one node. All of it belongs to the event loop's thread but for the file."""

    def __init__(
        self,
        keeper: Keeper,
        *,
        limit: timedelta,
        rule: Degraded,
        take: Callable[[DegradedChanged], None],
        recorder: Recorder,
        on_change: Callable[[], None],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        check_interval_s: float = CHECK_INTERVAL_S,
    ) -> None:
        """Begin with the age that was kept; the file is open.

        Args:
            keeper: Keeps the age over a restart.
            limit: Of the site.
            rule: Holds beyond it.
            take: Tells the rules.
            recorder: Notes the alarm and its end.
            on_change: Called with both: the node's status is another one.
            now: Wall clock, aware UTC.
            monotonic: The clock that counts.
            check_interval_s: Between two looks.
        """
        self._keeper, self._limit, self._rule, self._take = keeper, limit, rule, take
        self._recorder, self._on_change = recorder, on_change
        self._now, self._monotonic, self._check_interval_s = now, monotonic, check_interval_s
        self._age = ReplicaAge(keeper.kept_age(), now=now(), now_s=monotonic())
        self._kept_at_s: float | None = None
        self.is_outdated = False
        self.look()

    @property
    def age_s(self) -> float:
        """The age now, in seconds."""
        return self._age.age_s(now_s=self._monotonic())

    def kept(self) -> KeptAge:
        """Return what outlives this process."""
        return self._age.kept(now=self._now(), now_s=self._monotonic())

    def confirm(self) -> None:
        """Central says that the version here is its own."""
        self._age.confirm(now_s=self._monotonic())
        if self.is_outdated:
            self._kept_at_s = None
        self.look()

    def look(self) -> None:
        """Compare the age with the limit."""
        age_s = self.age_s
        is_outdated = age_s > self._limit.total_seconds()
        if is_outdated == self.is_outdated:
            return
        self.is_outdated = is_outdated
        if is_outdated:
            _log.error("people and rules are of %.0f h ago: the degraded rule holds", age_s / 3600)
        else:
            _log.info("people and rules are as new as central's again")
        self._take(DegradedChanged(self._rule if is_outdated else None))
        changed = ReplicaAgeChanged(
            is_outdated=is_outdated, age_h=round(age_s / 3600, 2), effect=self._rule.effect
        )
        self._recorder.note(changed, subject=None, now=self._now())
        self._on_change()

    async def run(self) -> None:
        """Look for ever, and keep the age."""
        while True:
            self.look()
            await self._keep_if_due()
            await asyncio.sleep(self._check_interval_s)

    async def _keep_if_due(self) -> None:
        now_s = self._monotonic()
        if self._kept_at_s is not None and now_s - self._kept_at_s < KEPT_EVERY_S:
            return
        self._kept_at_s = now_s
        try:
            await asyncio.to_thread(self._keeper.keep_age, self.kept())
        except ReplicaError as error:
            _log.warning("the age of the replica is not kept: %s", error)
