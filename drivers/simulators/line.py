"""A simulated line: far ends behind a wire, and what goes wrong on it, the same for all.

Randomness comes from a seeded generator, so a run can be repeated. Paced, bytes take as long as on
a real line. Bit-level effects (parity, turn-round of RS-485) cannot be simulated here.
"""

import dataclasses
import heapq
import random
import select
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from drivers.simulators.far_end import FarEnd
from drivers.simulators.wires import (
    ModbusTcpServer,
    PseudoTerminal,
    TcpDialler,
    TcpServer,
    UdpServer,
    Wire,
)

BITS_PER_CHARACTER: Final = 10
SILENCE_CHARACTERS: Final = 3.5
SILENCE_S_FAST: Final = 0.00175
"""MODBUS over Serial Line V1.02, 2.5.1.1: above 19200 baud."""
LATE_S: Final = 0.4
DRIBBLE_S: Final = 0.01
DRIBBLED_PIECES_MAX: Final = 50
"""Of a network's stream, whose answers are much longer than frames."""
DUPLICATE_AFTER_S: Final = 0.005
RETRANSMISSION_S: Final = 0.2
"""TCP on Linux waits so long at least (RTO_MIN)."""
UNPLUGGED_S: Final = 0.5
PLUGGED_S_MIN: Final = 3.0
"""A loose plug holds for a while before it slips again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What can go wrong.

    Attributes:
        text: What happens.
        probability: How often, per frame, where nobody says: as often as a bad line would.
        is_survivable: Whether a driver is expected to live with it at that rate.
    """

    text: str
    probability: float
    is_survivable: bool = True


FAULTS: Final[Mapping[str, Fault]] = {
    "noise": Fault("one bit of a frame is flipped", 0.1),
    "drop": Fault("one byte of a frame is lost", 0.1),
    "truncate": Fault("the end of a frame is lost", 0.1),
    "late": Fault(f"a frame comes {LATE_S} s late", 0.1),
    "duplicate": Fault("a frame comes twice", 0.2),
    "echo": Fault("what was sent comes back", 1.0),
    "babble": Fault("bytes that nobody asked for stand before a frame", 0.2),
    "dribble": Fault(f"a frame comes byte by byte, {DRIBBLE_S} s apart", 0.2),
    "foreign": Fault("somebody else's frame comes first", 0.2),
    "wrong_baud": Fault("every byte is garbled", 1.0, is_survivable=False),
    "mute": Fault("nothing comes", 1.0, is_survivable=False),
    "unplug": Fault(f"the adapter is gone for {UNPLUGGED_S} s", 0.05),
}


DAMAGES: Final = frozenset({"noise", "drop", "truncate", "wrong_baud"})


class Faults:
    """What goes wrong on the line, each with its probability per frame."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._probabilities: dict[str, float] = {}
        self._counts: Counter[str] = Counter()

    @property
    def active(self) -> Mapping[str, float]:
        """The faults that are on."""
        return dict(self._probabilities)

    @property
    def struck(self) -> Mapping[str, int]:
        """How often each fault that is or was on has struck until now."""
        return {kind: self._counts[kind] for kind in {**self._probabilities, **self._counts}}

    def set(self, kind: str, *, on: bool, probability: float = 1.0) -> None:
        """Switch a fault.

        Raises:
            ValueError: No such fault, or no probability.
        """
        if kind not in FAULTS:
            raise ValueError(f"no fault {kind!r}; there are: {', '.join(FAULTS)}")
        if not isinstance(probability, int | float) or not 0 <= probability <= 1:
            raise ValueError(f"a probability lies between 0 and 1, not {probability!r}")
        self._probabilities.pop(kind, None)
        if on:
            self._probabilities[kind] = probability

    def is_happening(self, kind: str) -> bool:
        """Throw the dice for one fault."""
        probability = self._probabilities.get(kind, 0.0)
        happens = probability > 0 and self._random.random() < probability
        if happens:
            self._counts[kind] += 1
        return happens

    def foreign_frame(self, far_end: FarEnd, frame: bytes) -> bytes:
        """Return somebody else's traffic; nothing, and no work, while that fault is off."""
        return far_end.foreign_frame(frame) if "foreign" in self._probabilities else b""

    def garbled(self, data: bytes) -> bytes:
        """Return bytes as a receiver with another baud rate sees them."""
        return bytes(self._random.randrange(256) for _ in data)

    def apply(
        self,
        reply: bytes,
        foreign: bytes,
        *,
        is_checked: bool = False,
        is_repaired: bool = False,
    ) -> list[tuple[float, bytes]]:
        """Return what is put on the line instead of a frame: delay in seconds and bytes.

        Args:
            reply: The frame.
            foreign: Somebody else's.
            is_checked: The network has a check sum of its own: what is damaged does not arrive.
            is_repaired: A stream of a network: what was damaged is sent again, and comes whole
                and later; what came twice is taken once.
        """
        happening = {kind for kind in FAULTS if self.is_happening(kind)}
        if "mute" in happening or (is_checked and happening & DAMAGES):
            return []
        if is_repaired and happening & DAMAGES:
            return [(RETRANSMISSION_S, reply)]
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
            reply = self.garbled(reply)
        delay_s = LATE_S if "late" in happening else 0.0
        pieces = [(delay_s, reply)]
        if "dribble" in happening:
            size = 1 if not is_repaired else 1 + len(reply) // DRIBBLED_PIECES_MAX
            starts = range(0, len(reply), size)
            pieces = [(delay_s + DRIBBLE_S * i, reply[s : s + size]) for i, s in enumerate(starts)]
        if "duplicate" in happening and pieces and not is_repaired:
            pieces.append((pieces[-1][0] + DUPLICATE_AFTER_S, reply))
        if "foreign" in happening and reply:
            pieces.insert(0, (0.0, foreign))
        if "babble" in happening:
            pieces.insert(0, (0.0, self._random.randbytes(self._random.randrange(1, 20))))
        return pieces


