"""The wire below a bus: serial ports, TCP to device servers and simulators, UDP, Modbus TCP.

Blocking, for the bus's own thread. Everything that goes wrong is a ``LineError`` with one line that
says what to do.
"""

import contextlib
import os
import select
import time
from importlib import import_module
from typing import Any, Final, Protocol

import serial

with contextlib.suppress(ModuleNotFoundError):  # systems without it have no such locks
    import fcntl

# What a port can raise: pyserial's own errors are OSErrors, but TypeError when it is closed under a
# reader, ValueError for settings, and on POSIX termios' own error, which is no OSError.
_PORT_ERRORS: tuple[type[Exception], ...] = (OSError, TypeError, ValueError)
with contextlib.suppress(ModuleNotFoundError):
    _PORT_ERRORS = (*_PORT_ERRORS, import_module("termios").error)

READ_STEP_S: Final = 0.02
READ_SIZE_BYTES: Final = 4096
WRITE_TIMEOUT_S: Final = 3.0
RFC2217_SCHEME: Final = "rfc2217://"


class LineError(Exception):
    """The port is missing, busy or gone. Trying again later is sensible."""


class NobodyThereError(LineError):
    """The port is ours and open, but the far end has not dialled in."""


class Transport(Protocol):
    """Bytes to and from a line; for one thread."""

    def send(self, data: bytes) -> None:
        """Put bytes on the line; returns when the system has them.

        Raises:
            LineError: The port is gone.
        """
        ...

    def receive(self, *, timeout_s: float) -> bytes:
        """Return what arrives, at least one byte; empty when nothing comes in time.

        Raises:
            LineError: The port is gone.
        """
        ...

    def discard_input(self) -> bytes:
        """Return what has arrived until now, without waiting.

        Raises:
            LineError: The port is gone.
        """
        ...

    def close(self) -> None:
        """Let go of the port; idempotent."""
        ...


def open_transport(
    port: str, *, baudrate: int = 9600, parity: str = "N", stopbits: int = 1
) -> Transport:
    """Open a port.

    Args:
        port: A path (``/dev/serial/by-id/...``), ``COM3``, or one of

            * ``socket://HOST:PORT``: raw TCP, as device servers and simulators offer it;
            * ``rfc2217://HOST:PORT``: a device server that sets baud rate and parity for us;
            * ``modbus-tcp://HOST[:PORT]``: a Modbus TCP server;
            * ``listen://HOST:PORT``: the device dials in to us, one connection at a time;
            * ``udp://HOST:PORT[?listen=PORT]``: datagrams to and from one host.
        baudrate: Of a serial port.
        parity: ``N``, ``E`` or ``O``.
        stopbits: 1 or 2.

    Raises:
        LineError: It cannot be opened.
    """
    scheme, separator, _ = port.partition("://")
    if separator and scheme != RFC2217_SCHEME.removesuffix("://"):
        # Not at the top: the two modules need this one's errors.
        network = import_module("drivers.network_transport")
        opened: Transport = network.open_network(port)
        return opened
    return SerialTransport(port, baudrate=baudrate, parity=parity, stopbits=stopbits)


class SerialTransport:
    """A serial port, used by nobody else."""

    def __init__(self, port: str, *, baudrate: int, parity: str, stopbits: int) -> None:
        # A pseudo-terminal knows no parity, and asking twice for what it refuses fails.
        self._is_pseudo = is_pseudo = os.path.realpath(port).startswith("/dev/pts/")
        is_remote = port.startswith(RFC2217_SCHEME)
        self._port = port
        settings: dict[str, Any] = {} if is_remote else {"exclusive": True}
        try:
            self._serial: Any = serial.serial_for_url(
                port,
                baudrate=baudrate,
                parity="N" if is_pseudo else parity,
                stopbits=1 if is_pseudo else stopbits,
                timeout=READ_STEP_S,
                write_timeout=None if is_remote else WRITE_TIMEOUT_S,
                **settings,
            )
        except _PORT_ERRORS as error:
            raise LineError(_advice(port, error)) from error
        # Where the system can wait for a port, one wait does instead of fifty a second.
        self._poll = None
        if hasattr(select, "poll") and not is_remote:
            self._poll = select.poll()
            self._poll.register(self._serial.fileno(), select.POLLIN)

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        try:
            self._serial.write(data)
            if not self._is_pseudo:  # its bytes are there at once
                self._serial.flush()
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        try:
            if self._poll is not None:
                return self._read_ready(timeout_s)
            deadline_s = time.monotonic() + timeout_s
            while True:
                data = bytes(self._serial.read(max(1, self._serial.in_waiting)))
                if data or time.monotonic() >= deadline_s:
                    return data
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error

    def _read_ready(self, timeout_s: float) -> bytes:
        if self._poll is None or not self._poll.poll(max(0.0, timeout_s) * 1000):
            return b""
        data = os.read(self._serial.fileno(), READ_SIZE_BYTES)
        if not data:
            raise OSError("the adapter was unplugged")
        return data

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        try:
            waiting = int(self._serial.in_waiting)
            return bytes(self._serial.read(waiting)) if waiting else b""
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error

    def close(self) -> None:
        """See ``Transport.close``."""
        with contextlib.suppress(*_PORT_ERRORS):
            if self._poll is not None:
                # A process that is just being started has all that is open here, and so the lock.
                fcntl.flock(self._serial.fileno(), fcntl.LOCK_UN)
        with contextlib.suppress(*_PORT_ERRORS):
            self._serial.close()


def _advice(port: str, error: Exception) -> str:
    text = str(error)
    if "No such file" in text or "could not find" in text.lower():
        return f"there is no port {port}: is the adapter plugged in?"
    if "exclusively lock" in text or "Resource temporarily" in text or "busy" in text.lower():
        return f"port {port} is used by another program: close it"
    if "Permission denied" in text:
        return f"no permission to use port {port}: add this user to its group (often dialout)"
    if "Inappropriate ioctl" in text:
        return f"{port} is no serial port: `menshen device list` shows those that there are"
    return f"port {port} cannot be opened: {text}"
