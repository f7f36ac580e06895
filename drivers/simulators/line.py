"""A simulated serial line: stations behind a pseudo-terminal or a TCP port, and what goes wrong.

Every station gets the same faults. Noise comes from a seeded generator, so a run can be repeated.
Bit-level effects (parity, turn-round of RS-485) cannot be simulated on a pseudo-terminal.
"""

import contextlib
import heapq
import os
import random
import select
import socket
import threading
import time
import tty
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from drivers.protocols import NeedData
from drivers.protocols.modbus_rtu import Request, RequestDecoder, encode_frame

BITS_PER_CHARACTER: Final = 10
STEP_S: Final = 0.005
LATE_S: Final = 0.4
DRIBBLE_S: Final = 0.01
FAULTS: Final = {
    "noise": "one bit of a reply is flipped",
    "drop": "one byte of a reply is lost",
    "truncate": "the end of a reply is lost",
    "late": f"a reply comes {LATE_S} s late",
    "duplicate": "a reply comes twice",
    "echo": "the request comes back before the reply",
    "babble": "bytes that nobody asked for",
    "dribble": f"a reply comes byte by byte, {DRIBBLE_S} s apart",
    "foreign": "another unit answers first",
    "wrong_baud": "every byte is garbled",
    "mute": "no reply",
}


class Station(Protocol):
    """One device on the line."""

    def reply_to(self, request: Request) -> bytes:
        """Return the reply's bytes; empty for none."""
        ...

    def step(self, dt_s: float) -> None:
        """Let time pass for what has time of its own."""
        ...


