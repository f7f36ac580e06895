"""The bus: one owner of a line, in a thread of its own, with the discipline that lines need.

* An exchange on the wire ends even when its caller has left; nobody abandons a frame.
* Until its reply or the end of its time, bytes that are no answer are passed over and counted.
* After a time-out the unit is left alone until a late reply would have come; others go on.
* What nobody asked for is dropped before the next request, and counted; who subscribed hears it.
* A reply must fit its request: the decoder is made from it.
* The turn is decided between two exchanges, by priority. Only the wait for a unit that did not
  answer last time either is cut short when something more urgent comes.
* A retry belongs to the bus: nothing below it repeats anything.
"""

import asyncio
import contextlib
import dataclasses
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Final, Generic, Protocol, TypeVar

from drivers.base import DeviceUnreachableError, DriverError, ProtocolViolationError
from drivers.clock import Clock, SystemClock
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.subscription import Decoder, Subscription
from drivers.transport import LineError, NobodyThereError, Transport, open_transport
from drivers.turns import Priority, Reopening, Turns, UnitCounts

__all__ = ["Bus", "Decoder", "Priority", "Tap"]

_log = logging.getLogger("drivers.bus")
_raw_log = logging.getLogger("drivers.bus.raw")
_Reply = TypeVar("_Reply")
_Frame = TypeVar("_Frame")

SILENCE_CHARACTERS: Final = 3.5
BITS_PER_CHARACTER: Final = 11
REPLY_TIME_S_MAX: Final = 0.5
SILENT_SCHEMES: Final = ("modbus-tcp://", "udp://", "listen://")
"""Where frames have bounds of their own, and no silence between them tells anything."""
SEND_LEAD_S: Final = 0.0001
"""From the end of a wait to the first bit on the wire at least."""
QUIET_S: Final = 0.02
"""Nothing came for so long: no reply is on its way. Adapters hold bytes back for up to 16 ms."""
HEAR_OUT_S_MAX: Final = 0.3
"""A frame of 256 bytes at 9600 baud; who talks longer is no reply."""
LISTEN_STEP_S: Final = 0.02
"""A line that somebody listens to looks so often whether an exchange waits."""


