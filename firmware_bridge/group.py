"""The board group, 877: requests and answers, both roles; docs/board.md, section 3 is the source.

A gateway encodes requests and decodes answers; a board, also the simulated one, the other way.
"""

from enum import IntEnum, IntFlag
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import Field, ValidationError

from drivers.protocols import FrameError
from firmware_bridge.bodies import Body, decode_map, encode_map, key
from firmware_bridge.frames import Frame, Op
from firmware_bridge.group_events import Event, decode_event
from firmware_bridge.refusals import (
    BOARD,
    INVALID,
    NOT_SUPPORTED,
    OS,
    BoardRefusedError,
    Refusal,
    refusal_in,
)

PROTOCOL: Final = 1
NONCE_SIZE_BYTES: Final = 8
HOLD_MS_MAX: Final = 600_000
PULSE_MS: Final = range(10, 600_001)
NO_FIRE_INPUT: Final = 255
EVENT_COUNT_MAX: Final = 16

_UINT32_MAX: Final = 0xFFFFFFFF
_UINT64_MAX: Final = 0xFFFFFFFFFFFFFFFF
_UNREADABLE: Final = ("missing", "_type")


def _uint(name: str, *, at_most: int = _UINT32_MAX, at_least: int = 0) -> Any:  # noqa: ANN401 - see bodies.key
    return key(name, ge=at_least, le=at_most)


Boot = Annotated[int, Field(ge=0, le=_UINT32_MAX)]
Nonce = Annotated[bytes, key("n", min_length=NONCE_SIZE_BYTES, max_length=NONCE_SIZE_BYTES)]
Bits = Annotated[int, Field(ge=0, le=_UINT32_MAX)]


class Command(IntEnum):
    """Commands of the group."""

    IDENTITY = 0
    STATE = 1
    HEARTBEAT = 2
    OUTPUT = 3
    CONFIG = 4
    HOLD = 5
    CLAIM = 6
    SIGNED = 7
    MAINTAIN = 8


class Health(IntFlag):
    """What is wrong with a board; 0 is well."""

    SUPPLY = 1
    TEMPERATURE = 2
    FLASH = 4
    SELF_TEST = 8
    OUTPUT = 16

    @property
    def words(self) -> tuple[str, ...]:
        """The faults by name, sorted as their bits; unknown bits as ``bit_7``."""
        bits = [bit for bit in range(32) if self >> bit & 1]
        names = {int(fault): fault.name for fault in Health}
        return tuple((names.get(1 << bit) or f"bit_{bit}").lower() for bit in bits)


class SafeOutput(IntEnum):
    """What an output does in the safe state."""

    OFF = 0
    ON = 1
    AS_IT_IS = 2


class Answer(Body):
    """What a board answers with."""


class Identity(Answer):
    """Who a board is.

    Attributes:
        hw: Number of its type, which images name.
        image_hash: MCUboot's, of what runs.
        security_counter: The highest that was ever confirmed.
        slot_size_bytes: Of an image at most; 0 is not told.
    """

    protocol: Annotated[int, _uint("proto")] = PROTOCOL
    model: Annotated[str, Field(max_length=16)] = ""
    hw: Annotated[int, _uint("hw")]
    revision: Annotated[str, key("rev", max_length=8)] = ""
    serial_number: Annotated[str, key("sn", max_length=24, pattern=r"^[ -{}~]*$")] = ""
    version: Annotated[str, key("ver", max_length=24)]
    image_hash: Annotated[bytes, key("hash", min_length=32, max_length=32)]
    input_count: Annotated[int, _uint("in", at_most=32)] = 0
    output_count: Annotated[int, _uint("out", at_most=32)] = 0
    reader_count: Annotated[int, _uint("rd", at_most=4)] = 0
    address: Annotated[int, _uint("addr", at_most=247)] = 0
    is_claimed: Annotated[bool, key("claimed")] = False
    security_counter: Annotated[int, _uint("counter")] = 0
    slot_size_bytes: Annotated[int, _uint("slot")] = 0