class Faults:
    """What goes wrong on the line, each with its probability per reply."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._probabilities: dict[str, float] = {}

    @property
    def active(self) -> Mapping[str, float]:
        """The faults that are on."""
        return dict(self._probabilities)

    def set(self, kind: str, *, on: bool, probability: float = 1.0) -> None:
        """Switch a fault.

        Raises:
            ValueError: No such fault, or no probability.
        """
        if kind not in FAULTS:
            raise ValueError(f"no fault {kind!r}; there are: {', '.join(FAULTS)}")
        if not 0 <= probability <= 1:
            raise ValueError(f"a probability lies between 0 and 1, not {probability}")
        self._probabilities.pop(kind, None)
        if on:
            self._probabilities[kind] = probability

    def apply(self, request: bytes, reply: bytes) -> list[tuple[float, bytes]]:
        """Return what is put on the line instead of a reply: delay in seconds and bytes."""
        happening = {k for k, p in self._probabilities.items() if self._random.random() < p}
        if "mute" in happening:
            return []
        if reply and "noise" in happening:
            at = self._random.randrange(len(reply))
            flipped = reply[at] ^ 1 << self._random.randrange(8)
            reply = reply[:at] + bytes([flipped]) + reply[at + 1 :]
        if reply and "drop" in happening:
            at = self._random.randrange(len(reply))
            reply = reply[:at] + reply[at + 1 :]
        if "truncate" in happening:
            reply = reply[: len(reply) // 2]
        if "wrong_baud" in happening:
            reply = bytes(self._random.randrange(256) for _ in reply)
        delay_s = LATE_S if "late" in happening else 0.0
        pieces = [(delay_s, reply)]
        if "dribble" in happening:
            pieces = [(delay_s + DRIBBLE_S * i, reply[i : i + 1]) for i in range(len(reply))]
        if "duplicate" in happening:
            pieces.append((pieces[-1][0] + STEP_S, reply))
        if "foreign" in happening and reply:
            other = encode_frame(reply[0] % 247 + 1, reply[1], reply[2:-2])
            pieces.insert(0, (0.0, other))
        if "babble" in happening:
            pieces.insert(0, (0.0, self._random.randbytes(self._random.randrange(1, 20))))
        if "echo" in happening:
            pieces.insert(0, (0.0, request))
        return pieces


class _Wire(Protocol):
    """Where the line's bytes go."""

    def fileno(self) -> int: ...
    def read(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class _PseudoTerminal:
    """A serial port that other programs open by its path."""

    def __init__(self, link: Path | None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._master)
        # What a client does not read is lost, as on a wire; it must not hold the line's thread.
        os.set_blocking(self._master, False)
        # One open end stays here: without it the line would fail when the client closes its own.
        self.path = self._target = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            if link.exists() and not link.is_symlink():
                self.close()
                raise FileExistsError(f"{link} is no link of a simulator; it is not replaced")
            temporary = link.with_name(f".{link.name}.{os.getpid()}")
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.path)
            temporary.replace(link)
            self.path = str(link)

    def fileno(self) -> int:
        return self._master

    def read(self) -> bytes:
        return os.read(self._master, 512)

    def write(self, data: bytes) -> None:
        os.write(self._master, data)

    def close(self) -> None:
        link = self._link
        # Another simulator may have taken the link over.
        if link is not None and link.is_symlink() and str(link.readlink()) == self._target:
            link.unlink()
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class _Connection:
    """One TCP client."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> bytes:
        data = self._socket.recv(512)
        if not data:
            raise OSError("the client has left")
        return data

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()


class SimulatedLine:
    """Runs stations on a line, in a thread of its own, from ``start`` to ``stop``."""

    def __init__(
        self, stations: Mapping[int, Station], *, baudrate: int | None = None, seed: int = 1
    ) -> None:
        """Put stations on a line.

        Args:
            stations: By unit id.
            baudrate: Bytes take as long as they would at this rate; None is at once.
            seed: Of the faults.
        """
        self.stations, self.faults = dict(stations), Faults(seed)
        self._character_s = 0.0 if baudrate is None else BITS_PER_CHARACTER / baudrate
        self._link: Path | None = None
        self._server: socket.socket | None = None
        self._wire: _Wire | None = None
        self._decoder = RequestDecoder()
        self._due: list[tuple[float, int, bytes]] = []
        self._order = 0
        self._is_stopping = threading.Event()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="simulated line", daemon=True)

    def start_serial(self, link: Path | None = None) -> str:
        """Make a pseudo-terminal and return its path, or the link that points to it."""
        self._link = link
        terminal = _PseudoTerminal(link)
        self._wire = terminal
        self._thread.start()
        return terminal.path

    def start_tcp(self, host: str, port: int) -> str:
        """Listen and return ``host:port``; one client at a time."""
        self._server = socket.create_server((host, port))
        self._server.setblocking(False)
        self._thread.start()
        name = self._server.getsockname()
        return f"{name[0]}:{name[1]}"

    def stop(self) -> None:
        """End the thread and close everything; idempotent."""
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.unplug()
        if self._server is not None:
            self._server.close()

    def set_fault(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Switch a fault: ``kind``, ``on``, ``probability``; ``unplug`` pulls the adapter.

        Returns:
            The faults that are on.

        Raises:
            ValueError: No such fault, or no probability.
        """
        kind, on = str(arguments.get("kind", "")), bool(arguments.get("on", True))
        if kind == "unplug":
            (self.unplug if on else self.replug)()
        else:
            probability = arguments.get("probability")
            self.faults.set(kind, on=on, probability=1.0 if probability is None else probability)
        return {"faults": dict(self.faults.active)}

    def unplug(self) -> None:
        """Pull the adapter: whoever has the port open loses it."""
        with self._lock:
            if self._wire is not None:
                self._wire.close()
            self._wire = None
            self._due.clear()

    def replug(self) -> None:
        """Plug the adapter in again, under its old link."""
        with self._lock:
            if self._wire is None and self._server is None:
                self._wire = _PseudoTerminal(self._link)

    # ---- the line's thread

    def _run(self) -> None:
        stepped_at_s = time.monotonic()
        while not self._is_stopping.is_set():
            self._accept()
            data = self._read()
            now_s = time.monotonic()
            with self._lock:
                for station in self.stations.values():
                    station.step(now_s - stepped_at_s)
                stepped_at_s = now_s
                if data:
                    self._pace(len(data))
                    self._decoder.receive_data(data)
                    self._answer()
                self._send_due()

    def _accept(self) -> None:
        if self._server is not None:
            with contextlib.suppress(BlockingIOError):
                connection, _ = self._server.accept()
                connection.setblocking(False)  # as for a pseudo-terminal: what is not read is lost
                self.unplug()
                self._decoder = RequestDecoder()
                self._wire = _Connection(connection)

    def _read(self) -> bytes:
        wire = self._wire
        try:
            if wire is None:
                self._is_stopping.wait(STEP_S)
                return b""
            if select.select([wire.fileno()], [], [], STEP_S)[0]:
                return wire.read()
        except (OSError, ValueError):
            # A client has hung up, or the adapter was pulled while we looked at it.
            if self._server is not None:
                self.unplug()
            else:
                self._is_stopping.wait(STEP_S)
        return b""

    def _answer(self) -> None:
        while not isinstance(request := self._decoder.next_frame(), NeedData):
            station = self.stations.get(request.unit_id)
            reply = b"" if station is None else station.reply_to(request)
            if reply:
                for delay_s, data in self.faults.apply(request.frame, reply):
                    self._order += 1
                    heapq.heappush(self._due, (time.monotonic() + delay_s, self._order, data))

    def _send_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, data = heapq.heappop(self._due)
            self._pace(len(data))
            if self._wire is not None:
                with contextlib.suppress(OSError):
                    self._wire.write(data)

    def _pace(self, count: int) -> None:
        if self._character_s:
            time.sleep(count * self._character_s)  # as long as the bytes take on a real wire
