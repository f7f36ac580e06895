"""Lines that are no serial port: raw TCP, a device that dials in, Modbus TCP, UDP."""

import contextlib
import select
import socket
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from drivers.protocols import FrameError, NeedData, modbus_tcp
from drivers.protocols.modbus_rtu import encode_frame
from drivers.transport import READ_SIZE_BYTES, LineError, NobodyThereError, Transport

CONNECT_TIMEOUT_S: Final = 3.0
DATAGRAM_SIZE_BYTES_MAX: Final = 65_535


def open_network(url: str) -> Transport:
    """Open a line by its URL; see ``drivers.transport.open_transport``.

    Raises:
        LineError: It cannot be opened, or is no address.
    """
    parts = urlsplit(url)
    openers: dict[str, Callable[[str], Transport]] = {
        "socket": _connected,
        "listen": ListenTransport,
        "modbus-tcp": _modbus_tcp,
        "udp": UdpTransport,
    }
    if parts.scheme not in openers:
        known = ", ".join(f"{scheme}://" for scheme in openers)
        raise LineError(f"{url} is no line: write a serial port, rfc2217://, or one of {known}")
    return openers[parts.scheme](url)


def _address(url: str, *, port_default: int | None = None) -> tuple[str, int]:
    """Return host and port.

    Raises:
        LineError: It is no address.
    """
    parts: SplitResult = urlsplit(url)
    try:
        port = parts.port or port_default
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise LineError(f"{url} is no address: write {parts.scheme}://HOST:PORT")
    return parts.hostname, port


def _connected(url: str) -> "SocketTransport":
    try:
        connection = socket.create_connection(_address(url), CONNECT_TIMEOUT_S)
    except OSError as error:
        raise LineError(f"{url} does not answer: {error}") from error
    return SocketTransport(url, connection)


class SocketTransport:
    """Raw TCP; the far end's frames have no boundaries here either."""

    def __init__(self, url: str, connection: socket.socket) -> None:
        self._url = url
        self.socket = self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

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

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        arrived = bytearray()
        try:
            self._socket.setblocking(False)
            while data := self._socket.recv(READ_SIZE_BYTES):
                arrived += data
        except BlockingIOError:
            return bytes(arrived)
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error
        if arrived:
            return bytes(arrived)  # what was said before hanging up still counts
        raise LineError(f"{self._url} has hung up")

    def close(self) -> None:
        """See ``Transport.close``."""
        with contextlib.suppress(OSError):
            self._socket.close()


class ListenTransport:
    """The device dials in to us; who dials in later replaces who was there."""

    def __init__(self, url: str) -> None:
        self._url = url
        host, port = _address(url)
        try:
            self._server = socket.create_server((host, port))
        except OSError as error:
            raise LineError(
                f"{url} cannot be listened on: {error.strerror}; is it this machine's address, and"
                " not used by another program?"
            ) from error
        self._peer: SocketTransport | None = None

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        self._accept(timeout_s=0.0)
        if self._peer is None:
            raise NobodyThereError(f"nobody has dialled in to {self._url}")
        try:
            self._peer.send(data)
        except LineError as error:
            self._hang_up()
            raise NobodyThereError(str(error)) from error

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._accept(timeout_s=max(0.0, deadline_s - time.monotonic()))
            if self._peer is not None:
                try:
                    return self._peer.discard_input()
                except LineError:
                    self._hang_up()
            if time.monotonic() >= deadline_s:
                return b""

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        return self.receive(timeout_s=0.0)

    def close(self) -> None:
        """See ``Transport.close``."""
        self._hang_up()
        self._server.close()

    def _accept(self, *, timeout_s: float) -> None:
        """Wait until somebody dials in or says something."""
        watched = [self._server] if self._peer is None else [self._server, self._peer.socket]
        readable, _, _ = select.select(watched, [], [], timeout_s)
        if self._server in readable:
            # What the old one said last is still in its own connection's buffer; it is gone now.
            connection, _ = self._server.accept()
            self._hang_up()
            self._peer = SocketTransport(self._url, connection)

    def _hang_up(self) -> None:
        if self._peer is not None:
            self._peer.close()
        self._peer = None


def _modbus_tcp(url: str) -> "ModbusTcpTransport":
    address = _address(url, port_default=modbus_tcp.PORT)
    try:
        connection = socket.create_connection(address, CONNECT_TIMEOUT_S)
    except OSError as error:
        raise LineError(f"{url} does not answer: {error}") from error
    return ModbusTcpTransport(SocketTransport(url, connection))


class ModbusTcpTransport:
    """Modbus RTU frames towards the bus, Modbus TCP towards the far end.

    A reply whose transaction is not the last one is late and dropped here.
    """

    def __init__(self, below: Transport) -> None:
        self._below = below
        self._decoder = modbus_tcp.FrameDecoder()
        self._transaction_id = 0

    def send(self, data: bytes) -> None:
        """See ``Transport.send``; one whole RTU frame."""
        self._transaction_id = self._transaction_id % 0xFFFF + 1
        self._below.send(
            modbus_tcp.encode(modbus_tcp.Frame(self._transaction_id, data[0], data[1:-2]))
        )

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``; whole RTU frames."""
        self._decoder.receive_data(self._below.receive(timeout_s=timeout_s))
        frames = bytearray()
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return bytes(frames)
            if frame.transaction_id == self._transaction_id:
                frames += encode_frame(frame.unit_id, frame.pdu[0], frame.pdu[1:])

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        self._decoder = modbus_tcp.FrameDecoder()
        return self._below.discard_input()

    def close(self) -> None:
        """See ``Transport.close``."""
        self._below.close()


class UdpTransport:
    """Datagrams to and from one host; a datagram is what one ``receive`` returns."""

    def __init__(self, url: str) -> None:
        self._url = url
        host, port = _address(url)
        listen = parse_qs(urlsplit(url).query).get("listen", ["0"])[0]
        if not listen.isdecimal() or int(listen) > 65_535:
            raise LineError(f"{url}: listen={listen} is no port")
        try:
            self._far_end = (socket.gethostbyname(host), port)
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("", int(listen)))
        except OSError as error:
            raise LineError(f"{url} cannot be used: {error}") from error

    def send(self, data: bytes) -> None:
        """See ``Transport.send``."""
        try:
            self._socket.settimeout(CONNECT_TIMEOUT_S)
            self._socket.sendto(data, self._far_end)
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error

    def receive(self, *, timeout_s: float) -> bytes:
        """See ``Transport.receive``; what other hosts send is not looked at."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while True:
                self._socket.settimeout(max(deadline_s - time.monotonic(), 0.0))
                data, (host, *_) = self._socket.recvfrom(DATAGRAM_SIZE_BYTES_MAX)
                if host == self._far_end[0]:
                    return data
        except (TimeoutError, BlockingIOError):
            return b""
        except ConnectionError:
            return b""  # an earlier datagram found nobody: the next one may
        except OSError as error:
            raise LineError(f"{self._url} is gone: {error}") from error

    def discard_input(self) -> bytes:
        """See ``Transport.discard_input``."""
        arrived = bytearray()
        while data := self.receive(timeout_s=0.0):
            arrived += data
        return bytes(arrived)

    def close(self) -> None:
        """See ``Transport.close``."""
        self._socket.close()
