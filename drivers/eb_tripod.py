"""A tripod turnstile with the ``EB`` board, over RS-485. Model-specific.

The public manual names commands and no replies, so the board is only written to: nothing is
confirmed, no passage is counted, and a silent board looks like a listening one. Where that matters
take ``relay_gate`` with the board's own dry contacts.

Source: Mach Power AC-ATRI-018 manual, RS-485 protocol, 9600 8N1 (version unconfirmed).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from drivers.base import CommandReceipt, CommandRejectedError, GateMode, Observation, Side
from drivers.bus import Bus, Priority
from drivers.protocols.eb_tripod import Command, Frame, encode
from drivers.registry import register

OPPOSITE: Final = {"left": Command.OPEN_RIGHT, "right": Command.OPEN_LEFT}
OPEN: Final = {"left": Command.OPEN_LEFT, "right": Command.OPEN_RIGHT}


@register("eb_tripod")
class EbTripod:
    """One turnstile; satisfies ``Driver``, ``PassageGate``, ``Releasable``; nothing is confirmed.

    Requests in flight: none, the board does not answer. A command is sent once: two of them might
    let two people through.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the board is reached.

        Attributes:
            address: Of the board, 0..255.
            way_in: ``left`` or ``right``: the arm's way that leads in, as it was built.
        """

        address: int = 1
        way_in: str = "left"

        def __post_init__(self) -> None:
            if not 0 <= self.address <= 255:
                raise ValueError(f"eb_tripod: address is 0..255, not {self.address}")
            if self.way_in not in OPEN:
                raise ValueError(f"eb_tripod: way_in is left or right, not {self.way_in!r}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._unit_id = f"eb_tripod/{settings.address}"

    async def start(self) -> None:
        """Take back a prohibition that an earlier life may have left."""
        await self._send(Command.RESUME)

    async def poll(self) -> Sequence[Observation]:
        """Report nothing; only whether the line is there can be known."""
        await self._bus.send(b"", unit_id=self._unit_id, priority=Priority.POLL)
        return []

    async def access(self, side: Side) -> CommandReceipt:
        """See ``PassageGate.access``; the receipt says that it was sent, not that it was heard."""
        ways = OPEN if side is Side.IN else OPPOSITE
        return await self._send(ways[self._settings.way_in])

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``PassageGate.set_mode``; the board knows one prohibition for both sides only.

        Raises:
            CommandRejectedError: A side alone cannot be free; ``drop_arm`` frees both.
        """
        if mode is GateMode.FREE:
            raise CommandRejectedError(f"an EB board cannot set side {side.value} alone free")
        is_forbidden = mode is GateMode.FORBIDDEN
        return await self._send(Command.FORBID if is_forbidden else Command.RESUME)

    async def drop_arm(self) -> CommandReceipt:
        """Let the arm fall: both ways are free, until it is raised."""
        return await self._send(Command.DROP_ARM, Priority.FIRE)

    async def release(self) -> CommandReceipt:
        """See ``Releasable.release``; the receipt says that it was sent."""
        return await self.drop_arm()

    async def end_release(self) -> CommandReceipt:
        """See ``Releasable.end_release``."""
        return await self.raise_arm()

    async def raise_arm(self) -> CommandReceipt:
        """Raise the arm again."""
        return await self._send(Command.RAISE_ARM)

    async def _send(
        self, command: Command, priority: Priority = Priority.COMMAND
    ) -> CommandReceipt:
        frame = encode(Frame(self._settings.address, command))
        await self._bus.send(frame, unit_id=self._unit_id, priority=priority)
        return CommandReceipt(attempts=1)
