"""The ROM loader's own role, a simulated STM32 at its serial port: ``menshen sim stm32_rom``.

It knows parity as little as every pseudo-terminal, and starts no program: it goes silent.

Source: ST AN3155 Rev 14, sections 3.1 to 3.8; flash as in ST's reference manuals: erased is FF, and
writing clears bits.
"""

import dataclasses
import functools
import hashlib
import operator
from collections.abc import Generator
from typing import Any, ClassVar, Final

from drivers.simulators.far_end import FarEnd

ACK, NACK = b"\x79", b"\x1f"
WAKE: Final = 0x7F
FLASH_BEGIN: Final = 0x0800_0000
OPEN_WHEN_PROTECTED: Final = frozenset({0x00, 0x01, 0x02, 0x92})

Bytes = Generator[None, int, None]
"""A part of the talk: is given one byte after the other."""


class Simulator(FarEnd):
    """One chip.

    Attributes:
        flash: Its contents.
        started_at: Where a program was started last; None where none was.
    """

    KIND = "rom_loader"
    BAUDRATE = 115_200
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "power_cycle": {"in_loader": True},
        "protect": {"on": True},
        "write_protect": {"on": True},
        "lose": {"count": 1},
        "wear_out": {"page": 0},
    }

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """The chip.

        Attributes:
            chip_id: ST's number of the family; 0x410 is a medium-density STM32F10x.
            is_extended: It erases by 44 instead of 43.
            erase_s: Of a page, and of everything.
        """

        chip_id: int = 0x410
        is_extended: bool = False
        flash_size_bytes: int = 65_536
        page_size_bytes: int = 1024
        erase_s: float = 0.0

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.flash = bytearray(b"\xff" * settings.flash_size_bytes)
        self.erased_pages: list[int] = []
        self.worn_pages: set[int] = set()
        self.is_protected = self.is_write_protected = False
        self.started_at: int | None = None
        self._lost_count = 0
        self._said: list[bytes] = []
        self._busy_s = 0.0
        self._talk: Bytes | None = None
        self.do_power_cycle(in_loader=True)

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        for byte in data:
            if self._lost_count:
                self._lost_count -= 1
            elif self._talk is not None:
                try:
                    self._talk.send(byte)
                except StopIteration:
                    self._talk = None
        return self._take_said()

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``; what is erased is confirmed when its time is over."""
        self._busy_s = max(0.0, self._busy_s - dt_s)
        return self._take_said()

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "is_in_loader": self._talk is not None,
            "started_at": self.started_at,
            "is_protected": self.is_protected,
            "erased_pages": list(self.erased_pages),
            "sha256": hashlib.sha256(self.flash).hexdigest(),
        }

    def do_power_cycle(self, *, in_loader: bool) -> None:
        """Switch it off and on, with BOOT0 closed or open."""
        self._said.clear()
        self._busy_s = 0.0
        self.started_at = None if in_loader else FLASH_BEGIN
        self._talk = self._session() if in_loader else None
        if self._talk is not None:
            next(self._talk)

    def do_protect(self, *, on: bool) -> None:
        """Switch the read-out protection; on real chips, to switch it off erases everything."""
        if self.is_protected and not on:
            self.flash[:] = b"\xff" * len(self.flash)
        self.is_protected = on

    def do_write_protect(self, *, on: bool) -> None:
        """Let writes change nothing, without an error (AN3155 3.6)."""
        self.is_write_protected = on

    def do_lose(self, count: int) -> None:
        """Lose the next bytes that the host sends."""
        self._lost_count = count

    def do_wear_out(self, page: int) -> None:
        """Let one bit of a page stay set."""
        self.worn_pages.add(page)

    # ---- the talk

    def _take_said(self) -> list[bytes]:
        if self._busy_s:
            return []
        said, self._said = self._said, []
        return said

    def _say(self, data: bytes) -> None:
        self._said.append(data)

    def _session(self) -> Bytes:
        while (yield) != WAKE:
            pass
        self._say(ACK)
        commands = {
            0x00: self._get,
            0x01: self._get_version,
            0x02: self._get_id,
            0x11: self._read,
            0x21: self._go,
            0x31: self._write,
            0x44 if self._settings.is_extended else 0x43: self._erase,
        }
        while self.started_at is None:
            code = yield
            is_sound = (yield) == code ^ 0xFF
            may = code in OPEN_WHEN_PROTECTED or not self.is_protected
            if is_sound and may and code in commands:
                self._say(ACK)
                yield from commands[code]()
            else:
                self._say(NACK)

    def _get(self) -> Bytes:
        codes = [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44 if self._settings.is_extended else 0x43]
        codes += [0x63, 0x73, 0x82, 0x92]
        self._say(bytes([len(codes), 0x22, *codes]) + ACK)
        yield from ()

    def _get_version(self) -> Bytes:
        self._say(b"\x22\x00\x00" + ACK)
        yield from ()

    def _get_id(self) -> Bytes:
        self._say(b"\x01" + self._settings.chip_id.to_bytes(2, "big") + ACK)
        yield from ()

    def _address(self) -> Generator[None, int, int | None]:
        """Return an offset in flash; None where it was refused."""
        data = yield from _several(4)
        is_sound = (yield) == _xor(data)
        offset = int.from_bytes(data, "big") - FLASH_BEGIN
        if not is_sound or not 0 <= offset < len(self.flash):
            self._say(NACK)
            return None
        self._say(ACK)
        return offset

    def _read(self) -> Bytes:
        offset = yield from self._address()
        if offset is None:
            return
        count = yield
        if (yield) != count ^ 0xFF or offset + count >= len(self.flash):
            self._say(NACK)
            return
        self._say(ACK + self.flash[offset : offset + count + 1])

    def _write(self) -> Bytes:
        offset = yield from self._address()
        if offset is None:
            return
        count = yield
        data = yield from _several(count + 1)
        is_sound = (yield) == count ^ _xor(data)
        fits = offset + len(data) <= len(self.flash) and not (offset % 4 or len(data) % 4)
        if not is_sound or not fits:
            self._say(NACK)
            return
        if not self.is_write_protected:
            for at, byte in enumerate(data, offset):
                is_worn = at // self._settings.page_size_bytes in self.worn_pages
                self.flash[at] &= byte | is_worn
        self._say(ACK)

    def _go(self) -> Bytes:
        offset = yield from self._address()
        if offset is not None:
            self.started_at = FLASH_BEGIN + offset

    def _erase(self) -> Bytes:
        width = 2 if self._settings.is_extended else 1
        head = yield from _several(width)
        count = int.from_bytes(head, "big")
        page_count = len(self.flash) // self._settings.page_size_bytes
        is_all = count == (1 << 8 * width) - 1
        if is_all:
            is_sound = (yield) == (_xor(head) if self._settings.is_extended else 0x00)
            pages = list(range(page_count))
        else:
            body = yield from _several((count + 1) * width)
            is_sound = (yield) == _xor(head + body)
            pages = [int.from_bytes(body[at : at + width]) for at in range(0, len(body), width)]
        if not is_sound or any(page >= page_count for page in pages):
            self._say(NACK)
            return
        self._busy_s = self._settings.erase_s * (1 if is_all else len(pages))
        for page in pages:
            begin = page * self._settings.page_size_bytes
            self.flash[begin : begin + self._settings.page_size_bytes] = (
                b"\xff" * self._settings.page_size_bytes
            )
        self.erased_pages += pages
        self._say(ACK)


def _several(count: int) -> Generator[None, int, bytes]:
    data = bytearray()
    while len(data) < count:
        data.append((yield))
    return bytes(data)


def _xor(data: bytes) -> int:
    return functools.reduce(operator.xor, data)
