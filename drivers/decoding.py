"""Frames to meaning, for a technician's eyes: what each says, what answers what, what is noise.

A codec is found by its module's name in ``drivers.protocols``, and a driver's codecs by what its
module imports, so a new one needs no edit here. Modbus alone has an interpreter of its own: what a
reply says depends on its request.
"""

import dataclasses
import inspect
import pkgutil
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Protocol

from drivers.decoding_modbus import ModbusInterpreter
from drivers.meaning import Interpreter, Meaning
from drivers.protocols import FrameError, NeedData, ibutton, line_text
from drivers.registry import driver_class, names

__all__ = [
    "CodecInterpreter",
    "TextInterpreter",
    "codecs",
    "drivers_of",
    "interpreter",
    "protocols_of",
    "talkers",
]

MODBUS: Final = "modbus"
PENDING_SIZE_BYTES_MAX: Final = 4096
LINE_LENGTH_MAX: Final = 1024
TEXT_LENGTH_MAX: Final = 400
PREAMBLES: Final = b"\xff\xfe"
"""With these a line is filled before a frame, to wake who listens; they are no noise."""
_PACKAGE: Final = "drivers.protocols"
_NO_LINE: Final = frozenset({"jsonl_recording", "osdpcap", "pcap"})
"""Formats of files: nobody says them on a line."""
_OF_EVERY_DRIVER: Final = frozenset(
    f"drivers.{name}"
    for name in ("base", "bus", "observations", "protocols", "registry", "transport")
)
_MODBUS_MODULES: Final = frozenset({"modbus_rtu", "modbus_tcp"})


class _Decoder(Protocol):
    def receive_data(self, data: bytes) -> None: ...

    def next_frame(self) -> Any: ...  # noqa: ANN401 - each codec has its own frames


def _keys() -> list[Any]:
    return [ibutton.Decoder(order) for order in ibutton.WITH_CHECK_BYTE]


def _lines() -> list[Any]:
    return [
        line_text.LineDecoder(
            terminator=line_text.Terminator.ANY,
            alphabet=line_text.Alphabet.TEXT,
            length_max=LINE_LENGTH_MAX,
        )
    ]


def codecs() -> dict[str, Callable[[], Interpreter]]:
    """Return what can be interpreted, by protocol: those with a decoder that needs no request."""
    found: dict[str, Callable[[], Interpreter]] = {
        MODBUS: ModbusInterpreter,
        "ibutton": partial(CodecInterpreter, ibutton, _keys),
        "line_text": partial(CodecInterpreter, line_text, _lines),
    }
    package = import_module(_PACKAGE)
    for item in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{_PACKAGE}.{item.name}")
        if item.name not in _NO_LINE | _MODBUS_MODULES and _decoder_classes(module):
            found[item.name] = partial(CodecInterpreter, module)
    return found


def talkers() -> dict[str, Callable[[], Interpreter]]:
    """Return the same without what devices are only told (``TOLD_ONLY`` of a codec).

    A printer's text is whatever bytes one wants to see in it, and no printer says it.
    """
    told = {
        item.name
        for item in pkgutil.iter_modules(import_module(_PACKAGE).__path__)
        if getattr(import_module(f"{_PACKAGE}.{item.name}"), "TOLD_ONLY", False)
    }
    return {name: make for name, make in codecs().items() if name not in told}


def interpreter(protocol: str) -> Interpreter:
    """Return a new interpreter of a protocol.

    Raises:
        ValueError: No such protocol; the message names those that there are.
    """
    known = codecs()
    if protocol not in known:
        raise ValueError(f"no protocol {protocol!r}; there are: {', '.join(sorted(known))}")
    return known[protocol]()


def protocols_of(driver: str) -> list[str]:
    """Return the protocols that a driver speaks, by the codecs that it imports, also indirectly.

    Raises:
        ValueError: No such driver.
    """
    found, seen = set[str](), set[str]()
    waiting = [str(driver_class(driver).__module__)]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            codecs_here, others = _imports(import_module(path))
            found |= codecs_here
            waiting += sorted(others)
    return sorted(found)


def drivers_of(protocol: str) -> list[str]:
    """Return the drivers that speak a protocol."""
    return [name for name in names() if protocol in protocols_of(name)]


def _imports(module: ModuleType) -> tuple[set[str], set[str]]:
    """Return the protocols, and the drivers' other modules, that a module's names come from."""
    protocols, others = set[str](), set[str]()
    for thing in vars(module).values():
        path = thing.__name__ if inspect.ismodule(thing) else getattr(thing, "__module__", None)
        if not isinstance(path, str):
            continue
        if path.startswith(f"{_PACKAGE}."):
            name = path.removeprefix(f"{_PACKAGE}.")
            protocols.add(MODBUS if name in _MODBUS_MODULES else name)
        elif path.startswith("drivers.") and path not in _OF_EVERY_DRIVER:
            others.add(path)
    return protocols, others


