"""Numbers of credentials and keys taken out of recordings, so that the rest still replays.

A number is replaced by another of the same form, the same one wherever it comes again, and the
frame is made anew with sound check characters. The replacements come from a key that is drawn for
one recording and kept nowhere. Bytes that are no frame may be most of a number: they become one
zero byte. Of OSDP what a reader sends of a card, keys, templates and texts become zeros, encrypted
or not: who knows the key of a reader's installation could read them.
"""

import dataclasses
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Protocol

from drivers.base import CredentialKind
from drivers.decoding import drivers_of, protocols_of
from drivers.protocols import FrameError, NeedData, ibutton, osdp, pn532, rdm6300
from drivers.protocols.line_text import Alphabet, LineDecoder, Terminator, encode_line
from drivers.registry import driver_class

NOISE: Final = b"\x00"
REFUSED_LINE: Final = "\x00"
LINE_LENGTH_MAX: Final = 4296
LINE_PAUSE_S: Final = 0.5
REDACTED: Final = "redacted"
_SECRET_SETTING: Final = re.compile(r"key|scbk|secret|password|token|pin\b")
_CREDENTIAL_NAMES: Final = frozenset({"CredentialRead", "AccessReported", "KeysPressed"})
_OSDP_SECRET_COMMANDS: Final = frozenset(
    {
        osdp.Command.TEXT,
        osdp.Command.BIOREAD,
        osdp.Command.BIOMATCH,
        osdp.Command.KEYSET,
        osdp.Command.FILETRANSFER,
        osdp.Command.MFG,
        osdp.Command.XWR,
        osdp.Command.PIVDATA,
        osdp.Command.GENAUTH,
        osdp.Command.CRAUTH,
    }
)
_OSDP_SECRET_REPLIES: Final = frozenset(
    {
        osdp.Reply.RAW,
        osdp.Reply.FMT,
        osdp.Reply.KEYPAD,
        osdp.Reply.BIOREADR,
        osdp.Reply.BIOMATCHR,
        osdp.Reply.PIVDATAR,
        osdp.Reply.GENAUTHR,
        osdp.Reply.CRAUTHR,
        osdp.Reply.MFGREP,
        osdp.Reply.XRD,
    }
)
_RAW_HEAD_SIZE_BYTES: Final = 4
"""Of a RAW reply: reader, format and number of bits say how a card was read, not which."""


class Pseudonyms:
    """Other numbers instead of numbers: the same form, and always the same for the same."""

    def __init__(self, key: bytes | None = None) -> None:
        """Draw the replacements.

        Args:
            key: Of a test; None draws one.
        """
        self._key = secrets.token_bytes(32) if key is None else key

    def text(self, text: str, *, keep: int = 0) -> str:
        """Return another text: digits for digits, letters for letters, the rest as it is.

        Args:
            text: A number or a code.
            keep: So many characters at the beginning stay.
        """
        alphabet = "0123456789ABCDEF" if re.fullmatch("[0-9]*[A-F][0-9A-F]*", text) else ""
        noise = _stream(self._key, text)
        return text[:keep] + "".join(_other(c, alphabet, next(noise)) for c in text[keep:])

    def number(self, kind: str, number: str) -> str:
        """Return another number of a credential, as valid as it was."""
        match kind:
            case CredentialKind.IBUTTON if re.fullmatch("[0-9A-F]{16}", number):
                serial, family = bytes.fromhex(number[2:14]), int(number[14:], 16)
                return self.key(ibutton.Key(family, serial)).number
            case CredentialKind.CARD_UID:
                return self.text(number, keep=2)  # says which kind of UID it is
        return self.text(number)

    def key(self, key: ibutton.Key) -> ibutton.Key:
        """Return another iButton."""
        return dataclasses.replace(key, serial=bytes.fromhex(self.text(key.serial.hex().upper())))

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return an observation's fields with its number replaced, and its keys struck out."""
        redacted = dict(fields)
        if isinstance(number := fields.get("number"), str):
            redacted["number"] = self.number(str(fields.get("kind")), number)
        if isinstance(digits := fields.get("digits"), str):
            redacted["digits"] = "0" * len(digits)
        return redacted


