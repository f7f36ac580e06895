"""One person's visit: which frames are looked up, and when the attempt is decided. Pure.

A visit makes one attempt, and another one if the person was asked to uncover the face and did. It
looks at a few good frames, never twice at one, and accepts the first clear one; otherwise the best
of them decides, or their mean: what is common to several frames is the person, what differs is
light, movement and noise.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from models.face.covers import Cover
from models.face.types import Candidate, Embedding

LOOK_COUNT_MAX = 5
LOOK_INTERVAL_S = 0.06
"""Shortest time between two looks: frames of one instant say the same."""
WAIT_S_MAX = 0.6
"""Longest time from the first good frame to the decision, liveness apart."""
COMBINED_MARGIN = 0.02
"""Demanded more of a mean of frames: it is nearer to everybody, strangers included."""
CHECK_INTERVAL_S = 0.4
"""How often it is checked that the person standing there is still the one of the attempt."""
UNCOVERED_COUNT_MIN = 2
"""Frames in a row without a cover after which a person who was asked is looked at again."""
DOUBT_COUNT_MAX = 2
"""Frames in a row that must disagree before a person who was decided counts as replaced."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One good frame of a person, looked up.

    Attributes:
        captured_at_s: Monotonic.
        candidates: Best first, at most two.
        threshold: The similarity to demand, for ``gallery_size`` people.
        step_up: From here to ``threshold`` a card is asked for.
        margin_min: By which the best must lead the second to be clear.
        frame_count: 1, or the number of frames whose mean was looked up.
        cover: What hides the face; None where nothing does, or nobody looked for it.
        quality: 0..1, of the picture; decides between looks that resemble nobody.
    """

    captured_at_s: float
    embedding: Embedding
    candidates: Sequence[Candidate]
    threshold: float
    step_up: float
    margin_min: float
    gallery_size: int
    quality: float
    frame_count: int = 1
    cover: Cover | None = None

    @property
    def clearance(self) -> float:
        """How far the best person stands above the threshold and above the second person."""
        if not self.candidates:
            return float("-inf")
        best = self.candidates[0].similarity
        second = self.candidates[1].similarity if len(self.candidates) > 1 else self.threshold
        return best - max(self.threshold, second)

    @property
    def is_clear(self) -> bool:
        """Whether one person is above the threshold and well ahead: more frames add nothing."""
        if not self.candidates or self.candidates[0].similarity < self.threshold:
            return False
        best = self.candidates[0].similarity
        return all(best - other.similarity >= self.margin_min for other in self.candidates[1:])


class Visit:
    """What is known of one person while the person is in view.

    Attributes:
        is_decided: The attempt is made.
        awaits_uncovering: It failed for what hides the face; see ``see_uncovered``.

    Args:
        similarity: The pipeline's measure of two embeddings.
        same_person_similarity: Two looks less alike than this are two people.
    """

    def __init__(
        self,
        *,
        similarity: Callable[[Embedding, Embedding], float],
        same_person_similarity: float,
        look_count_max: int = LOOK_COUNT_MAX,
        wait_s_max: float = WAIT_S_MAX,
    ) -> None:
        self._similarity = similarity
        self._same_person_similarity = same_person_similarity
        self._look_count_max, self._wait_s_max = look_count_max, wait_s_max
        self._looks: list[Look] = []
        self._combined: list[Look] = []
        self._dropped: Counter[str] = Counter()
        self._checked_at_s = float("-inf")
        self._doubt_count = self._uncovered_count = 0
        self._can_reopen = True
        self.is_decided = self.awaits_uncovering = False

    @property
    def looks(self) -> Sequence[Look]:
        """The looks so far, oldest first."""
        return tuple(self._looks)

    @property
    def wants_look(self) -> bool:
        """Whether another good frame would be looked up."""
        return not self.is_decided and len(self._looks) < self._look_count_max

    @property
    def dropped(self) -> Mapping[str, int]:
        """Frames that were not good enough before the decision, by reason."""
        return dict(self._dropped)

    @property
    def cover(self) -> Cover | None:
        """What hides the face in most of the looks."""
        [(most, count)] = Counter(look.cover for look in self._looks).most_common(1) or [(None, 0)]
        return most if 2 * count > len(self._looks) else None

    def await_uncovering(self) -> None:
        """The person was not recognised and is asked to uncover the face: once a visit."""
        self.awaits_uncovering, self._can_reopen = self._can_reopen, False

    def see_uncovered(self, *, is_uncovered: bool) -> None:
        """Take a frame after ``await_uncovering``; another attempt begins when the face is free."""
        self._uncovered_count = self._uncovered_count + 1 if is_uncovered else 0
        if self._uncovered_count >= UNCOVERED_COUNT_MIN:
            self.is_decided = self.awaits_uncovering = False
            self._looks, self._combined = [], []
            self._dropped.clear()

    def drop(self, reason: str) -> None:
        """Count a frame that was not good enough to be looked up."""
        if not self.is_decided:
            self._dropped[reason] += 1

    def resembles(self, embedding: Embedding) -> bool:
        """Return whether a face may be this visit's; False before its first look."""
        likeness = (self._similarity(look.embedding, embedding) for look in self._looks)
        return max(likeness, default=float("-inf")) >= self._same_person_similarity

    def is_somebody_else(self, embedding: Embedding, *, now_s: float) -> bool:
        """Return whether this is another person than the one of the visit.

        Before the decision one frame that disagrees is enough, for nothing is lost by starting
        anew. After it, a second attempt would open the gate again, so two in a row must disagree.
        """
        self._checked_at_s = now_s
        if not self._looks:
            return False
        if self.resembles(embedding):
            self._doubt_count = 0
            return False
        self._doubt_count += 1
        return not self.is_decided or self._doubt_count >= DOUBT_COUNT_MAX

    def must_check(self, *, now_s: float) -> bool:
        """Return whether this frame should be compared with the person who was decided."""
        return self._doubt_count > 0 or now_s - self._checked_at_s >= CHECK_INTERVAL_S

    def add(self, look: Look) -> None:
        """Add a look at a frame that was not looked at before.

        Raises:
            ValueError: The attempt is decided, or the frame is not newer than the last.
        """
        if self.is_decided:
            raise ValueError("this visit's attempt is decided")
        if self._looks and look.captured_at_s <= self._looks[-1].captured_at_s:
            raise ValueError("this frame was looked at already")
        self._looks.append(look)

    def add_combined(self, look: Look) -> None:
        """Add the mean of all looks so far, looked up."""
        self._combined.append(look)

    def due(self, *, now_s: float) -> Look | None:
        """Return the look that would decide now; None while it is too early or all is decided.

        Args:
            now_s: Capture of the newest frame, monotonic.
        """
        if self.is_decided or not self._looks:
            return None
        best = max((*self._looks, *self._combined), key=lambda look: (look.clearance, look.quality))
        is_due = (
            len(self._looks) >= self._look_count_max
            or now_s - self._looks[0].captured_at_s >= self._wait_s_max
        )
        return best if best.is_clear or is_due else None

    def close(self, *, now_s: float) -> None:
        """The attempt is decided."""
        self.is_decided = True
        self._checked_at_s = now_s

    def decide(self, *, now_s: float) -> Look | None:
        """Return the look that decides, once, where nothing else is waited for; see ``due``."""
        look = self.due(now_s=now_s)
        if look is not None:
            self.close(now_s=now_s)
        return look
