"""The PN532 that ``drivers.pn532`` asks, and the cards in its field.

It sleeps after power-up and hears nothing before ``55 55``. Sound commands are acknowledged and
answered, damaged ones are not (a NACK goes only to the PN532, which then says its last response
again). Before the retries are limited, it answers a search for cards only when one comes.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.pn532 import (
    ACK,
    FROM_HOST,
    SYNTAX_ERROR,
    TO_HOST,
    UID_LENGTHS,
    Ack,
    FrameDecoder,
    Information,
    Nack,
    Target,
    encode_information,
    encode_targets,
)
from drivers.simulators.far_end import FarEnd

WAKE_UP: Final = b"\x55\x55"
SWIPE_S: Final = 1.5
FIRMWARE_VERSION: Final = bytes.fromhex("32 01 06 07")
RETRIES_FOR_EVER: Final = 0xFF
CLASSIC, ULTRALIGHT = (b"\x00\x04", 0x08), (b"\x00\x44", 0x00)


class Simulator(FarEnd):
    """One reader.

    Attributes:
        is_awake: It hears commands.
        is_searching: It was asked for a card and will answer when one comes.
        retries: How often it looks for a card; 255 is for ever.
        card: In the field, or None.
    """

    KIND = "reader"
    BAUDRATE = 115_200
    ACTIONS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "swipe": {"uid": "04A1B2C3D4E5F6"},
        "present": {"uid": "04A1B2C3D4E5F6"},
        "remove": {},
        "power_cycle": {},
    }
    STIMULI = (("swipe", {"uid": "04A1B2C3D4E5F6"}, "CredentialRead"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Nothing can be set on it."""

    def __init__(self, settings: Settings) -> None:
        self.card: Target | None = None
        self._leaves_in_s = 0.0
        self.do_power_cycle()

    def do_power_cycle(self) -> None:
        """Take its power away and give it back; what was set up is lost."""
        self.is_awake = self.is_searching = False
        self.retries = RETRIES_FOR_EVER
        self._frames, self._asleep, self._last_response = FrameDecoder(), b"", b""

    def do_swipe(self, uid: str) -> None:
        """Hold a card to the reader for a moment."""
        self._hold(uid, SWIPE_S)

    def do_present(self, uid: str) -> None:
        """Hold a card to the reader until it is removed; 4, 7 or 10 bytes."""
        self._hold(uid, float("inf"))

    def do_remove(self) -> None:
        """Take the card away."""
        self.card = None

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        if not self.is_awake:
            heard = self._asleep + data
            _, woken, data = heard.partition(WAKE_UP)
            self.is_awake, self._asleep = bool(woken), heard[-1:]
        self._frames.receive_data(data)
        answers = list[bytes]()
        while self.is_awake:
            try:
                frame = self._frames.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                break
            answers += self._answers(frame)
        return answers

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: a search that waits is answered when a card has come."""
        frames = self._found() if self.is_searching and self.card is not None else []
        self._leaves_in_s -= dt_s
        if self._leaves_in_s <= 0:
            self.card = None
        return frames

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "is_awake": self.is_awake,
            "is_searching": self.is_searching,
            "retries": self.retries,
            "card": None if self.card is None else self.card.uid.hex().upper(),
        }

    def _answers(self, frame: object) -> list[bytes]:
        match frame:
            case Nack():
                return [self._last_response] if self._last_response else []
            case Ack():
                self.is_searching = False
                return []
            case Information(tfi=tfi, code=code, data=data) if tfi == FROM_HOST:
                self.is_searching = False
                return [ACK, *self._responses(code, data)]
            case _:
                return []

    def _responses(self, code: int, data: bytes) -> list[bytes]:
        match code, *data:
            case [0x02]:
                return [self._response(0x03, FIRMWARE_VERSION)]
            case [0x14, 0x01, *rest] if len(rest) <= 2:
                return [self._response(0x15, b"")]
            case [0x32, 0x05, _, _, retries]:
                self.retries = retries
                return [self._response(0x33, b"")]
            case [0x4A, 0x01, 0x00]:
                if self.card is None and self.retries == RETRIES_FOR_EVER:
                    self.is_searching = True
                    return []
                return self._found()
        return [SYNTAX_ERROR]

    def _found(self) -> list[bytes]:
        self.is_searching = False
        cards = () if self.card is None else (self.card,)
        return [self._response(0x4B, encode_targets(cards))]

    def _response(self, code: int, data: bytes) -> bytes:
        self._last_response = encode_information(Information(TO_HOST, code, data))
        return self._last_response

    def _hold(self, uid: str, duration_s: float) -> None:
        raw = bytes.fromhex(uid)
        if len(raw) not in UID_LENGTHS:
            raise ValueError(f"a UID has 4, 7 or 10 bytes, not {len(raw)}")
        sens_res, sel_res = CLASSIC if len(raw) == 4 else ULTRALIGHT
        self.card, self._leaves_in_s = Target(sens_res, sel_res, raw), duration_s