class State(Answer):
    """How a board is, and what happened.

    Attributes:
        sequence: Of the newest event.
        inputs, outputs: Bit 0 is channel 0.
        hold_ms, watchdog_ms: Left.
        lost_count: Events of this start that gave way unacknowledged.
        raw_events: As on the wire; see ``events``.
    """

    boot: Annotated[int, _uint("boot", at_least=1)]
    sequence: Annotated[int, _uint("seq")] = 0
    uptime_ms: Annotated[int, _uint("up", at_most=_UINT64_MAX)] = 0
    inputs: Annotated[int, _uint("in")] = 0
    outputs: Annotated[int, _uint("out")] = 0
    is_safe: Annotated[bool, key("safe")] = False
    cause: Annotated[int, _uint("cause")] = 0
    is_fire: Annotated[bool, key("fire")] = False
    hold_ms: Annotated[int, _uint("hold")] = 0
    watchdog_ms: Annotated[int, _uint("wd")] = 0
    health: Annotated[int, _uint("health")] = 0
    lost_count: Annotated[int, _uint("lost")] = 0
    is_open: Annotated[bool, key("open")] = False
    raw_events: Annotated[tuple[list[Any], ...], key("ev", max_length=1024, strict=False)] = ()

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened after what was acknowledged, oldest first.

        Raises:
            ValueError: One has no number, no time or no kind; an answer is never so.
        """
        return tuple(decode_event(raw) for raw in self.raw_events)


class Beat(Answer):
    """The answer to a heartbeat. Attributes: watchdog_ms: until the safe state."""

    boot: Boot
    is_safe: Annotated[bool, key("safe")] = False
    watchdog_ms: Annotated[int, _uint("wd")] = 0


class Outputs(Answer):
    """What the outputs are now; bit 0 is channel 0."""

    outputs: Annotated[int, _uint("out")]


class Configuration(Answer):
    """A board's configuration; what it does not say is as delivered. See docs/board.md."""

    watchdog_ms: Annotated[int, _uint("wd", at_most=60_000)] = 3000
    safe: Annotated[tuple[int, ...], key("safe", max_length=32, strict=False)] = ()
    fire_input: Annotated[int, _uint("fire_in", at_most=255)] = NO_FIRE_INPUT
    is_fire_inverted: Annotated[bool, key("fire_inv")] = True
    fire_on: Annotated[Bits, _uint("fire_on")] = 0
    fire_off: Annotated[Bits, _uint("fire_off")] = 0
    inverted_inputs: Annotated[Bits, _uint("inv")] = 0
    stable_ms: Annotated[int, _uint("deb", at_most=1000)] = 20
    trial_ms: Annotated[int, _uint("trial", at_least=10_000, at_most=3_600_000)] = 300_000


class Held(Answer):
    """The hold that is now."""

    hold_ms: Annotated[int, _uint("hold")]


class Claimed(Answer):
    """Whose the board is. Attributes: key_start: 8 bytes of the key's SHA-256."""

    key_start: Annotated[bytes, key("key", min_length=8, max_length=8)]


class Maintained(Answer):
    """How long state changes over UDP are taken."""

    duration_ms: Annotated[int, _uint("ms")]


_AnswerT = TypeVar("_AnswerT", bound=Answer)


class Request(Body):
    """What a gateway asks."""

    OP: ClassVar[Op] = Op.WRITE
    COMMAND: ClassVar[Command]
    ANSWER: ClassVar[type[Answer]] = Answer


class ReadIdentity(Request):
    """Who are you?"""

    OP = Op.READ
    COMMAND = Command.IDENTITY
    ANSWER = Identity


class ReadState(Request):
    """How are you; acknowledges events of ``boot`` up to ``sequence``."""

    OP = Op.READ
    COMMAND = Command.STATE
    ANSWER = State

    boot: Boot = 0
    sequence: Annotated[int, _uint("seq")] = 0
    event_count_max: Annotated[int, _uint("max")] = EVENT_COUNT_MAX


class SendHeartbeat(Request):
    """The gateway is alive."""

    COMMAND = Command.HEARTBEAT
    ANSWER = Beat


class SetOutput(Request):
    """Switch an output. Attributes: duration_ms: of a pulse; 0 stays."""

    COMMAND = Command.OUTPUT
    ANSWER = Outputs

    boot: Boot = 0
    nonce: Nonce
    channel: Annotated[int, _uint("ch")]
    is_on: Annotated[bool, key("on")]
    duration_ms: Annotated[int, _uint("ms", at_most=PULSE_MS[-1])] = 0


class ReadConfig(Request):
    """Ask for the configuration."""

    OP = Op.READ
    COMMAND = Command.CONFIG
    ANSWER = Configuration


