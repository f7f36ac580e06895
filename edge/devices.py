"""One task per device: polls it, says once that it is lost and once that it is back.

A device that was lost is set up again when it answers, because it may have been switched off
meanwhile. Its commands go through the same object, one call at a time, and are tried even while it
is lost: a poll is not the only way back.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol, TypeVar

from config.contract.access import DoorState
from config.contract.nodes import DeviceStatus
from config.turn import Turn
from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    Driver,
    DriverError,
    GateMode,
    Observation,
    OutputBoard,
    PassageGate,
    PresetHead,
    Releasable,
    Side,
    SpeaksUnasked,
    TimedPassageGate,
    TwoSidedGate,
)
from drivers.bus import Bus, Priority
from drivers.presence import Presence, PresenceTracker
from edge.backoff import wait_until_set

_log = logging.getLogger("edge.devices")
_Answer = TypeVar("_Answer")

POLL_INTERVAL_S: Final = 0.1
SET_UP_RETRY_S: Final = 5.0
AWAITED_S_MAX: Final = 120.0
"""Whatever holds up its task: a device that was not heard for so long is not awaited any more."""


class DeviceListener(Protocol):
    """Who hears of a device; called in the event loop, must not block."""

    def observed(self, observation: Observation) -> None:
        """A poll found a change."""
        ...

    def lost(self, detail: str) -> None:
        """The device does not answer any more; what it said before is stale."""
        ...

    def returned(self, absence_s: float) -> None:
        """It answers; the first time, ``absence_s`` is 0."""
        ...


class DeviceTask:
    """One device on a line. Attributes: cycle_s: between the beginnings of its last two polls."""

    def __init__(
        self,
        device_id: str,
        driver: Driver,
        listener: DeviceListener,
        *,
        modes: Sequence[tuple[Side, GateMode]] = (),
        poll_interval_s: float = POLL_INTERVAL_S,
        presence: PresenceTracker | None = None,
        bus: Bus | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tend one device.

        Args:
            device_id: Of the site file.
            driver: Used by this object alone.
            listener: Hears what happens.
            modes: Set at start and whenever the device comes back.
            poll_interval_s: From the end of one poll to the next.
            presence: Decides when it is lost; None is the usual one.
            bus: The device's line: a poll that waits for its turn there must not hold up a command.
            monotonic: The clock.
        """
        self.id = device_id
        self._driver, self._listener, self._modes = driver, listener, dict(modes)
        self._poll_interval_s, self._monotonic = poll_interval_s, monotonic
        self._bus = bus
        self._turn = Turn()
        self._poll_now = asyncio.Event()
        self._presence = PresenceTracker() if presence is None else presence
        self._lost_at_s, self._has_been_lost = 0.0, False
        self._set_up_due_s: float | None = 0.0
        self._complaint, self._is_untimed = "", False
        self._free = frozenset[Side]()
        self._out_of_service = ""
        self.turned_at_s, self.cycle_s = monotonic(), 0.0

    @property
    def is_current(self) -> bool:
        """Whether the device answers, or did until a moment ago."""
        return self._presence.state in (Presence.PRESENT, Presence.DOUBTFUL)

    def suspend(self, why: str) -> None:
        """Let nobody through as if the device were lost, although it is tended; idempotent.

        A fire releases it all the same.

        Args:
            why: One line, as of a loss; empty ends it.
        """
        was_suspended, before = bool(self._out_of_service), self._out_of_service
        self._out_of_service = why
        if was_suspended == bool(why):
            return
        if why and self.is_current:
            self._tell_lost(why)
        elif not why and self.is_current:
            self._listener.returned(self._absence_s())
        elif not why and self._presence.state is Presence.ABSENT and not self._has_been_lost:
            self._tell_lost(before)  # it never answered, of which nobody was told

    async def access(self, side: Side, *, access_time_s: float | None = None) -> CommandReceipt:
        """Let one person through; see ``PassageGate.access``.

        Args:
            side: Which way.
            access_time_s: How long they have; a gate that cannot be told keeps its own time.

        Raises:
            DriverError: The gate did not confirm.
        """
        gate = self._gate()
        if self._out_of_service:
            raise DeviceUnreachableError(f"device {self.id}: {self._out_of_service}")
        if access_time_s is None:
            return await self._command(lambda: gate.access(side))
        if isinstance(gate, TimedPassageGate):
            timed, time_s = gate, access_time_s
            return await self._command(lambda: timed.access_for(side, access_time_s=time_s))
        if not self._is_untimed:
            self._is_untimed = True
            _log.warning("device %s cannot be told an open time and keeps its own", self.id)
        return await self._command(lambda: gate.access(side))

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """Have a side treat people so from now on, after the device was lost and came back, too.

        Raises:
            CommandRejectedError: The side is free for a fire, which goes first; it is set so when
                that is over.
            DriverError: The gate did not confirm; it is told again when it comes back.
        """
        gate = self._gate()
        self._modes[side] = mode
        if side in self._free:
            if mode is GateMode.FREE:
                return CommandReceipt(attempts=1)
            raise CommandRejectedError(f"side {side.value} is free for a fire")
        return await self._command(lambda: gate.set_mode(side, mode))

    @property
    def is_releasable(self) -> bool:
        """Whether the device can let everybody through."""
        return isinstance(self._driver, PassageGate | Releasable)

    async def release(self, sides: frozenset[Side], *, is_urgent: bool = True) -> CommandReceipt:
        """Let everybody through these sides from now on, whatever else was or will be set.

        Also after the device was lost and came back. A device without sides stands open as long as
        there is any.

        Args:
            sides: None of them ends it.
            is_urgent: Before everything else on the line; False is as urgent as a command.

        Raises:
            DriverError: The device did not confirm; it is told again when it comes back.
        """
        self._free = sides
        return await self._command(self._apply, priority=_priority(is_urgent=is_urgent))

    async def switch(self, channel: int, *, on: bool, is_urgent: bool = False) -> CommandReceipt:
        """Switch a relay of a board; see ``OutputBoard.set_output``."""
        board = self._board()
        return await self._command(
            lambda: board.set_output(channel, on=on), priority=_priority(is_urgent=is_urgent)
        )

    async def pulse(self, channel: int, *, duration_s: float) -> CommandReceipt:
        """Close a relay of a board for a while; see ``OutputBoard.pulse_output``."""
        board = self._board()
        return await self._command(lambda: board.pulse_output(channel, duration_s=duration_s))

    async def call(
        self, run: Callable[[], Awaitable[_Answer]], *, is_urgent: bool = False
    ) -> _Answer:
        """Do something with the driver, in its turn, as a command.

        Args:
            run: Does it.
            is_urgent: Before everything else on the line.

        Raises:
            DriverError: The device did not take it.
        """
        return await self._command(run, priority=_priority(is_urgent=is_urgent))

    @property
    def has_presets(self) -> bool:
        """Whether it turns a camera to stored positions."""
        return isinstance(self._driver, PresetHead)

    async def call_preset(self, number: int) -> CommandReceipt:
        """Turn to a stored position; see ``PresetHead.call_preset``.

        Raises:
            DriverError: The head did not take it.
            ValueError: It has no position of this number.
        """
        head = self._driver
        if not isinstance(head, PresetHead):
            raise TypeError(f"device {self.id} has no stored positions")
        return await self._command(lambda: head.call_preset(number))

    async def reconnect(self) -> None:
        """Set the device up anew at once.

        Raises:
            DriverError: It did not take it.
        """
        await self._command(self._set_up)

    def _gate(self) -> PassageGate:
        if not isinstance(self._driver, PassageGate):
            raise TypeError(f"device {self.id} is no gate")
        return self._driver

    def _board(self) -> OutputBoard:
        if not isinstance(self._driver, OutputBoard):
            raise TypeError(f"device {self.id} has no relays")
        return self._driver

    async def _command(
        self, run: Callable[[], Awaitable[_Answer]], *, priority: Priority = Priority.COMMAND
    ) -> _Answer:
        try:
            async with self._turn_for_command(priority):
                answer = await run()
        except CommandRejectedError:
            self._note_answer()
            raise
        except DriverError as error:
            self._note_failure(error)
            raise
        else:
            # A device that is only written to comes back by its first command.
            self._note_answer()
            return answer
        finally:
            self._poll_now.set()

    async def _set_up(self) -> None:
        await self._driver.start()
        if self._free:
            await self._apply()
            return
        for side, mode in self._modes.items():
            await self._gate().set_mode(side, mode)

    async def _apply(self) -> CommandReceipt:
        """Tell the device how it is to treat people, a release for a fire included."""
        driver, free = self._driver, self._free
        receipt = CommandReceipt(attempts=1)
        if isinstance(driver, Releasable):
            receipt = await (driver.release() if free else driver.end_release())
            if free or not isinstance(driver, PassageGate):
                return receipt
        gate = self._gate()
        # A side that is no access point is as gates are made: nobody passes without a command.
        modes = dict.fromkeys(Side, GateMode.CONTROLLED) | self._modes
        modes |= dict.fromkeys(free, GateMode.FREE)
        if isinstance(gate, TwoSidedGate):
            return await gate.set_modes(modes, stands_open=len(free) == len(Side))
        for side, mode in modes.items():
            receipt = await gate.set_mode(side, mode)
        return receipt

    @contextlib.asynccontextmanager
    async def _turn_for_command(self, priority: Priority) -> AsyncIterator[None]:
        """Wait for the driver; whoever has it goes on as if it were the command itself."""
        async with contextlib.AsyncExitStack() as turn:
            with contextlib.ExitStack() as waiting:
                if self._bus is not None and self._turn.holder is not None:
                    waiting.enter_context(self._bus.hastened(self._turn.holder, to=priority))
                await turn.enter_async_context(self._turn.taken(priority))
            if self._bus is not None and priority is Priority.FIRE:
                turn.enter_context(self._bus.hastened(asyncio.current_task(), to=priority))
            yield

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            self._poll_now.clear()
            now_s = self._monotonic()
            self.cycle_s, self.turned_at_s = now_s - self.turned_at_s, now_s
            try:
                await self._set_up_if_due()
                async with self._turn.taken(Priority.POLL):
                    observations = await self._driver.poll()
            except DriverError as error:
                self._note_failure(error)
            else:
                self._note_answer()
                for observation in observations:
                    self._listener.observed(observation)
            await self._pause(self._presence.pause_s(poll_interval_s=self._poll_interval_s))

    async def _pause(self, pause_s: float) -> None:
        """Wait until the next poll is due: a command was given, or the device said something."""
        driver = self._driver
        if not isinstance(driver, SpeaksUnasked):
            await wait_until_set(self._poll_now, timeout_s=pause_s)
            return
        speaking = asyncio.ensure_future(driver.wait(timeout_s=pause_s))
        asked = asyncio.ensure_future(self._poll_now.wait())
        try:
            await asyncio.wait(
                (speaking, asked), timeout=pause_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for waiting in (speaking, asked):
                waiting.cancel()
            await asyncio.gather(speaking, asked, return_exceptions=True)

    async def _set_up_if_due(self) -> None:
        if self._set_up_due_s is None or self._monotonic() < self._set_up_due_s:
            return
        try:
            async with self._turn.taken(Priority.POLL):
                await self._set_up()
        except CommandRejectedError as error:
            # It answers, so it is not lost: a gate in fault must still be heard.
            if str(error) != self._complaint:
                _log.warning("device %s refuses its set-up: %s", self.id, error)
            self._complaint = str(error)
            self._set_up_due_s = self._monotonic() + SET_UP_RETRY_S
        else:
            self._set_up_due_s, self._complaint = None, ""

    def _note_failure(self, error: DriverError) -> None:
        if not self._presence.failed(now_s=self._monotonic()):
            return
        self._set_up_due_s = 0.0
        if self._out_of_service:
            return
        _log.error("device %s is lost: %s", self.id, error)
        self._tell_lost(str(error))

    def _note_answer(self) -> None:
        if not self._presence.answered(now_s=self._monotonic()) or self._out_of_service:
            return
        absence_s = self._absence_s()
        if self._has_been_lost:
            _log.info("device %s is back after %.1f s", self.id, absence_s)
        self._listener.returned(absence_s)

    def _tell_lost(self, detail: str) -> None:
        self._lost_at_s, self._has_been_lost = self._monotonic(), True
        self._listener.lost(detail)

    def _absence_s(self) -> float:
        return self._monotonic() - self._lost_at_s if self._has_been_lost else 0.0


def _priority(*, is_urgent: bool) -> Priority:
    return Priority.FIRE if is_urgent else Priority.COMMAND


class DeviceTable:
    """What the node knows of its devices and cameras now, for its status."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        on_change: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Call ``on_change`` whenever something is no longer as it was."""
        self._now, self._on_change, self._monotonic = now, on_change, monotonic
        self._began_at_s = monotonic()
        self._statuses: dict[str, DeviceStatus] = {}

    def __iter__(self) -> Iterator[DeviceStatus]:
        """Yield every device in the order in which it was added."""
        has_had_time = self._monotonic() - self._began_at_s >= AWAITED_S_MAX
        for status in tuple(self._statuses.values()):
            is_over = has_had_time and status.is_awaited
            yield status.model_copy(update={"is_awaited": False}) if is_over else status

    def add(self, device_id: str, *, kind: str, access_points: Sequence[str]) -> None:
        """Add a device that has not been heard of yet."""
        self._statuses[device_id] = DeviceStatus(
            device=device_id,
            kind=kind,
            access_points=tuple(access_points),
            is_current=False,
            is_awaited=True,
            since=self._now(),
            detail="starting",
        )

    def set_current(self, device_id: str, *, state: DoorState | None = None) -> None:
        """The device answers; a gate has a state, a camera none."""
        self._set(device_id, is_current=True, state=state, detail="")

    def set_lost(self, device_id: str, detail: str) -> None:
        """The device does not answer: its state is unknown, never its last one."""
        self._set(device_id, is_current=False, state=None, detail=detail)

    def _set(
        self, device_id: str, *, is_current: bool, state: DoorState | None, detail: str
    ) -> None:
        before = self._statuses[device_id]
        known = (before.is_awaited, before.is_current, before.state, before.detail)
        if known == (False, is_current, state, detail):
            return
        self._statuses[device_id] = before.model_copy(
            update={
                "is_current": is_current,
                "is_awaited": False,
                "state": state,
                "detail": detail,
                "since": self._now(),
            }
        )
        self._on_change()
