"""What the screen of one access point says, and for how long."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, Literal, Protocol

from config.contract.access import CredentialKind, DenialReason
from config.site import AccessPointEntry
from edge.kiosk.state import KioskState, Phase
from models.face.covers import Cover

SHOWN_S: Final = 2.5
"""How long a welcome, a passage or a refusal stands before people are looked for again."""
STEP_UP_S: Final = 10.0
"""How long a card is asked for: it has to be found first."""


class Board(Protocol):
    """The part of the kiosk that is needed here."""

    def show(self, state: KioskState) -> None:
        """Replace what an access point's screen shows."""
        ...


class Screen:
    """One access point's screen. It belongs to the event loop's thread."""

    def __init__(
        self, point: AccessPointEntry, board: Board, *, now: Callable[[], datetime]
    ) -> None:
        """Begin with a gate and a camera that have not been heard of."""
        self._point, self._board, self._now = point, board, now
        self._is_gate_able = self._is_camera_able = False
        self._standing: Phase | None = None
        self._idle_later: asyncio.TimerHandle | None = None
        self._when_fire: list[Callable[[bool], None]] = []

    def when_fire(self, call: Callable[[bool], None]) -> None:
        """Call this with whether a fire, no drill, releases the gate; it must be quick."""
        self._when_fire.append(call)

    def gate_is_able(self, *, is_able: bool) -> None:
        """Whether the gate can let anybody through now."""
        if is_able != self._is_gate_able:
            self._is_gate_able = is_able
            self.show_idle()

    def camera_is_able(self, *, is_able: bool) -> None:
        """Whether faces are recognised here now; cards always are."""
        if is_able != self._is_camera_able:
            self._is_camera_able = is_able
            self.show_idle()

    def fire_is_on(self, phase: Literal["fire", "drill"] | None) -> None:
        """Show nothing but the fire, or the drill, as long as it releases the gate."""
        if phase != self._standing:
            self._standing = phase
            self.show_idle()
            for call in self._when_fire:
                call(phase == "fire")

    def show(
        self,
        phase: Phase,
        *,
        masked_name: str = "",
        reason: DenialReason | None = None,
        cover: Cover | None = None,
        asks: Collection[CredentialKind] = (),
    ) -> None:
        """Show something that just happened, for a while; nothing passes over a fire."""
        if self._standing is not None:
            return
        self._put(phase, masked_name, reason, cover, asks)
        shown_s = STEP_UP_S if phase == "step_up" else SHOWN_S
        self._idle_later = asyncio.get_running_loop().call_later(shown_s, self.show_idle)

    def show_idle(self) -> None:
        """Show what stands while nothing happens: what people must know before they try."""
        if self._standing is not None:
            self._put(self._standing)
        elif not self._is_gate_able:
            self._put("fault")
        elif not self._is_camera_able:
            self._put("unavailable")
        else:
            self._put("looking")

    def _put(
        self,
        phase: Phase,
        masked_name: str = "",
        reason: DenialReason | None = None,
        cover: Cover | None = None,
        asks: Collection[CredentialKind] = (),
    ) -> None:
        if self._idle_later is not None:
            self._idle_later.cancel()
            self._idle_later = None
        self._board.show(
            KioskState(
                access_point=self._point.id,
                phase=phase,
                masked_name=masked_name,
                reason=reason,
                cover=cover,
                asks=tuple(kind for kind in CredentialKind if kind in asks),
                direction=self._point.direction,
                changed_at=self._now(),
            )
        )
