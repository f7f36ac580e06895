"""The bus: one owner of a line, in a thread of its own, with the discipline that lines need.

* An exchange on the wire ends even when its caller has left; nobody abandons a frame.
* Until its reply or the end of its time, bytes that are no answer are passed over and counted.
* After a time-out the unit is left alone until a late reply would have come; others go on.
* What nobody asked for is dropped before the next request, and counted.
* A reply must fit its request: the decoder is made from it.
* The turn is decided between two exchanges, by priority.
* A retry belongs to the bus: nothing below it repeats anything.
"""

import asyncio
import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, Protocol, TypeVar

from drivers.base import DeviceUnreachableError, DriverError, ProtocolViolationError
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.transport import LineError, Transport, open_transport
from drivers.turns import Priority, Reopening, Turns, UnitCounts

__all__ = ["Bus", "Priority"]

_log = logging.getLogger("drivers.bus")
_raw_log = logging.getLogger("drivers.bus.raw")
_Reply = TypeVar("_Reply", covariant=True)

SILENCE_CHARACTERS: Final = 3.5
BITS_PER_CHARACTER: Final = 11
IDLE_WAIT_S: Final = 1.0


class Decoder(Protocol[_Reply]):
    """What turns bytes into the reply to one request."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them."""
        ...

    def next_frame(self) -> _Reply | NeedData:
        """Return the reply, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class _Exchange(Generic[_Reply]):
    request: bytes
    decoder: Decoder[_Reply]
    unit_id: int
    timeout_s: float
    future: "Future[_Reply]"


class Bus:
    """One line. Opens its port when it is first used and again whenever it was lost."""

    def __init__(
        self,
        port: str,
        *,
        baudrate: int = 9600,
        parity: str = "N",
        stopbits: int = 1,
        opener: Callable[[], Transport] | None = None,
    ) -> None:
        """Own a line.

        Args:
            port: See ``drivers.transport.open_transport``.
            baudrate: Of a serial port; gives the silence between frames.
            parity: ``N``, ``E`` or ``O``.
            stopbits: 1 or 2.
            opener: Opens another kind of transport.
        """
        self.port = port
        self._open_transport = opener or (
            lambda: open_transport(port, baudrate=baudrate, parity=parity, stopbits=stopbits)
        )
        # MODBUS over Serial Line V1.02, 2.5.1.1: above 19200 baud the silence is 1.75 ms.
        character_s = BITS_PER_CHARACTER / baudrate
        self._silence_s = SILENCE_CHARACTERS * character_s if baudrate <= 19200 else 0.00175
        self._turns: Turns[_Exchange[object]] = Turns()
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._counts: dict[int, UnitCounts] = {}
        self._silent_units: set[int] = set()
        # What follows belongs to the bus's thread.
        self._transport: Transport | None = None
        self._reopening = Reopening()
        self._line_problem = "the port is not open yet"
        self._last_byte_at_s = float("-inf")
        self._is_lost = False

    def counts(self, unit_id: int) -> UnitCounts:
        """Return what became of the exchanges with a unit; grows while it is looked at."""
        return self._counts.setdefault(unit_id, UnitCounts())

    def is_silent(self, unit_id: int) -> bool:
        """Return whether a unit's last request had no answer: asking again costs the others."""
        return unit_id in self._silent_units

    async def exchange(
        self,
        request: bytes,
        decoder: Decoder[_Reply],
        *,
        unit_id: int,
        timeout_s: float,
        priority: Priority = Priority.POLL,
    ) -> _Reply:
        """Send a request and return its reply. A cancelled caller leaves; the exchange ends.

        Args:
            request: The bytes to send.
            decoder: Made from the request.
            unit_id: Who is addressed: that unit alone waits after a time-out.
            timeout_s: Longest wait for the whole reply, once the request is on the line.
            priority: Decides the turn.

        Raises:
            DeviceUnreachableError: No reply in time, or no port.
            ProtocolViolationError: What came is not the reply.
        """
        future: Future[_Reply] = Future()
        exchange = _Exchange(request, decoder, unit_id, timeout_s, future)
        with self._changed:
            if self._is_closing:
                raise DeviceUnreachableError(f"line {self.port} is closed")
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"bus {self.port}", daemon=True
                )
                self._thread.start()
            self._turns.put(exchange, unit_id=unit_id, priority=priority)
            self._changed.notify()
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """End the thread and let go of the port; who still waits gets an error. Idempotent."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    # ---- the bus's thread

    def _run(self) -> None:
        while (exchange := self._next()) is not None:
            if not exchange.future.set_running_or_notify_cancel():
                continue
            try:
                reply = self._do(exchange)
            except DriverError as error:
                exchange.future.set_exception(error)
            except Exception as error:  # a mistake of ours must not silence the whole line
                _log.exception("an exchange on %s failed", self.port)
                exchange.future.set_exception(error)
            else:
                exchange.future.set_result(reply)
        for waiting in self._turns.take_all():
            if waiting.future.set_running_or_notify_cancel():
                waiting.future.set_exception(DeviceUnreachableError(f"line {self.port} is closed"))
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> _Exchange[object] | None:
        """Return the next exchange, waiting for it; None when the bus closes."""
        with self._changed:
            while not self._is_closing:
                now_s = time.monotonic()
                if (exchange := self._turns.take(now_s=now_s)) is not None:
                    return exchange
                due_s = self._turns.next_at_s()
                self._changed.wait(IDLE_WAIT_S if due_s is None else max(0.0, due_s - now_s))
        return None

    def _do(self, exchange: _Exchange[object]) -> object:
        counts = self.counts(exchange.unit_id)
        try:
            transport = self._opened()
            self._keep_silence()
            counts.dropped_bytes += transport.discard_input()
            _raw_log.debug("%s > %s", self.port, spaced_hex(exchange.request))
            transport.send(exchange.request)
            reply = self._receive(transport, exchange, counts)
            self._silent_units.discard(exchange.unit_id)
            return reply
        except LineError as error:
            self._lose(error)
            raise DeviceUnreachableError(str(error)) from error
        except FrameError as error:
            self._leave_alone(exchange)
            raise ProtocolViolationError(str(error)) from error
        except TimeoutError as error:
            counts.timed_out += 1
            self._silent_units.add(exchange.unit_id)
            self._leave_alone(exchange)
            message = f"unit {exchange.unit_id} on {self.port}: no reply in {exchange.timeout_s} s"
            raise DeviceUnreachableError(message) from error
        finally:
            self._last_byte_at_s = time.monotonic()

    def _receive(
        self, transport: Transport, exchange: _Exchange[object], counts: UnitCounts
    ) -> object:
        """Return the reply.

        Raises:
            FrameError: Something came, but no reply in time.
            TimeoutError: Nothing came.
        """
        sent_at_s = time.monotonic()
        deadline_s = sent_at_s + exchange.timeout_s
        noise: FrameError | None = None
        # Noise ends no exchange: the reply may stand behind it, and would answer the next request.
        while (remaining_s := deadline_s - time.monotonic()) > 0:
            data = transport.receive(timeout_s=remaining_s)
            _raw_log.debug("%s < %s", self.port, spaced_hex(data))
            exchange.decoder.receive_data(data)
            frame, noise = _next_reply(exchange.decoder, noise)
            if not isinstance(frame, NeedData):
                counts.noise += noise is not None
                counts.add_latency(time.monotonic() - sent_at_s)
                return frame
        if noise is None:
            raise TimeoutError
        counts.noise += 1
        raise noise

    def _leave_alone(self, exchange: _Exchange[object]) -> None:
        """Do not address the unit before its late reply has come."""
        with self._changed:
            self._turns.hush(exchange.unit_id, until_s=time.monotonic() + exchange.timeout_s)

    def _keep_silence(self) -> None:
        wait_s = self._last_byte_at_s + self._silence_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)  # the standard asks for silence on the wire, not for an event

    def _opened(self) -> Transport:
        if self._transport is not None:
            return self._transport
        now_s = time.monotonic()
        if not self._reopening.is_due(now_s=now_s):
            # A new error: one that is raised again and again keeps every frame it passed through.
            raise LineError(self._line_problem)
        try:
            self._transport = self._open_transport()
        except LineError as error:
            self._reopening.failed(now_s=now_s)
            self._line_problem = str(error)
            raise
        self._reopening.succeeded()
        if self._is_lost:
            _log.info("line %s is back", self.port)
        self._is_lost = False
        return self._transport

    def _lose(self, error: LineError) -> None:
        if not self._is_lost:
            _log.warning("line %s is lost: %s", self.port, error)
        self._is_lost = True
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            self._reopening.failed(now_s=time.monotonic())
            self._line_problem = str(error)


def _next_reply(
    decoder: Decoder[_Reply], noise: FrameError | None
) -> tuple[_Reply | NeedData, FrameError | None]:
    """Return the reply or ``NEED_DATA``, and the last thing that was thrown away."""
    while True:
        try:
            return decoder.next_frame(), noise
        except FrameError as error:
            noise = error
