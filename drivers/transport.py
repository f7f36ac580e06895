"""The wire below a bus: serial ports, and raw TCP to device servers and simulators.

Blocking, for the bus's own thread. Everything that goes wrong is a ``LineError`` with one line that
says what to do.
"""

import contextlib
import os
import socket
import time
from importlib import import_module
from typing import Final, Protocol

import serial

# What a port can raise: pyserial's own errors are OSErrors, but TypeError when it is closed under a
# reader, ValueError for settings, and on POSIX termios' own error, which is no OSError.
_PORT_ERRORS: tuple[type[Exception], ...] = (OSError, TypeError, ValueError)
with contextlib.suppress(ModuleNotFoundError):
    _PORT_ERRORS = (*_PORT_ERRORS, import_module("termios").error)

READ_STEP_S: Final = 0.02
READ_SIZE_BYTES: Final = 256
CONNECT_TIMEOUT_S: Final = 3.0
SOCKET_SCHEME: Final = "socket://"


class LineError(Exception):
    """The port is missing, busy or gone. Trying again later is sensible."""


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

    def discard_input(self) -> int:
        """Drop what has arrived and was not asked for; returns how many bytes."""
        ...

    def close(self) -> None:
        """Let go of the port; idempotent."""
        ...


def open_transport(
    port: str, *, baudrate: int = 9600, parity: str = "N", stopbits: int = 1
) -> Transport:
    """Open a port.

    Args:
        port: A path (``/dev/serial/by-id/...``), ``COM3``, or ``socket://HOST:PORT``.
        baudrate: Of a serial port.
        parity: ``N``, ``E`` or ``O``.
        stopbits: 1 or 2.

    Raises:
        LineError: It cannot be opened.
    """
    if port.startswith(SOCKET_SCHEME):
        return SocketTransport(port)
    return SerialTransport(port, baudrate=baudrate, parity=parity, stopbits=stopbits)


class SerialTransport:
    """A serial port, used by nobody else."""

    def __init__(self, port: str, *, baudrate: int, parity: str, stopbits: int) -> None:
        # A pseudo-terminal knows no parity, and asking twice for what it refuses fails.
        is_pseudo = os.path.realpath(port).startswith("/dev/pts/")
        self._port = port
        try:
            self._serial = serial.Serial(
                port,
                baudrate=baudrate,
                parity="N" if is_pseudo else parity,
                stopbits=1 if is_pseudo else stopbits,
                timeout=READ_STEP_S,
                write_timeout=CONNECT_TIMEOUT_S,
                exclusive=True,
            )
        except _PORT_ERRORS as error:
            raise LineError(_advice(port, error)) from error

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        try:
            self._serial.write(data)
            self._serial.flush()
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while True:
                data = bytes(self._serial.read(max(1, self._serial.in_waiting)))
                if data or time.monotonic() >= deadline_s:
                    return data
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error

    def discard_input(self) -> int:
        """See ``Transport.discard_input``."""
        try:
            waiting = int(self._serial.in_waiting)
            if waiting:
                self._serial.reset_input_buffer()
        except _PORT_ERRORS as error:
            raise LineError(f"port {self._port} is gone: {error}") from error
        return waiting

    def close(self) -> None:
        """See ``Transport.close``."""
        with contextlib.suppress(*_PORT_ERRORS):
            self._serial.close()


class SocketTransport:
    """Raw TCP; the far end's frames have no boundaries here either."""

    def __init__(self, url: str) -> None:
        host, _, number = url.removeprefix(SOCKET_SCHEME).rpartition(":")
        if not host or not number.isdecimal():
            raise LineError(f"{url} is no address: write socket://HOST:PORT")
        self._url = url
        try:
            self._socket = socket.create_connection((host, int(number)), CONNECT_TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, OverflowError) as error:
            raise LineError(f"{url} does not answer: {error}") from error

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        try:
            self._socket.settimeout(CONNECT_TIMEOUT_S)
            self._socket.sendall(data)
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        try:
            self._socket.settimeout(max(timeout_s, 0.001))
            data = self._socket.recv(READ_SIZE_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error
        if not data:
            raise LineError(f"{self._url} has hung up")
        return data

    def discard_input(self) -> int:
        """See ``Transport.discard_input``."""
        dropped = 0
        try:
            self._socket.setblocking(False)
            while data := self._socket.recv(READ_SIZE_BYTES):
                dropped += len(data)
        except BlockingIOError:
            return dropped
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error
        raise LineError(f"{self._url} has hung up")

    def close(self) -> None:
        """See ``Transport.close``."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _advice(port: str, error: Exception) -> str:
    text = str(error)
    if "No such file" in text or "could not find" in text.lower():
        return f"there is no port {port}: is the adapter plugged in?"
    if "exclusively lock" in text or "Resource temporarily" in text or "busy" in text.lower():
        return f"port {port} is used by another program: close it"
    if "Permission denied" in text:
        return f"no permission to use port {port}: add this user to its group (often dialout)"
    return f"port {port} cannot be opened: {text}"