class SimulatedLine:
    """Runs far ends on a wire, in a thread of its own, from ``start_*`` to ``stop``."""

    def __init__(
        self,
        *far_ends: FarEnd,
        baudrate: int | None = None,
        is_paced: bool = True,
        seed: int = 1,
    ) -> None:
        """Put far ends on a line.

        Args:
            far_ends: Everybody hears every byte.
            baudrate: Who opens a serial port with another one gets garbled bytes; None takes all.
            is_paced: Bytes take as long as they would at ``baudrate``, if there is one.
            seed: Of the faults.
        """
        self.far_ends: Sequence[FarEnd] = far_ends
        self.faults = Faults(seed)
        self._baudrate = baudrate
        paced = baudrate if is_paced else None
        self._character_s = 0.0 if paced is None else BITS_PER_CHARACTER / paced
        is_fast = paced is not None and paced > 19200
        self._silence_s = SILENCE_S_FAST if is_fast else SILENCE_CHARACTERS * self._character_s
        self._wire: Wire | None = None
        self._due: list[tuple[float, int, FarEnd | None, bytes]] = []
        self._order = 0
        self._heard_until_s = self._said_until_s = self._spoken_until_s = 0.0
        self._replug_at_s = self._holds_until_s = 0.0
        self._is_unplugged_for_good = False
        self._is_stopping = threading.Event()
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="simulated line", daemon=True)

    def start_serial(self, link: Path | None = None) -> str:
        """Make a pseudo-terminal and return its path, or the link that points to it."""
        return self._start(PseudoTerminal(link))

    def start_tcp(self, host: str, port: int) -> str:
        """Listen and return ``host:port``; one client at a time."""
        return self._start(TcpServer(host, port))

    def start_modbus_tcp(self, host: str, port: int) -> str:
        """Listen as a Modbus TCP server and return ``host:port``."""
        return self._start(ModbusTcpServer(host, port))

    def start_udp(self, host: str, port: int) -> str:
        """Take datagrams and return ``host:port``."""
        for far_end in self.far_ends:
            far_end.is_datagram = True
        return self._start(UdpServer(host, port))

    def start_dialling(self, host: str, port: int) -> str:
        """Dial in to somebody who listens, again and again; returns ``host:port``."""
        return self._start(TcpDialler(host, port))

    def stop(self) -> None:
        """End the thread and close everything; idempotent."""
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._wire is not None:
            self._wire.close()
        for far_end in self.far_ends:
            far_end.let_go()

    def act(self, far_end: FarEnd, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Let a hand do something, between two steps of the line.

        Raises:
            ValueError: As ``FarEnd.act``.
        """
        with self._lock:
            return far_end.act(name, arguments)

    def state(self, far_end: FarEnd) -> dict[str, Any]:
        """Return a far end's state, between two steps of the line."""
        with self._lock:
            return far_end.state()

    def set_fault(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Switch a fault: ``kind``, ``on``, ``probability``.

        ``unplug`` without a probability pulls the adapter until it is switched off again.

        Returns:
            The faults that are on.

        Raises:
            ValueError: No such fault, or no probability.
        """
        kind, on = str(arguments.get("kind", "")), bool(arguments.get("on", True))
        probability = arguments.get("probability")
        if kind == "unplug" and probability is None:
            (self.unplug if on else self.replug)()
        else:
            self.faults.set(kind, on=on, probability=1.0 if probability is None else probability)
        return {"faults": dict(self.faults.active)}

    def unplug(self) -> None:
        """Pull the adapter: whoever has the port open loses it."""
        with self._lock:
            self._is_unplugged_for_good = True
            self._pull()

    def replug(self) -> None:
        """Plug the adapter in again, under its old name."""
        with self._lock:
            self._is_unplugged_for_good = False
            self._replug_at_s = 0.0
            if self._wire is not None:
                self._wire.replug()

    # ---- the line's thread

    def _start(self, wire: Wire) -> str:
        self._wire = wire
        self._thread.start()
        return wire.address

    def _run(self) -> None:
        stepped_at_s = time.monotonic()
        step_s = min((far_end.STEP_S for far_end in self.far_ends), default=1.0)
        while not self._is_stopping.is_set():
            self._wait(step_s)
            with self._lock:
                now_s = time.monotonic()
                self._hear(now_s)
                self._deliver()
                if (dt_s := now_s - stepped_at_s) >= step_s or not self._character_s:
                    stepped_at_s = now_s
                    self._step(dt_s)
                    self._deliver()
                if self._replug_at_s and now_s >= self._replug_at_s:
                    self.replug()

    def _wait(self, step_s: float) -> None:
        timeout_s = step_s
        if self._due:
            timeout_s = min(step_s, max(0.0, self._due[0][0] - time.monotonic()))
        wire = self._wire
        try:
            if wire is not None and (filenos := wire.filenos()):
                select.select(filenos, [], [], timeout_s)
                return
        except (OSError, ValueError):  # the adapter was pulled while we looked at it
            pass
        self._is_stopping.wait(timeout_s)

    def _hear(self, now_s: float) -> None:
        """Take bytes off the wire; they are heard when they would have arrived."""
        data = b"" if self._wire is None else self._wire.read()
        if not data:
            return
        if self._baudrate is not None and self._wire is not None:
            theirs = self._wire.baudrate()
            if theirs not in (None, self._baudrate):
                data = self.faults.garbled(data)
        self._heard_until_s = max(now_s, self._heard_until_s) + len(data) * self._character_s
        if self.faults.is_happening("echo"):
            self._say(data, now_s)
        self._put(self._heard_until_s, None, data)

    def _step(self, dt_s: float) -> None:
        for far_end in self.far_ends:
            self._answer(far_end, far_end.step(dt_s), time.monotonic())

    def _deliver(self) -> None:
        """Do what is due: let everybody hear, and put frames on the wire."""
        while self._due and self._due[0][0] <= time.monotonic():
            due_s, _, speaker, data = heapq.heappop(self._due)
            if speaker is None:
                for far_end in self.far_ends:
                    if far_end.ANSWERS or not self.faults.is_happening("mute"):
                        # From when it was due: what we are late must not add up.
                        self._answer(far_end, far_end.receive_data(data), due_s)
            elif self._wire is not None:
                self._wire.write(self._as_client_hears(data), speaker.push_to)

    def _as_client_hears(self, data: bytes) -> bytes:
        theirs = None if self._wire is None or self._baudrate is None else self._wire.baudrate()
        return data if theirs in (None, self._baudrate) else self.faults.garbled(data)

    def _answer(self, far_end: FarEnd, frames: Iterable[bytes], now_s: float) -> None:
        for frame in frames:
            if now_s > self._holds_until_s and self.faults.is_happening("unplug"):
                self._pull()
                self._replug_at_s = now_s + UNPLUGGED_S
                self._holds_until_s = self._replug_at_s + PLUGGED_S_MIN
                return
            foreign = self.faults.foreign_frame(far_end, frame)
            is_checked = isinstance(self._wire, UdpServer)
            pieces = self.faults.apply(frame, foreign, is_checked=is_checked)
            # One speaks after the other, however slowly; only what is late is overtaken.
            begin_s = max(now_s, self._spoken_until_s)
            for delay_s, data in pieces:
                self._say(data, begin_s + delay_s, far_end)
            if pieces and pieces[0][0] < LATE_S:
                self._spoken_until_s = begin_s + pieces[-1][0]

    def _say(self, data: bytes, at_s: float, far_end: FarEnd | None = None) -> None:
        """Put bytes on the wire when they have passed over it; one speaker after the other."""
        if self._character_s and far_end is not None:
            begin_s = max(at_s + self._silence_s, self._said_until_s)
            at_s = self._said_until_s = begin_s + len(data) * self._character_s
        if self.far_ends:
            self._put(at_s, far_end or self.far_ends[0], data)

    def _put(self, at_s: float, speaker: FarEnd | None, data: bytes) -> None:
        self._order += 1
        heapq.heappush(self._due, (at_s, self._order, speaker, data))

    def _pull(self) -> None:
        if self._wire is not None:
            self._wire.unplug()
        self._due.clear()