class Tap(Protocol):
    """Who is shown every byte, for a record or for the technician's eyes."""

    def __call__(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """Take what went over the line; called in the bus's thread, must not block."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class _Exchange(Generic[_Reply]):
    request: bytes
    decoder: Decoder[_Reply] | None
    unit_id: int | str
    timeout_s: float
    priority: Priority
    future: "Future[Any]"
    is_read_back: bool = False
    owner: object = dataclasses.field(default_factory=asyncio.current_task)


class Bus:
    """One line. Opens its port when it is first used and again whenever it was lost."""

    def __init__(
        self,
        port: str,
        *,
        baudrate: int = 9600,
        parity: str = "N",
        stopbits: int = 1,
        reply_time_s_max: float = REPLY_TIME_S_MAX,
        opener: Callable[[], Transport] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Own a line.

        Args:
            port: See ``drivers.transport.open_transport``.
            baudrate: Of a serial port; gives the silence between frames.
            parity: ``N``, ``E`` or ``O``.
            stopbits: 1 or 2.
            reply_time_s_max: The slowest device's longest time until its reply begins. A unit that
                timed out is not addressed before it, nor before twice its time-out.
            opener: Opens another kind of transport.
            clock: Another clock than the system's.
        """
        self.port = port
        self.baudrate, self.parity, self.stopbits = baudrate, parity, stopbits
        self._open_transport = opener or (
            lambda: open_transport(port, baudrate=baudrate, parity=parity, stopbits=stopbits)
        )
        self._clock = SystemClock() if clock is None else clock
        self._reply_time_s_max = reply_time_s_max
        # MODBUS over Serial Line V1.02, 2.5.1.1: above 19200 baud the silence is 1.75 ms.
        character_s = BITS_PER_CHARACTER / baudrate
        self.silence_s = SILENCE_CHARACTERS * character_s if baudrate <= 19200 else 0.00175
        if port.startswith(SILENT_SCHEMES):
            self.silence_s = 0.0
        self._turns: Turns[_Exchange[Any]] = Turns()
        self._changed = threading.Condition()
        self._is_closing = self._is_handed_over = False
        self._thread: threading.Thread | None = None
        self._counts: dict[int | str, UnitCounts] = {}
        self._silent_units: set[int | str] = set()
        self._suspects: set[int | str] = set()
        self._sent_at_s = 0.0
        self._subscriptions: tuple[Subscription[Any], ...] = ()
        self._taps: tuple[Tap, ...] = ()
        self._hastened: Counter[tuple[object, Priority]] = Counter()
        self._line_problem: str | None = "the port is not open yet"
        # What follows belongs to the bus's thread.
        self._transport: Transport | None = None
        self._reopening = Reopening()
        self._last_byte_at_s = float("-inf")
        self._timed_out_unit: int | str | None = None
        self._is_lost = False

    def monotonic(self) -> float:
        """Return the line's clock, seconds: a driver's for what it says of moments."""
        return self._clock.monotonic()

    def counts(self, unit_id: int | str) -> UnitCounts:
        """Return what became of the exchanges with a unit; grows while it is looked at."""
        return self._counts.setdefault(unit_id, UnitCounts())

    @property
    def units(self) -> tuple[int | str, ...]:
        """Whom anybody has exchanged anything with."""
        return tuple(self._counts)

    @property
    def problem(self) -> str | None:
        """What is wrong with the line, in one sentence; None while it is open."""
        return self._line_problem

    def is_silent(self, unit_id: int | str) -> bool:
        """Return whether a unit's last request had no answer: asking again costs the others."""
        return unit_id in self._silent_units

    async def exchange(
        self,
        request: bytes,
        decoder: Decoder[_Reply],
        *,
        unit_id: int | str,
        timeout_s: float,
        priority: Priority = Priority.POLL,
        is_read_back: bool = False,
    ) -> _Reply:
        """Send a request and return its reply. A cancelled caller leaves; the exchange ends.

        Args:
            request: The bytes to send.
            decoder: Made from the request.
            unit_id: Who is addressed: that unit alone waits after a time-out. On a line with
                several protocols a text that names both, as ``dlt645/000000000161``.
            timeout_s: Longest wait for the whole reply, once the request is on the line.
            priority: Decides the turn.
            is_read_back: It asks what a command has become: of releases for a fire, all are told
                before the first is asked.

        Raises:
            DeviceUnreachableError: No reply in time, or no port.
            ProtocolViolationError: What came is not the reply.
        """
        future: Future[_Reply] = Future()
        self._put(_Exchange(request, decoder, unit_id, timeout_s, priority, future, is_read_back))
        return await asyncio.wrap_future(future)

    async def send(
        self, request: bytes, *, unit_id: int | str, priority: Priority = Priority.COMMAND
    ) -> None:
        """Send what is not answered; returns when the system has it.

        Args:
            request: The bytes; none only looks whether the line is there.
            unit_id: Who is addressed.
            priority: Decides the turn.

        Raises:
            DeviceUnreachableError: No port.
        """
        future: Future[None] = Future()
        self._put(_Exchange(request, None, unit_id, 0.0, priority, future))
        await asyncio.wrap_future(future)

    def post(self, request: bytes, *, unit_id: int | str, priority: Priority) -> None:
        """Send what is not answered, and do not wait: a line that is lost shows by itself.

        Raises:
            DeviceUnreachableError: The bus is closed.
        """
        self._put(_Exchange(request, None, unit_id, 0.0, priority, Future()))

    def subscribe(self, decoder: Decoder[_Frame]) -> Subscription[_Frame]:
        """Hear everything that arrives on the line from now on; opens the port.

        Raises:
            DeviceUnreachableError: The bus is closed.
        """
        subscription: Subscription[_Frame] = Subscription(
            decoder, problem=lambda: self._line_problem, on_close=self._unsubscribe
        )
        with self._changed:
            self._subscriptions = (*self._subscriptions, subscription)
            self._start()
            self._changed.notify()
        return subscription

    def tap(self, tap: Tap) -> Callable[[], None]:
        """Show somebody every byte from now on; returns what ends it."""
        self._taps = (*self._taps, tap)

        def end() -> None:
            self._taps = tuple(other for other in self._taps if other is not tap)

        return end

    @contextlib.contextmanager
    def hastened(
        self, owner: "asyncio.Task[Any] | None", *, to: Priority = Priority.COMMAND
    ) -> Iterator[None]:
        """Treat what a task asks as so urgent: it is in the way of a command, or is one itself."""
        with self._changed:
            self._hastened[owner, to] += 1
            self._turns.promote(lambda exchange: exchange.owner is owner, to=to)
        try:
            yield
        finally:
            with self._changed:
                self._hastened[owner, to] -= 1
                self._hastened += Counter()  # forgets those at zero

    def show(self, *, is_sent: bool, data: bytes) -> None:
        """Show bytes to all who tap the line; for the thread that moves them."""
        if _raw_log.isEnabledFor(logging.DEBUG):
            _raw_log.debug("%s %s %s", self.port, ">" if is_sent else "<", spaced_hex(data))
        now_s = self._clock.monotonic()
        for tap in self._taps:
            tap(now_s, is_sent=is_sent, data=data)

    def hand_over(self) -> Callable[[], Transport]:
        """Give the line to a protocol that owns it alone; returns what opens it.

        Raises:
            ValueError: Somebody uses the line already.
        """
        with self._changed:
            if self._thread is not None:
                raise ValueError(f"line {self.port} is used by another device already")
            self._is_handed_over = True
        return lambda: _Tapped(self._open_transport(), self)

    async def close(self) -> None:
        """End the thread and let go of the port; who still waits gets an error. Idempotent."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _put(self, exchange: "_Exchange[Any]") -> None:
        with self._changed:
            self._start()
            asked = [p for p in Priority if self._hastened[exchange.owner, p]]
            priority = min([exchange.priority, *asked])
            if priority is Priority.FIRE and exchange.is_read_back:
                priority = Priority.FIRE_READ_BACK
            self._turns.put(exchange, unit_id=exchange.unit_id, priority=priority)
            self._changed.notify()

    def _start(self) -> None:
        if self._is_closing:
            raise DeviceUnreachableError(f"line {self.port} is closed")
        if self._is_handed_over:
            raise ValueError(f"line {self.port} belongs to one protocol alone")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"bus {self.port}", daemon=True)
            self._thread.start()

    def _unsubscribe(self, subscription: Subscription[Any]) -> None:
        with self._changed:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    # ---- the bus's thread

    def _run(self) -> None:
        while not self._is_closing:
            # The silence first, then the choice: who answers a reply with a command is in time.
            self._keep_silence()
            exchange = self._next()
            if exchange is None:
                self._listen()
            elif exchange.future.set_running_or_notify_cancel():
                self._settle(exchange)
        for waiting in self._turns.take_all():
            if waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(DeviceUnreachableError(f"line {self.port} is closed"))
        self._line_problem = f"line {self.port} is closed"
        if self._transport is not None:
            self._transport.close()

    def _settle(self, exchange: _Exchange[Any]) -> None:
        try:
            reply = self._do(exchange)
        except DriverError as error:
            exchange.future.set_exception(error)
        except Exception as error:  # a mistake of ours must not silence the whole line
            _log.exception("an exchange on %s failed", self.port)
            exchange.future.set_exception(error)
        else:
            exchange.future.set_result(reply)

    def _next(self) -> _Exchange[Any] | None:
        """Return the next exchange, waiting for it; None to listen meanwhile, or at the end."""
        with self._changed:
            while not self._is_closing:
                now_s = self._clock.monotonic()
                if (exchange := self._turns.take(now_s=now_s)) is not None:
                    return exchange
                if self._subscriptions:
                    return None
                due_s = self._turns.next_at_s()
                self._clock.wait(self._changed, None if due_s is None else max(0.0, due_s - now_s))
        return None

    def _listen(self) -> None:
        """Hear for a moment what is said unasked."""
        try:
            self._hear(self._opened().receive(timeout_s=LISTEN_STEP_S))
        except LineError as error:
            self._lose(error)
            with self._changed:
                if not self._is_closing and not len(self._turns):
                    self._clock.wait(self._changed, LISTEN_STEP_S)
        except Exception:  # a mistake of ours in one decoder must not silence the whole line
            _log.exception("listening on %s failed", self.port)

    def _hear(self, data: bytes) -> None:
        if data:
            now_s = self._clock.monotonic()
            self.show(is_sent=False, data=data)
            for subscription in self._subscriptions:
                subscription.hear(data, now_s=now_s)
            self._last_byte_at_s = now_s

    def _do(self, exchange: _Exchange[Any]) -> object:
        counts = self.counts(exchange.unit_id)
        try:
            transport = self._opened()
            self._keep_silence()
            if exchange.unit_id in self._suspects and self.silence_s > 0:
                self._hear_out(transport, counts)
            self._drop_input(transport, counts)
            if exchange.request:
                self._send(transport, exchange.request)
            if exchange.decoder is None:
                return None
            reply = self._receive(transport, exchange, exchange.decoder, counts)
            self._silent_units.discard(exchange.unit_id)
            self._suspects.discard(exchange.unit_id)
            return reply
        except NobodyThereError as error:
            self._silent_units.add(exchange.unit_id)
            raise DeviceUnreachableError(str(error)) from error
        except LineError as error:
            self._lose(error)
            raise DeviceUnreachableError(str(error)) from error
        except FrameError as error:
            self._leave_alone(exchange)
            raise ProtocolViolationError(str(error)) from error
        except TimeoutError as error:
            counts.timed_out += 1
            self._timed_out_unit = exchange.unit_id
            self._silent_units.add(exchange.unit_id)
            self._leave_alone(exchange)
            message = f"unit {exchange.unit_id} on {self.port}: no reply in {exchange.timeout_s} s"
            raise DeviceUnreachableError(message) from error
        finally:
            self._last_byte_at_s = self._clock.monotonic()

    def _send(self, transport: Transport, request: bytes) -> None:
        self.show(is_sent=True, data=request)
        transport.send(request)

    def _drop_input(self, transport: Transport, counts: UnitCounts) -> None:
        """Empty the line before a request; who listens hears it, for the others it is counted."""
        if data := transport.discard_input():
            self._note_dropped(data, counts)

    def _note_dropped(self, data: bytes, counts: UnitCounts) -> None:
        self._hear(data)
        if self._subscriptions:
            return
        counts.dropped_bytes += len(data)
        if self._timed_out_unit is not None:
            self.counts(self._timed_out_unit).late += 1
            self._timed_out_unit = None

    def _receive(
        self,
        transport: Transport,
        exchange: _Exchange[Any],
        decoder: Decoder[object],
        counts: UnitCounts,
    ) -> object:
        """Return the reply.

        Raises:
            FrameError: Something came, but no reply in time.
            TimeoutError: Nothing came.
        """
        sent_at_s = self._sent_at_s = self._clock.monotonic()
        deadline_s = sent_at_s + exchange.timeout_s
        was_silent = exchange.unit_id in self._silent_units
        noise: FrameError | None = None
        is_over = False
        # Noise ends no exchange: the reply may stand behind it, and would answer the next request.
        while not is_over:
            remaining_s = deadline_s - self._clock.monotonic()
            # A thread that was held up looks once more: what the system has came in time.
            is_over = remaining_s <= 0
            if was_silent:
                remaining_s = min(remaining_s, LISTEN_STEP_S)
                if self._turns.is_waiting(above=exchange.priority):
                    break
            data = transport.receive(timeout_s=max(0.0, remaining_s))
            if not data:
                continue
            self._hear(data)
            decoder.receive_data(data)
            frame, noise = _next_reply(decoder, noise)
            if not isinstance(frame, NeedData):
                counts.noise += noise is not None
                counts.add_latency(self._clock.monotonic() - sent_at_s)
                return frame
        if noise is None:
            raise TimeoutError
        counts.noise += 1
        raise noise

    def _leave_alone(self, exchange: _Exchange[Any]) -> None:
        """Do not address the unit before its late reply has come."""
        self._suspects.add(exchange.unit_id)
        # From the request on: a probe that gave way to somebody did not wait its time.
        until_s = self._sent_at_s + max(2 * exchange.timeout_s, self._reply_time_s_max)
        with self._changed:
            self._turns.hush(exchange.unit_id, until_s=until_s)

    def _hear_out(self, transport: Transport, counts: UnitCounts) -> None:
        """Let a late reply that has begun come to its end: it would answer the next request."""
        quiet_s = max(self.silence_s, QUIET_S)
        until_s = self._clock.monotonic() + HEAR_OUT_S_MAX
        while self._clock.monotonic() < until_s:
            data = transport.receive(timeout_s=quiet_s)
            if not data:
                return
            self._note_dropped(data, counts)

    def _keep_silence(self) -> None:
        wait_s = self._last_byte_at_s + self.silence_s - self._clock.monotonic() - SEND_LEAD_S
        if wait_s > 0:
            self._clock.sleep(wait_s)  # the standard asks for silence on the wire, not for an event

    def _opened(self) -> Transport:
        if self._transport is not None:
            return self._transport
        now_s = self._clock.monotonic()
        if not self._reopening.is_due(now_s=now_s):
            # A new error: one that is raised again and again keeps every frame it passed through.
            raise LineError(self._line_problem or "the port is closed")
        try:
            self._transport = self._open_transport()
        except LineError as error:
            self._reopening.failed(now_s=now_s)
            self._line_problem = str(error)
            raise
        self._reopening.succeeded()
        self._line_problem = None
        if self._is_lost:
            _log.info("line %s is back", self.port)
        self._is_lost = False
        return self._transport

    def _lose(self, error: LineError) -> None:
        if not self._is_lost:
            _log.warning("line %s is lost: %s", self.port, error)
        self._is_lost = True
        self._line_problem = str(error)
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            self._reopening.failed(now_s=self._clock.monotonic())


class _Tapped:
    """The transport of a line that was handed over: who taps the bus still sees every byte."""

    def __init__(self, below: Transport, bus: Bus) -> None:
        self._below, self._bus = below, bus
        self.close = below.close

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._bus.show(is_sent=True, data=data)
        self._below.send(data)

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        return self._seen(self._below.receive(timeout_s=timeout_s))

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        return self._seen(self._below.discard_input())

    def _seen(self, data: bytes) -> bytes:
        if data:
            self._bus.show(is_sent=False, data=data)
        return data


def _next_reply(
    decoder: Decoder[_Reply], noise: FrameError | None
) -> tuple[_Reply | NeedData, FrameError | None]:
    """Return the reply or ``NEED_DATA``, and the last thing that was thrown away."""
    while True:
        try:
            return decoder.next_frame(), noise
        except FrameError as error:
            noise = error