def _stream(key: bytes, text: str) -> Iterator[int]:
    """Yield bytes that depend on a text and the key alone, for ever."""
    count = 0
    while True:
        yield from hmac.digest(key, f"{count}:{text}".encode(), hashlib.sha256)
        count += 1


def _other(character: str, alphabet: str, noise: int) -> str:
    if not character.isprintable():
        return character
    if not alphabet:
        if "0" <= character <= "9":
            alphabet = "0123456789"
        elif "a" <= character <= "z":
            alphabet = "abcdefghijklmnopqrstuvwxyz"
        elif "A" <= character <= "Z":
            alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        elif character.isascii():
            return character
        else:
            return chr(0x4E00 + noise)  # a Chinese character
    return alphabet[noise % len(alphabet)]


class Redactor(Protocol):
    """Replaces what is secret in the bytes of one direction; may hold back what is incomplete."""

    def redact(self, data: bytes, *, at_s: float) -> bytes:
        """Return what may be kept of the bytes until now; perhaps nothing."""
        ...


class FrameRedactor:
    """Makes every frame anew; nothing else passes."""

    def __init__(
        self,
        decoder: Any,  # noqa: ANN401 - each codec has its own frames
        encode: Callable[[Any], bytes],
        *,
        noise: bytes = NOISE,
        on_pause: Callable[[], None] = lambda: None,
    ) -> None:
        """Redact one protocol.

        Args:
            decoder: Finds the frames.
            encode: Makes a frame's bytes with another number.
            noise: Stands where bytes were no frame.
            on_pause: Called after a silence in which a frame would have ended.
        """
        self._decoder, self._encode = decoder, encode
        self._noise, self._on_pause = noise, on_pause
        self._last_at_s = float("-inf")

    def redact(self, data: bytes, *, at_s: float) -> bytes:
        """See ``Redactor.redact``."""
        if at_s - self._last_at_s > LINE_PAUSE_S:
            self._on_pause()
        self._last_at_s = at_s
        self._decoder.receive_data(data)
        kept = b""
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                kept += self._noise
                continue
            if isinstance(frame, NeedData):
                return kept
            kept += self._encode(frame)


class Unchanged:
    """Keeps all: nothing is secret."""

    def redact(self, data: bytes, *, at_s: float) -> bytes:
        """See ``Redactor.redact``."""
        return data


def _rdm6300(_: Mapping[str, Any], pseudonyms: Pseudonyms) -> Redactor:
    return FrameRedactor(
        rdm6300.Decoder(), lambda tag: rdm6300.encode_tag(pseudonyms.text(tag.number))
    )


def _ibutton(settings: Mapping[str, Any], pseudonyms: Pseudonyms) -> Redactor:
    order = ibutton.Order(settings["order"])
    return FrameRedactor(
        ibutton.Decoder(order, family=settings["family"]),
        lambda key: ibutton.encode_key(pseudonyms.key(key), order),
    )


def _line_text(settings: Mapping[str, Any], pseudonyms: Pseudonyms) -> Redactor:
    terminator = Terminator(settings.get("terminator", "any"))
    lines = LineDecoder(terminator=terminator, alphabet=Alphabet.TEXT, length_max=LINE_LENGTH_MAX)
    return FrameRedactor(
        lines,
        lambda line: encode_line(pseudonyms.text(line), terminator),
        noise=encode_line(REFUSED_LINE, terminator),
        on_pause=lines.forget_incomplete,
    )


def _pn532(_: Mapping[str, Any], pseudonyms: Pseudonyms) -> Redactor:
    return FrameRedactor(pn532.FrameDecoder(), lambda frame: _pn532_frame(frame, pseudonyms))


