"""Rings for assistance at this node's points, and what central says became of them.

A ring is an event of the journal and waits for nobody. What the screen says comes from central
alone: "asked for" when it lists the call, "somebody is coming" when a guard has taken it.
"""

import contextlib
import dataclasses
import time
from asyncio import Event as Flag
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol
from uuid import UUID

from config.contract.assistance import WAIT_MAX, OpenCalls
from config.contract.events import AssistanceRequested, EventData
from config.contract.identifiers import new_id
from drivers.base import InputChanged, Observation
from edge.backoff import wait_until_set
from edge.central_client import CentralError
from edge.devices import DeviceListener
from edge.kiosk.state import CallState

HEARD_S: Final = 5.0
"""A ring that central does not list by then reaches nobody, as far as people can wait for it."""
AGAIN_S: Final = 60.0
"""A ring so soon after somebody took the one before is the same person's."""
COMING_MAX: Final = timedelta(minutes=5)
"""Whoever took a call has come by then, or the button is free again."""
UNHEARD_POLL_S: Final = 1.0
OPEN_POLL_S: Final = 5.0
IDLE_POLL_S: Final = 60.0


class Central(Protocol):
    """The part of central that is needed here."""

    async def open_calls(self) -> OpenCalls:
        """See ``CentralClient.open_calls``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


@dataclasses.dataclass(slots=True)
class _Call:
    ring_id: UUID
    rung_at_s: float
    is_heard: bool = False
    taken_at_s: float | None = None


class Assistance:
    """Of one node; all of it belongs to the event loop's thread."""

    def __init__(
        self,
        central: Central,
        recorder: Recorder,
        points: Collection[str],
        *,
        is_connected: Callable[[], bool],
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a call; what central still has open is heard of by ``run``.

        Args:
            central: Knows who takes a call.
            recorder: Notes the rings.
            points: Of this node.
            is_connected: Whether central took the last thing that it was told.
            now: Wall clock, aware UTC.
            monotonic: The clock of waiting.
        """
        self._central, self._recorder, self._points = central, recorder, frozenset(points)
        self._is_connected, self._now, self._monotonic = is_connected, now, monotonic
        self._calls: dict[str, _Call] = {}
        self._is_due = Flag()

    def ring(self, point: str, *, by: Literal["screen", "contact"]) -> None:
        """Ask for somebody; while one is asked for, or has just said that they come, nothing."""
        now_s = self._monotonic()
        call = self._current(point)
        if call is not None and (call.taken_at_s is None or now_s - call.taken_at_s < AGAIN_S):
            return
        rung = _Call(new_id(), now_s)
        self._calls[point] = rung
        self._recorder.note(
            AssistanceRequested(ring_id=rung.ring_id, access_point=point, by=by),
            subject=point,
            now=self._now(),
        )
        self.wake()

    def state(self, point: str) -> CallState:
        """Return what a point's screen says of its call."""
        call = self._current(point)
        if call is None:
            return "none"
        if call.taken_at_s is not None:
            return "coming"
        if call.is_heard:
            return "asked" if self._is_connected() else "unreachable"
        is_late = self._monotonic() - call.rung_at_s >= HEARD_S
        return "unreachable" if is_late or not self._is_connected() else "calling"

    def wake(self) -> None:
        """Ask central at once: it says that a call is another one."""
        self._is_due.set()

    async def run(self) -> None:
        """Follow central for ever."""
        while True:
            self._is_due.clear()
            # The uplink says that central is lost.
            with contextlib.suppress(CentralError):
                self.take(await self._central.open_calls())
            await wait_until_set(self._is_due, timeout_s=self._poll_s())

    def take(self, told: OpenCalls) -> None:
        """Take what central has open; what it had and has no more is closed."""
        now_s, now = self._monotonic(), self._now()
        by_point = {call.access_point: call for call in told.items}
        for point in self._points:
            own, open_call = self._current(point), by_point.get(point)
            if open_call is None or (own is not None and own.ring_id != open_call.ring_id):
                # One that central has not heard of is still on its way there.
                if own is not None and own.is_heard:
                    del self._calls[point]
                continue
            call = own or _Call(open_call.ring_id, now_s)
            call.is_heard = True
            if open_call.taken_at is None:
                call.taken_at_s = None
            elif call.taken_at_s is None:
                call.taken_at_s = now_s - max(0.0, (now - open_call.taken_at).total_seconds())
            self._calls[point] = call

    def _current(self, point: str) -> _Call | None:
        """Return a point's call, unless nobody can still wait behind it."""
        call = self._calls.get(point)
        if call is None:
            return None
        now_s = self._monotonic()
        is_over = (
            now_s - call.taken_at_s >= COMING_MAX.total_seconds()
            if call.taken_at_s is not None
            else not call.is_heard and now_s - call.rung_at_s >= WAIT_MAX.total_seconds()
        )
        return None if is_over else call

    def _poll_s(self) -> float:
        calls = [call for point in self._calls if (call := self._current(point)) is not None]
        if any(not call.is_heard for call in calls):
            return UNHEARD_POLL_S
        return OPEN_POLL_S if calls else IDLE_POLL_S


class ContactWatch:
    """Listens to one board for its buttons, and passes on what it hears; see ``DeviceListener``."""

    def __init__(
        self, listener: DeviceListener, buttons: Mapping[int, str], ring: Callable[[str], None]
    ) -> None:
        """Ring for the point of ``buttons`` whose contact closes."""
        self._listener, self._buttons, self._ring = listener, buttons, ring
        self._closed: set[int] = set()

    def observed(self, observation: Observation) -> None:
        """Ring at a contact that closes; what a board says again of one that is closed is none."""
        if isinstance(observation, InputChanged) and observation.channel in self._buttons:
            if not observation.active:
                self._closed.discard(observation.channel)
            elif observation.channel not in self._closed:
                self._closed.add(observation.channel)
                self._ring(self._buttons[observation.channel])
        self._listener.observed(observation)

    def lost(self, detail: str) -> None:
        """Pass it on."""
        self._listener.lost(detail)

    def returned(self, absence_s: float) -> None:
        """Pass it on."""
        self._listener.returned(absence_s)
