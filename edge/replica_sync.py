"""Keeps the replica as new as central: the stream says when, a poll makes sure."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from config.contract.face_statements import STATEMENT_COUNT_MAX, SignedStatement
from config.contract.nodes import ReplicaPage
from edge.backoff import BackOff, wait_until_set
from edge.central_client import CentralError, CentralUnreachableError, ServerSentEvent
from edge.replica import Replica, ReplicaError

_log = logging.getLogger("edge.replica")

POLL_INTERVAL_S: Final = 30.0


class Central(Protocol):
    """The part of central that is needed here."""

    async def replica_page(self, *, after: int, access: int) -> ReplicaPage:
        """See ``CentralClient.replica_page``."""
        ...

    async def say_held(
        self,
        held: Mapping[str, Sequence[UUID]],
        *,
        version: int,
        erased: Sequence[SignedStatement],
    ) -> None:
        """See ``CentralClient.say_held``."""
        ...

    def stream(self) -> AsyncIterator[ServerSentEvent]:
        """See ``CentralClient.stream``."""
        ...


class ReplicaSync:
    """Fetches changes of people and access rules, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        central: Central,
        replica: Replica,
        *,
        on_change: Callable[[], None],
        on_confirmed: Callable[[], None] = lambda: None,
        on_command: Callable[[], None] = lambda: None,
        on_call: Callable[[], None] = lambda: None,
        on_till: Callable[[], None] = lambda: None,
        poll_interval_s: float = POLL_INTERVAL_S,
        back_off: Callable[[], BackOff] = BackOff,
    ) -> None:
        """Follow ``central`` once it runs.

        Args:
            central: Has what is so.
            replica: Follows it.
            on_change: Called whenever people or access rules changed.
            on_confirmed: Called whenever central says that all of it is here.
            on_command: Called when central says that a command waits.
            on_call: Called when central says that a call for assistance is another one.
            on_till: Called when central has something new for tills: a block, money, a plan.
            poll_interval_s: The longest time between two questions, while central answers.
            back_off: Waits while it does not.
        """
        self._central, self._replica, self._on_change = central, replica, on_change
        self._on_confirmed = on_confirmed
        self._told = {"commands": on_command, "assistance": on_call, "till": on_till}
        self._poll_interval_s, self._back_off = poll_interval_s, back_off
        self._is_behind, self._is_back = asyncio.Event(), asyncio.Event()

    def central_is_back(self) -> None:
        """Ask at once, and listen anew: what was open before may be open here alone."""
        self._is_behind.set()
        self._is_back.set()

    async def run(self) -> None:
        """Follow central for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch())
            tasks.create_task(self._listen())

    async def _fetch(self) -> None:
        back_off, has_failed = self._back_off(), False
        while True:
            self._is_behind.clear()
            try:
                await self.catch_up()
            except CentralError:
                # The uplink says that central is lost; the stream says when it is back.
                await wait_until_set(self._is_behind, timeout_s=back_off.next_s())
                continue
            except ReplicaError as error:
                if not has_failed:
                    _log.error("people are known until the next start only: %s", error)
                has_failed = True
                await asyncio.sleep(back_off.next_s())
                continue
            back_off.reset()
            has_failed = False
            await wait_until_set(self._is_behind, timeout_s=self._poll_interval_s)

    async def catch_up(self) -> None:
        """Fetch pages until there are no more.

        Raises:
            CentralError: Central does not answer.
            ReplicaError: The changes could not be kept.
        """
        has_more, said = True, frozenset[str]()
        while has_more:
            before, rules = self._replica.version, self._replica.rules
            page = await self._central.replica_page(after=before, access=rules.version)
            if page.has_more and page.version == before:
                raise CentralUnreachableError("central's pages of people do not go on")
            has_more = page.has_more
            has_changed = (
                page.version != before
                or page.site_pairs != self._replica.site_pairs
                or (page.operators or ()) != self._replica.operators
            )
            if page.holders or page.is_complete or has_changed or rules.is_news(page.access):
                # Opening templates takes CPU, and the file takes the disk's time.
                try:
                    await asyncio.to_thread(self._replica.apply, page)
                finally:
                    # What the disk refuses is in memory all the same: a lockdown waits for no disk.
                    self._on_change()
            if not has_more:
                self._on_confirmed()
                asked = await self._say_held(page)
                # So many were asked for that there may be others.
                has_more = len(asked) >= STATEMENT_COUNT_MAX and asked != said
                said = asked

    async def _say_held(self, page: ReplicaPage) -> frozenset[str]:
        """Say which templates lie here of those of whom central asks; returns of whom."""
        replica = self._replica
        asked = frozenset(page.asked_holders) | replica.incomplete
        if asked or replica.erased_again:
            held = await asyncio.to_thread(replica.held_templates, sorted(asked))
            await self._central.say_held(held, version=replica.version, erased=replica.erased_again)
        return asked

    async def _listen(self) -> None:
        back_off = self._back_off()
        while True:
            self._is_back.clear()
            reading = asyncio.create_task(self._hear(back_off))
            back = asyncio.create_task(self._is_back.wait())
            try:
                await asyncio.wait((reading, back), return_when=asyncio.FIRST_COMPLETED)
            finally:
                reading.cancel()
                back.cancel()
                ended, _ = await asyncio.gather(reading, back, return_exceptions=True)
            if isinstance(ended, Exception) and not isinstance(ended, CentralError):
                raise ended
            await wait_until_set(self._is_back, timeout_s=back_off.next_s())

    async def _hear(self, back_off: BackOff) -> None:
        async for event in self._central.stream():
            back_off.reset()
            if event.name == "replica" and self._version(event) != self._replica.version:
                self._is_behind.set()
            elif event.name in self._told:
                self._told[event.name]()

    @staticmethod
    def _version(event: ServerSentEvent) -> int | None:
        """Return the version that an event tells; None, so that we ask, when it cannot be read."""
        try:
            return int(json.loads(event.data)["version"])
        except (ValueError, KeyError, TypeError):
            return None