def _pn532_frame(frame: pn532.Frame, pseudonyms: Pseudonyms) -> bytes:
    match frame:
        case pn532.Ack():
            return pn532.ACK
        case pn532.Nack():
            return pn532.NACK
        case pn532.SyntaxErrorFrame():
            return pn532.SYNTAX_ERROR
    data = frame.data
    is_list = frame.code == pn532.IN_LIST_PASSIVE_TARGET.code + 1
    if frame.tfi == pn532.TO_HOST and is_list and len(data) > 6:
        end = 6 + data[5]
        number = pseudonyms.number(CredentialKind.CARD_UID, data[6:end].hex().upper())
        # What stands behind the UID may be a card's own words: its length stays.
        ats = data[end : end + 1] + bytes(len(data[end + 1 :]))
        data = data[:6] + bytes.fromhex(number) + ats
    return pn532.encode_information(dataclasses.replace(frame, data=data))


def _osdp(_: Mapping[str, Any], __: Pseudonyms) -> Redactor:
    return FrameRedactor(osdp.Decoder(), osdp_frame)


def osdp_frame(frame: osdp.Frame) -> bytes:
    """Return an OSDP frame's bytes, mark included, without what is secret."""
    secret = _OSDP_SECRET_REPLIES if frame.is_reply else _OSDP_SECRET_COMMANDS
    if frame.code not in secret:
        return bytes([osdp.MARK]) + frame.raw
    is_raw = frame.is_reply and frame.code == osdp.Reply.RAW and not frame.is_encrypted
    head = frame.data[:_RAW_HEAD_SIZE_BYTES] if is_raw else b""
    return bytes([osdp.MARK]) + osdp.encode_frame(
        frame.address,
        frame.code,
        head + bytes(len(frame.data) - len(head)),
        sequence=frame.sequence,
        is_reply=frame.is_reply,
        security=frame.security,
        mac=bytes(len(frame.mac)),
        has_crc=bool(frame.raw[4] & osdp.CRC_FLAG),
    )


_REDACTORS: Final[Mapping[str, Callable[[Mapping[str, Any], Pseudonyms], Redactor]]] = {
    "ibutton": _ibutton,
    "line_text": _line_text,
    "osdp": _osdp,
    "pn532": _pn532,
    "rdm6300": _rdm6300,
}
_BOTH_WAYS: Final = frozenset({"osdp"})
"""Where what we send may be secret too."""


def has_credentials(driver: str) -> bool:
    """Return whether a driver reports credentials: then its frames carry them."""
    module = import_module(str(driver_class(driver).__module__))
    return not _CREDENTIAL_NAMES.isdisjoint(vars(module))


def _is_harmless(protocol: str) -> bool:
    """Return whether no driver that speaks a protocol finds credentials in it."""
    speakers = drivers_of(protocol)
    return bool(speakers) and not any(has_credentials(driver) for driver in speakers)


def redactors(
    driver: str, protocol: str, settings: Mapping[str, Any], pseudonyms: Pseudonyms
) -> tuple[Redactor, Redactor]:
    """Return what redacts the bytes that we send, and those that we receive.

    Args:
        driver: Empty when a line is only listened to.
        protocol: What is spoken on it then.
        settings: Of the driver, with its defaults.
        pseudonyms: Give the other numbers.

    Raises:
        ValueError: The bytes may hold numbers of credentials and no way to redact them is known.
    """
    spoken: Sequence[str] = protocols_of(driver) if driver else [protocol]
    for name in spoken:
        if name in _REDACTORS:
            try:
                received = _REDACTORS[name](settings, pseudonyms)
                is_both = name in _BOTH_WAYS
                sent = _REDACTORS[name](settings, pseudonyms) if is_both else Unchanged()
            except KeyError as error:
                raise ValueError(
                    f"{name} is redacted with its driver's settings: name a driver"
                ) from error
            return sent, received
    if not driver and not _is_harmless(protocol):
        raise ValueError("what these bytes hold is not known: name a --driver, or give --raw")
    if driver and has_credentials(driver):
        raise ValueError(
            f"frames of {driver} hold numbers of credentials, and no way to redact them is known:"
            " give --raw to keep them as they are"
        )
    return Unchanged(), Unchanged()


def redacted_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without keys and passwords."""
    return {
        name: REDACTED if _SECRET_SETTING.search(name) and isinstance(value, str | bytes) else value
        for name, value in settings.items()
    }