def _decoder_classes(module: ModuleType) -> list[Any]:
    """Return a codec's own decoders that can be made without knowing a request."""
    return [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and thing.__module__ == module.__name__
        and hasattr(thing, "next_frame")
        and hasattr(thing, "receive_data")
        and not _needs_arguments(thing)
    ]


def _needs_arguments(thing: type) -> bool:
    parameters = inspect.signature(thing).parameters.values()
    return any(
        one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        for one in parameters
    )


@dataclasses.dataclass(slots=True)
class _Direction:
    """One direction's decoders, and the bytes that none of them has explained."""

    decoders: list[_Decoder]
    pending: bytearray = dataclasses.field(default_factory=bytearray)
    refusal: str = ""


class CodecInterpreter:
    """Says what a codec's frames mean; see ``meaning.Interpreter``.

    What is sent and what is received are two streams; a line that is only listened to is one.
    """

    def __init__(
        self, module: ModuleType, make_decoders: Callable[[], list[Any]] | None = None
    ) -> None:
        """Interpret one protocol.

        Args:
            module: Its codec; if it has a ``describe``, that gives the words.
            make_decoders: Makes those that need arguments; None takes those that need none.
        """
        self._module = module
        self._make_decoders = make_decoders or (lambda: [m() for m in _decoder_classes(module)])
        self._directions: dict[bool | None, _Direction] = {}

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """See ``Interpreter.hear``."""
        if is_sent not in self._directions:
            self._directions[is_sent] = _Direction(self._make_decoders())
        direction = self._directions[is_sent]
        direction.pending += data
        meanings = list[Meaning]()
        texts = list[str]()
        for decoder in direction.decoders:
            decoder.receive_data(data)
            for frame in _frames(decoder, direction):
                text = self._text(frame)
                raw = getattr(frame, "raw", b"")
                if raw and (at := direction.pending.find(raw)) >= 0:
                    before, end = bytes(direction.pending[:at]), at + len(raw)
                    noise = before.rstrip(PREAMBLES)
                    meanings += _noise(noise, at_s, is_sent, direction)
                    whole = bytes(direction.pending[len(noise) : end])
                    meanings.append(Meaning(at_s, is_sent, whole, text))
                    del direction.pending[:end]
                else:
                    texts.append(text)
        if texts:
            meanings.append(Meaning(at_s, is_sent, bytes(direction.pending), "; ".join(texts)))
            direction.pending.clear()
        if len(direction.pending) > PENDING_SIZE_BYTES_MAX:
            meanings += self.flush(at_s=at_s)
        return meanings

    def flush(self, *, at_s: float) -> list[Meaning]:
        """See ``Interpreter.flush``."""
        meanings = list[Meaning]()
        for is_sent, direction in self._directions.items():
            meanings += _noise(bytes(direction.pending), at_s, is_sent, direction)
            direction.pending.clear()
        return meanings

    def _text(self, frame: object) -> str:
        describe = getattr(self._module, "describe", None)
        if describe is not None:
            return str(describe(frame))
        if isinstance(frame, str):
            return f"text {frame!r}"
        if dataclasses.is_dataclass(frame):
            words = ", ".join(
                f"{field.name} {_value(getattr(frame, field.name))}"
                for field in dataclasses.fields(frame)
                if field.repr and field.name not in ("raw", "frame")
            )
            return f"{_words(type(frame).__name__)}{f': {words}' if words else ''}"
        return _words(type(frame).__name__)


class TextInterpreter:
    """Says what a protocol that is text says, piece by piece; see ``meaning.Interpreter``."""

    def hear(self, data: bytes, *, at_s: float, is_sent: bool | None) -> list[Meaning]:
        """See ``Interpreter.hear``."""
        words = " ".join(data.decode("utf-8", "replace").split())
        return [Meaning(at_s, is_sent, data, words[:TEXT_LENGTH_MAX])] if words else []

    def flush(self, *, at_s: float) -> list[Meaning]:
        """See ``Interpreter.flush``; nothing waits."""
        return []


def _frames(decoder: _Decoder, direction: _Direction) -> list[object]:
    frames = list[object]()
    while True:
        try:
            frame = decoder.next_frame()
        except FrameError as error:
            direction.refusal = str(error)
            continue
        if isinstance(frame, NeedData):
            return frames
        frames.append(frame)


def _noise(data: bytes, at_s: float, is_sent: bool | None, direction: _Direction) -> list[Meaning]:
    why, direction.refusal = direction.refusal, ""
    if not data:
        return []
    return [Meaning(at_s, is_sent, data, f"noise{f': {why}' if why else ''}", is_noise=True)]


def _words(name: str) -> str:
    """Return a class's name as words."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _value(value: object) -> str:
    return value.hex(" ").upper() if isinstance(value, bytes) else str(value)
