"""Group 877 of the simulated board: what the gateway asks and commands, and who may.

Source: docs/board.md, sections 3, 4 and 6.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final, Protocol

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware_bridge.peer_application import Application, Event
from firmware_bridge.peer_configuration import FIRE_KEYS, Configuration, OutOfBoundsError

GROUP: Final = 877
READ, WRITE = 0, 2
PULSE_MS_MIN, DURATION_MS_MAX = 10, 600_000
NONCE_SIZE_BYTES, NONCE_COUNT = 8, 32
KEY_SIZE_BYTES, SIGNATURE_SIZE_BYTES = 32, 64
EVENT_COUNT_USUAL: Final = 16
EVENT_SIZE_BYTES_MAX: Final = 64
"""Of one event in CBOR, with a card of 255 bits."""
STATE_SIZE_BYTES_MAX: Final = 160
"""Of a state without events."""
SIGNED_TEXT: Final = b"menshen board v1|"


class Command(IntEnum):
    """Of the group."""

    IDENTITY = 0
    STATE = 1
    HEARTBEAT = 2
    OUTPUT = 3
    CONFIG = 4
    HOLD = 5
    CLAIM = 6
    SIGNED = 7
    MAINTAIN = 8


class Code(IntEnum):
    """Refusals of the group."""

    UNKNOWN = 1
    NO_CHANNEL = 2
    OUT_OF_BOUNDS = 3
    FIRE = 4
    OTHER_START = 5
    SIGNATURE = 6
    COUNTER_USED = 7
    NONCE_USED = 8
    NOT_CLAIMED = 9
    BUSY = 10


ALWAYS_SIGNED: Final = frozenset({Command.CONFIG, Command.HOLD, Command.CLAIM})
"""Once the board is claimed, over any line."""


class BoardRefusedError(Exception):
    """The group refuses. Attributes: code: why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.name)
        self.code = code


class InvalidRequestError(Exception):
    """A key is missing or of the wrong type; SMP's own refusal. Attributes: the key."""


class Owner(Protocol):
    """What the group needs of the board around it."""

    serial_number: str
    claim_key: bytes
    is_jumper_closed: bool

    def identity(self) -> dict[str, Any]:
        """Return the answer to *identity*."""
        ...

    def remember_configuration(self, configuration: Configuration) -> None:
        """Write it into the flash."""
        ...

    def remember_claim(self, key: bytes) -> None:
        """Write the gateway's key into the flash."""
        ...

    def maintain(self, duration_ms: int) -> None:
        """Take images over UDP for so long."""
        ...


