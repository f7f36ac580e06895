"""The wires that a simulated line can be reached by: a pseudo-terminal, TCP both ways, UDP.

None of them ever blocks: what a client does not read is lost, as on a real wire.
"""

import contextlib
import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

from drivers.protocols import FrameError, NeedData, modbus_tcp
from drivers.protocols.modbus_rtu import encode_frame, has_sound_crc

with contextlib.suppress(ModuleNotFoundError):  # systems without pseudo-terminals have neither
    import termios
    import tty

READ_SIZE_BYTES: Final = 4096
DATAGRAM_SIZE_BYTES_MAX: Final = 65_535


class Wire(Protocol):
    """Where a line's bytes go. Attributes: address: how a client finds it."""

    address: str

    def filenos(self) -> list[int]:
        """Return what to wait for."""
        ...

    def read(self) -> bytes:
        """Return what has arrived; empty if nothing has."""
        ...

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """Send; to a place of its own where the wire knows several."""
        ...

    def baudrate(self) -> int | None:
        """Return what the client set its port to; None where nobody can know."""
        ...

    def unplug(self) -> None:
        """Go away: whoever has it open loses it."""
        ...

    def replug(self) -> None:
        """Come back under the same name."""
        ...

    def close(self) -> None:
        """End; idempotent."""
        ...


class PseudoTerminal:
    """A serial port that other programs open by its path."""

    def __init__(self, link: Path | None) -> None:
        """Make one; without ``link`` under a name in a folder of its own.

        Raises:
            FileExistsError: ``link`` is something that is not ours to replace.
            FileNotFoundError: There is no folder for ``link``.
        """
        # Always a link: the number of a pseudo-terminal is another's as soon as this one is gone,
        # and who tries to open it again would take that one's line.
        self._folder = None if link is not None else TemporaryDirectory(prefix="menshen-line-")
        self._link = link if self._folder is None else Path(self._folder.name) / "port"
        self._master = self._slave = -1
        self._target = ""
        self.replug()
        self.address = str(self._link)

    def filenos(self) -> list[int]:
        """See ``Wire.filenos``."""
        return [] if self._master < 0 else [self._master]

    def read(self) -> bytes:
        """See ``Wire.read``."""
        try:
            return os.read(self._master, READ_SIZE_BYTES)
        except OSError:
            return b""

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """See ``Wire.write``."""
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def baudrate(self) -> int | None:
        """See ``Wire.baudrate``."""
        try:
            speed = termios.tcgetattr(self._master)[5]
        except (OSError, termios.error):
            return None
        return _BAUDRATES.get(speed)

    def unplug(self) -> None:
        """See ``Wire.unplug``."""
        link = self._link
        # Another simulator may have taken the link over.
        if link is not None and link.is_symlink() and str(link.readlink()) == self._target:
            link.unlink()
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._master = self._slave = -1

    def replug(self) -> None:
        """See ``Wire.replug``."""
        if self._master >= 0:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        os.set_blocking(self._master, False)
        # One open end stays here: without it the line would fail when the client closes its own.
        self._target = os.ttyname(self._slave)
        link = self._link
        if link is not None:
            if link.exists() and not link.is_symlink():
                self.close()
                raise FileExistsError(f"{link} is no link of a simulator; it is not replaced")
            if not link.parent.is_dir():
                self.close()
                raise FileNotFoundError(f"there is no folder {link.parent} for the link to a port")
            temporary = link.with_name(f".{link.name}.{os.getpid()}")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self._target)
            temporary.replace(link)

    def close(self) -> None:
        """See ``Wire.close``."""
        self.unplug()
        if self._folder is not None:
            self._folder.cleanup()


