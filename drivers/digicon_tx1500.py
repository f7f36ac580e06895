"""A Digicon TX1500 turnstile over a serial line, 115200 8N1. Model-specific.

Source: Digicon TX1500 manual, serial protocol (version unconfirmed).
"""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    GateMode,
    Observation,
    PassageCounted,
    ProtocolViolationError,
    Side,
)
from drivers.bus import Bus, Priority
from drivers.protocols.digicon import (
    ACK,
    ALWAYS_FREE,
    BOTH,
    CONTROL,
    LEFT_TO_RIGHT,
    NAK,
    PASSED_LEFT_TO_RIGHT,
    PASSED_RIGHT_TO_LEFT,
    RIGHT_TO_LEFT,
    SignDecoder,
    encode_command,
)
from drivers.registry import register

WAYS: Final = {"right_to_left": RIGHT_TO_LEFT, "left_to_right": LEFT_TO_RIGHT}
OPPOSITE: Final = {"right_to_left": "left_to_right", "left_to_right": "right_to_left"}
RELEASE_S: Final = 10.0
"""A release is left alone for so long (ours; the manual gives no time)."""
PASSED: Final = {"right_to_left": PASSED_RIGHT_TO_LEFT, "left_to_right": PASSED_LEFT_TO_RIGHT}


@register("digicon_tx1500")
class DigiconTx1500:
    """One turnstile; satisfies ``Driver`` and ``PassageGate``. One request in flight.

    A release is acknowledged by one byte without a check, and cannot be read back: noise may
    confirm or refuse one. It is never sent again, because a second release might let a second
    person through. Setting modes is repeated, that is harmless; but whether it takes back a release
    that somebody is about to use the manual does not say, so that a release is left alone for a
    while.
    Passages are single bytes without a check: noise may invent one; a passage nobody was let
    through for is for the edge to judge.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the turnstile was built, and how patient we are.

        Attributes:
            way_in: ``right_to_left`` or ``left_to_right``: the way that leads in.
            timeout_s: Longest wait for an acknowledgement.
            attempt_count: Times that a mode is sent before giving up, 1..10.
        """

        way_in: str = "right_to_left"
        timeout_s: float = 0.3
        attempt_count: int = 3

        def __post_init__(self) -> None:
            name = "digicon_tx1500"
            if self.way_in not in WAYS:
                raise ValueError(f"{name}: way_in is {', '.join(WAYS)}, not {self.way_in!r}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"{name}: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"{name}: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._released_at_s = -math.inf
        way_in = settings.way_in
        self._ways = {Side.IN: way_in, Side.OUT: OPPOSITE[way_in]}
        self._modes = dict.fromkeys(Side, GateMode.CONTROLLED)
        self._subscription = bus.subscribe(
            SignDecoder((PASSED_RIGHT_TO_LEFT, PASSED_LEFT_TO_RIGHT))
        )

    async def start(self) -> None:
        """Set both ways as they were; raises when the turnstile does not answer."""
        await self._set_modes()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``; asks for nothing that moves anything."""
        sides = {PASSED[way]: side for side, way in self._ways.items()}
        signs = self._subscription.take()
        is_released = self._monotonic() - self._released_at_s < RELEASE_S
        if not signs and not is_released:
            # It has no question: setting what is set already tells whether it is there.
            await self._set_modes(Priority.POLL)
            signs = self._subscription.take()
        return [PassageCounted(sides[sign.code], 1) for sign in signs]

    async def access(self, side: Side) -> CommandReceipt:
        """See ``PassageGate.access``.

        Raises:
            CommandRejectedError: The turnstile answered that it does not take the release.
            DeviceUnreachableError: Whether it took it is not known.
        """
        self._released_at_s = self._monotonic()
        if await self._tell(encode_command(WAYS[self._ways[side]]), Priority.COMMAND):
            return CommandReceipt(attempts=1)
        raise CommandRejectedError("the turnstile does not take the release", code=NAK)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        """See ``PassageGate.set_mode``.

        Raises:
            CommandRejectedError: It cannot forbid a way.
        """
        if mode is GateMode.FORBIDDEN:
            raise CommandRejectedError(f"a TX1500 cannot forbid side {side.value}")
        self._modes[side] = mode
        await self._set_modes()
        return CommandReceipt(attempts=1)

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._subscription.close()

    async def _set_modes(self, priority: Priority = Priority.COMMAND) -> None:
        free = [side for side, mode in self._modes.items() if mode is GateMode.FREE]
        way = {0: b"", 1: WAYS[self._ways[free[0]]] if free else b"", 2: BOTH}[len(free)]
        command = encode_command(ALWAYS_FREE + way if way else CONTROL)
        last: Exception | None = None
        for _ in range(self._settings.attempt_count):
            try:
                if await self._tell(command, priority):
                    return
            except (DeviceUnreachableError, ProtocolViolationError) as error:
                last = error
        raise last or CommandRejectedError("the turnstile does not take its mode", code=NAK)

    async def _tell(self, command: bytes, priority: Priority) -> bool:
        """Send a command; returns whether it was taken."""
        sign = await self._bus.exchange(
            command,
            SignDecoder((ACK, NAK)),
            unit_id="digicon_tx1500",
            timeout_s=self._settings.timeout_s,
            priority=priority,
        )
        return sign.code == ACK
