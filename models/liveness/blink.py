"""Blinks over a track, from how open the eyes are.

Source: the eye aspect ratio of Soukupova and Cech, "Real-Time Eye Blink Detection using Facial
Landmarks", 2016. Their fixed limit is replaced by a share of the person's own usual opening,
because that differs between people by a factor of two.
"""

from collections.abc import Sequence
from typing import Final

from models.liveness.types import LivenessLook

SHUT_SHARE: Final = 0.65
"""Eyes are shut at or below this share of their usual opening."""
OPEN_SHARE: Final = 0.8
SHUT_S_MAX: Final = 0.6
"""Eyes that are shut for longer look down; a blink takes 0.1 to 0.4 s."""
TURN_MAX: Final = 0.2
"""Beyond this ``turn`` the far eye is drawn too badly to measure."""


class BlinkCounter:
    """Counts blinks as looks come in, oldest first.

    Attributes:
        count: Blinks that began and ended.
    """

    def __init__(self, *, usual: float | None = None) -> None:
        """Start; ``usual`` is the opening of open eyes, learnt from the looks when not known."""
        self.count = 0
        self._usual = usual
        self._open_at_s: float | None = None
        self._is_shut = False

    def restart(self) -> None:
        """Forget a blink that has begun, not how open the eyes usually are."""
        self._open_at_s, self._is_shut = None, False

    def take(self, look: LivenessLook) -> bool:
        """Return whether a blink ended with this look."""
        opening = look.eye_aspect_ratio
        if opening is None or abs(look.turn or 0.0) > TURN_MAX:
            return False
        if self._usual is None or opening > self._usual:
            self._usual = opening
        if opening <= SHUT_SHARE * self._usual:
            self._is_shut = self._open_at_s is not None
        elif opening >= OPEN_SHARE * self._usual:
            began, self._open_at_s = self._open_at_s, look.captured_at_s
            has_blinked = self._is_shut and began is not None
            self._is_shut = False
            if has_blinked and look.captured_at_s - (began or 0.0) <= SHUT_S_MAX:
                self.count += 1
                return True
        return False


def blink_count(looks: Sequence[LivenessLook]) -> int:
    """Return how often the eyes shut and opened again.

    At least five looks a second are needed to see most blinks.
    """
    openings = sorted(look.eye_aspect_ratio for look in looks if look.eye_aspect_ratio is not None)
    if len(openings) < 3:
        return 0
    counter = BlinkCounter(usual=openings[int(0.75 * (len(openings) - 1))])
    for look in looks:
        counter.take(look)
    return counter.count