class BoardGroup:
    """Answers requests of the group, from one start to the next.

    Attributes:
        boot: The random number of this start, not 0.
    """

    def __init__(self, owner: Owner, application: Application, boot: int) -> None:
        self.boot = boot
        self._owner, self._application = owner, application
        self._done: OrderedDict[bytes, tuple[object, dict[str, Any]]] = OrderedDict()
        self._counter = 0
        self._writes: dict[int, Callable[[Mapping[str, Any], int], dict[str, Any]]] = {
            Command.HEARTBEAT: self._heartbeat,
            Command.OUTPUT: self._output,
            Command.CONFIG: self._configure,
            Command.HOLD: self._hold,
            Command.CLAIM: self._claim,
            Command.MAINTAIN: self._maintain,
        }

    def answer(
        self,
        operation: int,
        command: int,
        request: Mapping[str, Any],
        *,
        now_ms: int,
        size_bytes_max: int,
        is_datagram: bool,
    ) -> dict[str, Any] | None:
        """Return the answer; None where the group has no such command.

        Args:
            operation: 0 read, 2 write.
            command: Of the group.
            request: The body.
            now_ms: Since the start.
            size_bytes_max: Of the answer's body.
            is_datagram: Over UDP everything is signed.

        Raises:
            BoardRefusedError: The group refuses.
            InvalidRequestError: A key is missing or of the wrong type.
            PowerCutError: The power failed while something was written.
        """
        if operation == READ:
            return self._read(command, request, now_ms, size_bytes_max)
        if command == Command.SIGNED:
            return self._signed(request, now_ms)
        if command not in self._writes:
            return None
        self._check_may(command, is_datagram=is_datagram, now_ms=now_ms)
        return self._writes[command](request, now_ms)

    def _read(
        self, command: int, request: Mapping[str, Any], now_ms: int, size_bytes_max: int
    ) -> dict[str, Any] | None:
        match command:
            case Command.IDENTITY:
                return self._owner.identity()
            case Command.STATE:
                return self._state(request, now_ms, size_bytes_max)
            case Command.CONFIG:
                return self._application.configuration.as_map()
            case _:
                return None

    def _check_may(self, command: int, *, is_datagram: bool, now_ms: int) -> None:
        """Refuse what must be signed and is not."""
        is_claimed = bool(self._owner.claim_key)
        if not is_claimed and (command == Command.HOLD or is_datagram):
            raise BoardRefusedError(Code.NOT_CLAIMED)
        is_freed = command == Command.CLAIM and self._owner.is_jumper_closed and not is_datagram
        if is_claimed and (command in ALWAYS_SIGNED or is_datagram) and not is_freed:
            self._application.events.add(now_ms, Event.REFUSED_SIGNATURE, command)
            raise BoardRefusedError(Code.SIGNATURE)

    def _state(
        self, request: Mapping[str, Any], now_ms: int, size_bytes_max: int
    ) -> dict[str, Any]:
        app = self._application
        boot, sequence = _number(request, "boot", 0), _number(request, "seq", 0)
        if boot != self.boot:
            sequence = 0
        app.events.acknowledge(sequence)
        room = max(0, (size_bytes_max - STATE_SIZE_BYTES_MAX) // EVENT_SIZE_BYTES_MAX)
        count = min(_number(request, "max", EVENT_COUNT_USUAL), room)
        return {
            "boot": self.boot,
            "seq": app.events.newest,
            "up": now_ms,
            "in": app.input_bits,
            "out": app.output_bits,
            "safe": app.is_safe,
            "cause": int(app.is_safe),
            "fire": app.is_fire,
            "hold": app.hold_left_ms(now_ms),
            "wd": app.left_ms(now_ms),
            "health": app.health,
            "lost": app.events.lost_count,
            "open": app.is_open,
            "ev": app.events.after(sequence)[:count],
        }

    def _heartbeat(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._application.heartbeat(now_ms)
        return {
            "boot": self.boot,
            "safe": self._application.is_safe,
            "wd": self._application.left_ms(now_ms),
        }

    def _output(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._check_boot(request)
        app = self._application
        channel, duration_ms = _number(request, "ch"), _number(request, "ms", 0)
        is_on = request.get("on")
        if not isinstance(is_on, bool):
            raise InvalidRequestError("on")
        if (done := self._answer_of_nonce(Command.OUTPUT, request)) is not None:
            return done
        if channel >= len(app.outputs):
            raise BoardRefusedError(Code.NO_CHANNEL)
        if duration_ms and not PULSE_MS_MIN <= duration_ms <= DURATION_MS_MAX:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        if app.is_forbidden(channel, is_on=is_on, duration_ms=duration_ms):
            raise BoardRefusedError(Code.FIRE)
        app.command(channel, is_on=is_on, duration_ms=duration_ms, now_ms=now_ms)
        return self._keep_answer(Command.OUTPUT, request, {"out": app.output_bits})

    def _configure(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._check_boot(request)
        app = self._application
        if (done := self._answer_of_nonce(Command.CONFIG, request)) is not None:
            return done
        before = app.configuration
        try:
            wanted = before.changed(request, input_count=self._owner.identity()["in"])
        except OutOfBoundsError as error:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS) from error
        changes = {k for k, v in wanted.as_map().items() if before.as_map()[k] != v}
        if app.is_fire and changes & FIRE_KEYS:
            raise BoardRefusedError(Code.FIRE)
        if changes:
            self._owner.remember_configuration(wanted)
            app.configure(wanted, now_ms)
        return self._keep_answer(Command.CONFIG, request, wanted.as_map())

    def _hold(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._check_boot(request)
        duration_ms = _number(request, "ms")
        if not 1 <= duration_ms <= DURATION_MS_MAX:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        self._application.hold(duration_ms, now_ms)
        return {"hold": duration_ms}

    def _claim(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._check_boot(request)
        key = _bytes(request, "key")
        if len(key) != KEY_SIZE_BYTES:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        self._owner.remember_claim(key)
        return {"key": hashlib.sha256(key).digest()[:8]}

    def _maintain(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        self._check_boot(request)
        duration_ms = _number(request, "ms")
        if duration_ms > DURATION_MS_MAX:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        self._owner.maintain(duration_ms)
        return {"ms": duration_ms}

    def _signed(self, request: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
        body, signature = _bytes(request, "body"), _bytes(request, "sig")
        if not self._owner.claim_key:
            raise BoardRefusedError(Code.NOT_CLAIMED)
        signed = SIGNED_TEXT + self._owner.serial_number.encode("ascii") + b"|" + body
        try:
            Ed25519PublicKey.from_public_bytes(self._owner.claim_key).verify(signature, signed)
        except (InvalidSignature, ValueError) as error:
            self._application.events.add(now_ms, Event.REFUSED_SIGNATURE, int(Command.SIGNED))
            raise BoardRefusedError(Code.SIGNATURE) from error
        inside = decoded_map(body)
        if inside is None:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        self._check_boot(inside)
        counter, command = _number(inside, "c"), _number(inside, "cmd")
        arguments = inside.get("args", {})
        if not isinstance(arguments, dict):
            raise InvalidRequestError("args")
        if not self._counter < counter < 1 << 32:
            raise BoardRefusedError(Code.COUNTER_USED)
        self._counter = counter
        if command not in self._writes:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        return self._writes[command]({**arguments, "boot": self.boot}, now_ms)

    def _check_boot(self, request: Mapping[str, Any]) -> None:
        if _number(request, "boot") != self.boot:
            raise BoardRefusedError(Code.OTHER_START)

    def _answer_of_nonce(
        self, command: Command, request: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return the answer that a request with this nonce had; None if it is new."""
        nonce = _bytes(request, "n")
        if len(nonce) != NONCE_SIZE_BYTES:
            raise BoardRefusedError(Code.OUT_OF_BOUNDS)
        if nonce not in self._done:
            return None
        content, answer = self._done[nonce]
        if content != (command, dict(request)):
            raise BoardRefusedError(Code.NONCE_USED)
        return answer

    def _keep_answer(
        self, command: Command, request: Mapping[str, Any], answer: dict[str, Any]
    ) -> dict[str, Any]:
        self._done[_bytes(request, "n")] = (command, dict(request)), answer
        if len(self._done) > NONCE_COUNT:
            self._done.popitem(last=False)
        return answer


def decoded_map(body: bytes) -> dict[str, Any] | None:
    """Return a CBOR map with text keys; None where these bytes are none."""
    try:
        value = cbor2.loads(body)
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        return None
    return value


def _number(request: Mapping[str, Any], key: str, absent: int | None = None) -> int:
    value = request.get(key, absent)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidRequestError(key)
    return value


def _bytes(request: Mapping[str, Any], key: str) -> bytes:
    value = request.get(key)
    if not isinstance(value, bytes):
        raise InvalidRequestError(key)
    return value