class TcpServer:
    """A TCP port; one client at a time, the newest replaces the one before."""

    def __init__(self, host: str, port: int) -> None:
        self._server = socket.create_server((host, port))
        self._server.setblocking(False)
        name = self._server.getsockname()
        self.address = f"{name[0]}:{name[1]}"
        self._client: socket.socket | None = None
        self._is_unplugged = False

    def filenos(self) -> list[int]:
        """See ``Wire.filenos``."""
        ends = (self._server, self._client)
        return [end.fileno() for end in ends if end is not None and end.fileno() >= 0]

    def read(self) -> bytes:
        """See ``Wire.read``."""
        with contextlib.suppress(BlockingIOError, OSError):
            client, _ = self._server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setblocking(False)
            self._hang_up()
            self._client = client
            if self._is_unplugged:
                self._hang_up()
        data, self._client = _read_stream(self._client)
        return data

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """See ``Wire.write``."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.sendall(data)

    def baudrate(self) -> int | None:
        """See ``Wire.baudrate``."""
        return None

    def unplug(self) -> None:
        """See ``Wire.unplug``."""
        self._is_unplugged = True
        self._hang_up()

    def replug(self) -> None:
        """See ``Wire.replug``."""
        self._is_unplugged = False

    def close(self) -> None:
        """See ``Wire.close``."""
        self._hang_up()
        self._server.close()

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class ModbusTcpServer(TcpServer):
    """Modbus RTU frames towards the stations, Modbus TCP towards the client."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._decoder = modbus_tcp.FrameDecoder()
        self._transaction_ids: dict[int, int] = {}

    def read(self) -> bytes:
        """See ``Wire.read``."""
        self._decoder.receive_data(super().read())
        frames = bytearray()
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return bytes(frames)
            self._transaction_ids[frame.unit_id] = frame.transaction_id
            frames += encode_frame(frame.unit_id, frame.pdu[0], frame.pdu[1:])

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """See ``Wire.write``; TCP repairs or loses what is damaged, so it is lost here."""
        if len(data) >= 4 and has_sound_crc(data):
            transaction_id = self._transaction_ids.get(data[0], 0)
            frame = modbus_tcp.Frame(transaction_id, data[0], data[1:-2])
            super().write(modbus_tcp.encode(frame))


class TcpDialler:
    """Dials in to somebody who listens, and again when the connection ends."""

    def __init__(self, host: str, port: int) -> None:
        self._far_end = (host, port)
        self.address = f"{host}:{port}"
        self._connection: socket.socket | None = None
        self._is_unplugged = False

    def filenos(self) -> list[int]:
        """See ``Wire.filenos``."""
        return [] if self._connection is None else [self._connection.fileno()]

    def read(self) -> bytes:
        """See ``Wire.read``."""
        self._dial()
        data, self._connection = _read_stream(self._connection)
        return data

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """See ``Wire.write``."""
        self._dial()
        if self._connection is not None:
            try:
                self._connection.sendall(data)
            except BlockingIOError:
                return  # it does not read: what it misses is lost
            except OSError:
                self._hang_up()

    def baudrate(self) -> int | None:
        """See ``Wire.baudrate``."""
        return None

    def unplug(self) -> None:
        """See ``Wire.unplug``."""
        self._is_unplugged = True
        self._hang_up()

    def replug(self) -> None:
        """See ``Wire.replug``."""
        self._is_unplugged = False

    def close(self) -> None:
        """See ``Wire.close``."""
        self.unplug()

    def _dial(self) -> None:
        if self._connection is None and not self._is_unplugged:
            with contextlib.suppress(OSError):
                self._connection = socket.create_connection(self._far_end, timeout=1.0)
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connection.setblocking(False)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class UdpServer:
    """A UDP port: a frame a datagram, answered to whom it came from."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self._socket.setblocking(False)
        name = self._socket.getsockname()
        self.address = f"{name[0]}:{name[1]}"
        self._last_sender: Any = None
        self._is_unplugged = False

    def filenos(self) -> list[int]:
        """See ``Wire.filenos``."""
        return [self._socket.fileno()]

    def read(self) -> bytes:
        """See ``Wire.read``."""
        try:
            data, sender = self._socket.recvfrom(DATAGRAM_SIZE_BYTES_MAX)
        except OSError:
            return b""
        if self._is_unplugged:
            return b""
        self._last_sender = sender
        return data

    def write(self, data: bytes, push_to: tuple[str, int] | None = None) -> None:
        """See ``Wire.write``."""
        where = push_to or self._last_sender
        if where is not None and not self._is_unplugged:
            with contextlib.suppress(OSError):
                self._socket.sendto(data, where)

    def baudrate(self) -> int | None:
        """See ``Wire.baudrate``."""
        return None

    def unplug(self) -> None:
        """See ``Wire.unplug``."""
        self._is_unplugged = True

    def replug(self) -> None:
        """See ``Wire.replug``."""
        self._is_unplugged = False

    def close(self) -> None:
        """See ``Wire.close``."""
        self._socket.close()


def _read_stream(connection: socket.socket | None) -> tuple[bytes, socket.socket | None]:
    """Return what has arrived, and the connection; None if the other end has left."""
    if connection is None:
        return b"", None
    try:
        data = connection.recv(READ_SIZE_BYTES)
    except BlockingIOError:
        return b"", connection
    except OSError:
        data = b""
    if not data:
        connection.close()
        return b"", None
    return data, connection


_BAUDRATES: dict[int, int] = {}
with contextlib.suppress(NameError):
    _BAUDRATES = {
        getattr(termios, name): int(name[1:])
        for name in dir(termios)
        if name.startswith("B") and name[1:].isdecimal()
    }
