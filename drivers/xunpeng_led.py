"""A parking guidance display that shows a number (Xunpeng). Model-specific, write-only.

Source: the maker's protocol sheet as public samples quote it (version unconfirmed).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.base import CommandReceipt, Observation
from drivers.bus import Bus, Priority
from drivers.protocols.xunpeng import NUMBER_MAX, Frame, encode
from drivers.registry import register

COLOURS: Final = {"red": 1, "green": 2, "yellow": 3}


@register("xunpeng_led")
class XunpengLed:
    """One display; satisfies ``Driver`` and ``Display``.

    It answers nothing: what it shows is not known, and only loss of the line is seen. The last
    number is shown again when the line is back.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: colour: ``red``, ``green`` or ``yellow``."""

        colour: str = "green"

        def __post_init__(self) -> None:
            if self.colour not in COLOURS:
                raise ValueError(
                    f"xunpeng_led: colour is {', '.join(COLOURS)}, not {self.colour!r}"
                )

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._colour = bus, COLOURS[settings.colour]
        self._number: int | None = None

    async def start(self) -> None:
        """Show the last number again; raises when the line is not there."""
        if self._number is None:
            await self._bus.send(b"", unit_id="xunpeng_led")
        else:
            await self._send(self._number)

    async def poll(self) -> Sequence[Observation]:
        """Report nothing; only whether the line is there can be known."""
        await self._bus.send(b"", unit_id="xunpeng_led", priority=Priority.POLL)
        return []

    async def show(self, text: str) -> CommandReceipt:
        """See ``Display.show``; a whole number 0..9999. Sent, not confirmed."""
        if not (text.isascii() and text.isdecimal() and int(text) <= NUMBER_MAX):
            raise ValueError(f"this display shows a number 0..{NUMBER_MAX}, not {text!r}")
        self._number = int(text)
        await self._send(self._number)
        return CommandReceipt(attempts=1)

    async def _send(self, number: int) -> None:
        await self._bus.send(encode(Frame(self._colour, number)), unit_id="xunpeng_led")
