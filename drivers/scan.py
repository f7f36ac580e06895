"""Looking for devices on a line: the plan, and what the answers mean. Nothing here opens a port.

Everything that is asked is harmless: values are read, nothing is set. A line has one baud rate and
one parity, so the first that is answered at is taken to be the line's.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

from drivers.decoding import drivers_of, talkers
from drivers.protocols import FrameError, NeedData, spaced_hex
from drivers.protocols import modbus_rtu as rtu
from drivers.registry import simulator_module
from drivers.scan_probes import KINDS, Answer, Probe, modbus_request
from drivers.simulation import make_simulator

PARITIES: Final = ("N", "E", "O")
BAUDRATE_MIN, BAUDRATE_MAX = 300, 921_600
READ_FUNCTIONS: Final = (1, 2, 3, 4)
FRAME_SIZE_BYTES_MIN: Final = 3
EXPLAINED_SHARE_MIN: Final = 0.5
"""Of the bytes of a talker: a codec that explains fewer has found frames by chance."""
QUOTED_SIZE_BYTES: Final = 32


@dataclasses.dataclass(frozen=True, slots=True)
class LineSetting:
    """How a serial port may be set."""

    baudrate: int
    parity: str

    def __str__(self) -> str:
        return f"{self.baudrate} 8{self.parity}1"


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What will be tried.

    Attributes:
        settings: In this order; one whose baud rate says nothing, on a network.
        probes: Of each setting; none only listens.
    """

    protocol: str
    settings: tuple[LineSetting, ...]
    probes: tuple[Probe, ...]
    patience_s: float

    @property
    def step_count(self) -> int:
        """Of a progress bar."""
        return len(self.settings) * max(1, len(self.probes))

    @property
    def longest_s(self) -> float:
        """How long the questions take if nobody answers; listening is not counted."""
        return sum(self.timeout_s(probe, one) for one in self.settings for probe in self.probes)

    def timeout_s(self, probe: Probe, setting: LineSetting) -> float:
        """Return how long an answer may take."""
        return probe.timeout_s(baudrate=setting.baudrate, patience_s=self.patience_s)


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A device that answered, or talks."""

    protocol: str
    address: str
    setting: LineSetting
    text: str
    likely: tuple[str, ...] = ()


@dataclasses.dataclass(slots=True)
class Tally:
    """What happened at one setting.

    Attributes:
        garbled: What came instead of an answer, by who was asked.
        behind: What came behind an answer, by who had answered.
    """

    setting: LineSetting
    found: list[Found] = dataclasses.field(default_factory=list)
    garbled: dict[str, bytes] = dataclasses.field(default_factory=dict)
    behind: dict[str, bytes] = dataclasses.field(default_factory=dict)
    silent_count: int = 0
    echo_count: int = 0

    def add(self, plan: Plan, probe: Probe, received: bytes) -> Answer | None:
        """Take what came after a question; returns the answer in it."""
        rest = received
        if received.startswith(probe.request):
            self.echo_count += 1
            rest = received[len(probe.request) :]
        answer = probe.recognise(rest)
        if answer is not None:
            found = Found(plan.protocol, answer.address, self.setting, answer.text)
            self.found.append(found)
        elif rest:
            self.garbled[probe.address] = rest
        else:
            self.silent_count += 1
        return answer


def plan(
    protocol: str,
    *,
    baudrates: Sequence[int] = (),
    parities: Sequence[str] = (),
    units: str = "",
    is_serial: bool = True,
    patience_s: float | None = None,
) -> Plan:
    """Return what to try.

    Args:
        protocol: One of ``scan_probes.KINDS``.
        baudrates: Instead of the usual ones.
        parities: Likewise.
        units: As ``1-32,40``; empty is the usual ones.
        is_serial: A network has no baud rate.
        patience_s: Instead of the protocol's.

    Raises:
        ValueError: No such protocol, or a value out of its range; one line.
    """
    if protocol not in KINDS:
        raise ValueError(f"no protocol {protocol!r} to scan for; there are: {', '.join(KINDS)}")
    kind = KINDS[protocol]
    for baudrate in baudrates:
        if not BAUDRATE_MIN <= baudrate <= BAUDRATE_MAX:
            raise ValueError(f"a baud rate is {BAUDRATE_MIN}..{BAUDRATE_MAX}, not {baudrate}")
    for parity in parities:
        if parity.upper() not in PARITIES:
            raise ValueError(f"a parity is N, E or O, not {parity!r}")
    if not is_serial and (baudrates or parities):
        raise ValueError("baud rate and parity are set on the device server, not here")
    settings = [
        LineSetting(baudrate, parity.upper())
        for parity in dict.fromkeys(parities or kind.parities)
        for baudrate in dict.fromkeys(baudrates or kind.baudrates)
    ]
    if not is_serial:
        settings = [LineSetting(kind.baudrates[0], kind.parities[0])]
    if units and len(kind.addresses) == 1:
        raise ValueError(f"{protocol} has no --units: everybody is asked at once")
    addresses = parse_units(units, kind.addresses) if units else kind.usual
    patience_s = kind.patience_s if patience_s is None else patience_s
    return Plan(protocol, tuple(settings), tuple(kind.probes(addresses)), patience_s)


def parse_units(text: str, allowed: range) -> list[int]:
    """Return the addresses of a text as ``1-32,40``, sorted, each once.

    Raises:
        ValueError: It is none, or one lies outside; one line.
    """
    addresses = set[int]()
    limits = f"{allowed[0]}..{allowed[-1]}"
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if not _is_number(first) or (dash and not _is_number(last)):
            raise ValueError(f"--units is written as 1-32,40, not {text!r}")
        low, high = int(first), int(last or first)
        if low > high or low not in allowed or high not in allowed:
            raise ValueError(f"addresses are {limits}, the lower first, not {part.strip()!r}")
        addresses.update(range(low, high + 1))
    return sorted(addresses)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 4


def judge(tallies: Sequence[Tally]) -> list[str]:
    """Return what the evidence means, a sentence each; the first matters most."""
    said = list[str]()
    if any(tally.echo_count > 1 for tally in tallies):
        said.append("the adapter hears itself: what is sent comes back; switch its echo off")
    answered = [tally for tally in tallies if tally.found]
    for tally in answered:
        for address, data in tally.garbled.items():
            quoted = spaced_hex(data[:QUOTED_SIZE_BYTES])
            said.append(
                f"{address} at {tally.setting} answers with no frame ({quoted}): two devices at one"
                " address, or noise"
            )
        said += [
            f"{address} answers more than once ({spaced_hex(data[:QUOTED_SIZE_BYTES])}): two"
            " devices at one address, or somebody else talks"
            for address, data in tally.behind.items()
        ]
    if len(answered) > 1:
        words = ", ".join(str(tally.setting) for tally in answered)
        said.append(f"devices are set differently ({words}): one line needs one setting")
    if not answered:
        said.append(_why_nothing(tallies))
    return said


def _why_nothing(tallies: Sequence[Tally]) -> str:
    garbled = [tally for tally in tallies if tally.garbled]
    if garbled:
        words = ", ".join(str(tally.setting) for tally in garbled)
        return (
            f"bytes came at {words}, but no frame: another protocol or baud rate, or A and B are"
            " swapped"
        )
    return (
        "nobody answers: is the device powered, A to A and B to B, is its address among those that"
        " were asked?"
    )


def heard(setting: LineSetting, pieces: Sequence[tuple[float, bytes]]) -> Tally:
    """Return who talks on a line by itself.

    Args:
        setting: At which it was listened to.
        pieces: When bytes came, and which.
    """
    tally = Tally(setting)
    total = sum(len(data) for _, data in pieces)
    for protocol, make in talkers().items():
        listener = make()
        meanings = [
            meaning
            for at_s, data in pieces
            for meaning in listener.hear(data, at_s=at_s, is_sent=None)
        ]
        meanings += listener.flush(at_s=pieces[-1][0] if pieces else 0.0)
        # One or two bytes are whatever one wants to see in them.
        sound = [meaning for meaning in meanings if not meaning.is_noise]
        frames = [meaning for meaning in sound if len(meaning.data) >= FRAME_SIZE_BYTES_MIN]
        explained = sum(len(meaning.data) for meaning in frames)
        if frames and explained >= EXPLAINED_SHARE_MIN * total:
            words = Counter(meaning.text for meaning in frames).most_common(1)[0][0]
            text = f"{len(frames)} frames, as: {words}"
            likely = tuple(drivers_of(protocol))
            tally.found.append(Found(protocol, "talks by itself", setting, text, likely))
    if total and not tally.found:
        tally.garbled["what talks"] = b"".join(data for _, data in pieces)
    tally.silent_count += not total
    return tally


# ---- which device a Modbus unit may be


def modbus_pattern(replies: Sequence[rtu.Reply | None]) -> tuple[str, ...]:
    """Return how a unit answers questions for the first coil, input and registers."""
    return tuple(
        "silent"
        if reply is None
        else "reads"
        if reply.exception_code is None
        else f"refuses {reply.exception_code}"
        for reply in replies
    )


def modbus_reply(unit_id: int, function: int, data: bytes) -> rtu.Reply | None:
    """Return the reply to one of these questions in what came; None if there is none."""
    decoder = rtu.ReplyDecoder(modbus_request(unit_id, function))
    decoder.receive_data(data)
    while True:
        try:
            reply = decoder.next_frame()
        except FrameError:
            continue
        return None if isinstance(reply, NeedData) else reply


def likely_modbus_drivers(pattern: Sequence[str]) -> list[str]:
    """Return the drivers whose simulators answer like this."""
    patterns = {
        name: known
        for name in drivers_of("modbus")
        if (known := _simulated_pattern(name)) is not None
    }
    return sorted(name for name, known in patterns.items() if known == tuple(pattern))


@cache
def _simulated_pattern(driver: str) -> tuple[str, ...] | None:
    """Return how a driver's simulator answers; None if it is no Modbus unit."""
    try:
        simulator = make_simulator(driver, {})
    except ValueError:
        return None
    stations = getattr(simulator, "stations", {})
    if not stations or not hasattr(simulator_module(driver).Simulator, "receive_data"):
        return None
    unit_id = next(iter(stations))
    replies = list[rtu.Reply | None]()
    for function in READ_FUNCTIONS:
        frames = simulator.receive_data(modbus_request(unit_id, function).frame)
        replies.append(modbus_reply(unit_id, function, b"".join(frames)))
    return modbus_pattern(replies)