class WriteConfig(Request):
    """Change what is not None of the configuration."""

    COMMAND = Command.CONFIG
    ANSWER = Configuration

    boot: Boot = 0
    nonce: Nonce
    watchdog_ms: Annotated[int | None, key("wd")] = None
    safe: Annotated[tuple[int, ...] | None, key("safe", strict=False)] = None
    fire_input: Annotated[int | None, key("fire_in")] = None
    is_fire_inverted: Annotated[bool | None, key("fire_inv")] = None
    fire_on: Annotated[int | None, key("fire_on")] = None
    fire_off: Annotated[int | None, key("fire_off")] = None
    inverted_inputs: Annotated[int | None, key("inv")] = None
    stable_ms: Annotated[int | None, key("deb")] = None
    trial_ms: Annotated[int | None, key("trial")] = None


class Hold(Request):
    """Wait for me: I restart."""

    COMMAND = Command.HOLD
    ANSWER = Held

    boot: Boot = 0
    duration_ms: Annotated[int, _uint("ms", at_least=1, at_most=HOLD_MS_MAX)]


class Claim(Request):
    """Be mine. Attributes: public_key: Ed25519, raw."""

    COMMAND = Command.CLAIM
    ANSWER = Claimed

    boot: Boot = 0
    public_key: Annotated[bytes, key("key", min_length=32, max_length=32)]


class Maintain(Request):
    """Take state changes over UDP for a while; 0 ends it."""

    COMMAND = Command.MAINTAIN
    ANSWER = Maintained

    boot: Boot = 0
    duration_ms: Annotated[int, _uint("ms", at_most=HOLD_MS_MAX)]


class Signed(Request):
    """Another write, signed; see ``signing``."""

    COMMAND = Command.SIGNED

    body: bytes
    signature: Annotated[bytes, key("sig", min_length=64, max_length=64)]


_REQUESTS: Final[dict[tuple[Op, int], type[Request]]] = {
    (request.OP, request.COMMAND): request
    for request in (
        ReadIdentity,
        ReadState,
        SendHeartbeat,
        SetOutput,
        ReadConfig,
        WriteConfig,
        Hold,
        Claim,
        Maintain,
        Signed,
    )
}


def encode_request(request: Request, *, sequence: int, version: int = 1) -> Frame:
    """Return a request as a frame. Args: sequence: 0..255. version: of SMP, 0 or 1."""
    body = encode_map(request.to_map())
    return Frame(request.OP, BOARD, request.COMMAND, sequence, body, version)


def decode_request(frame: Frame) -> Request:
    """Return the request that a frame is: the board's side.

    Raises:
        FrameError: It is no CBOR; a board does not answer it.
        BoardRefusedError: The group has no such command, a key is missing or of another type, or
            a value is out of bounds.
    """
    return request_of(frame.op, frame.command, decode_map(frame.body))


def request_of(op: Op, command: int, values: dict[str, Any]) -> Request:
    """Return the request with these values; also of one that stood in a signed one.

    Raises:
        BoardRefusedError: See ``decode_request``.
    """
    request = _REQUESTS.get((op, command))
    if request is None:
        raise BoardRefusedError(OS, NOT_SUPPORTED)
    try:
        return request.model_validate(values)
    except ValidationError as error:
        if any(first["type"].endswith(_UNREADABLE) for first in error.errors()):
            raise BoardRefusedError(OS, INVALID) from error
        raise BoardRefusedError(BOARD, Refusal.OUT_OF_BOUNDS) from error


def encode_answer(request: Frame, answer: Answer) -> Frame:
    """Return an answer as a frame: the board's side."""
    return request.answer(encode_map(answer.to_map()))


def decode_answer(frame: Frame, wanted: type[_AnswerT]) -> _AnswerT:
    """Return the answer that a frame is.

    Raises:
        FrameError: It is not what was asked for.
        BoardRefusedError: It is a refusal.
    """
    values = decode_map(frame.body)
    if (refused := refusal_in(values, group=frame.group, version=frame.version)) is not None:
        raise refused
    try:
        answer = wanted.model_validate(values)
        if isinstance(answer, State):
            _ = answer.events
    except ValidationError as error:
        flaw = error.errors()[0]
        why = f"{'.'.join(map(str, flaw['loc']))}, {flaw['msg'].lower()}"
        raise FrameError(f"a board's answer is not as it should be: {why}") from error
    except ValueError as error:
        raise FrameError(f"a board's answer is not as it should be: {error}") from error
    return answer
