"""An active challenge: the person does what a photograph cannot, and a film does not know of.

A random sequence of turns and blinks is asked for, one at a time, each begun and ended looking
straight ahead. A flat picture that is turned keeps its ``Face.turn``, as every affine map does:
of 28 photographs seen in perspective none went from straight to turned at up to 35 degrees
(n=672), and 5 of 336 at 50 degrees. A film of the person must happen to show the sequence: without
the blink there are six equally likely ones, with it eighteen, so a challenge is never the only
signal and its attempts are to be counted.
"""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from itertools import product
from random import Random
from typing import Final

from models.liveness.blink import BlinkCounter
from models.liveness.types import LivenessLook

STEP_COUNT: Final = 3
YAW_PER_TURN_DEG: Final = 87.0
"""Degrees of the head pose network's yaw that go with one unit of ``Face.turn``: slope over 100
frames of a man who looks around (correlation 0.98) and over 60 LFW photographs (0.94)."""


class Instruction(StrEnum):
    """What the person is asked to do; left and right are the person's own, camera unmirrored."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK = "blink"


class Status(StrEnum):
    """How a challenge stands."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How a challenge stands.

    Attributes:
        instruction: What to tell the person now; None once it is over.
        done_count: Actions that are done.
        reason: Why it failed, one short line; empty otherwise.
    """

    status: Status
    instruction: Instruction | None
    done_count: int
    reason: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it goes on."""
        return self.status is Status.WAITING

    @property
    def has_passed(self) -> bool:
        """Whether everything was done in order."""
        return self.status is Status.PASSED


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeLimits:
    """What is demanded.

    Attributes:
        turn_min: ``Face.turn`` that counts as turned to a side; 0.22 is about 19 degrees.
        straight_max: Up to this ``turn`` the face looks straight ahead.
        step_s_max: For one action, looking straight before it included.
        gap_s_max: Without a look the face is lost after so long.
        jump_max: Between two looks the face moves by at most so many face sizes.
    """

    turn_min: float = 0.22
    straight_max: float = 0.14
    step_s_max: float = 5.0
    gap_s_max: float = 0.7
    jump_max: float = 1.0


TURNS: Final = (Instruction.TURN_LEFT, Instruction.TURN_RIGHT)


def kinds_for(*, can_turn: bool, can_blink: bool) -> frozenset[Instruction]:
    """Return what may be asked for.

    Args:
        can_turn: The pipeline's faces have ``turn``, or the head pose network is there.
        can_blink: The face mesh is there.
    """
    turns = TURNS if can_turn else ()
    return frozenset((*turns, *((Instruction.BLINK,) if can_blink else ())))


def sequences(kinds: Collection[Instruction]) -> list[tuple[Instruction, ...]]:
    """Return every sequence that may be asked for: two turns at least, never all the same."""
    return [
        steps
        for steps in product(sorted(kinds), repeat=STEP_COUNT)
        if sum(step in TURNS for step in steps) >= 2 and len(set(steps)) > 1
    ]


class Challenge:
    """One challenge to one face. Attributes: steps: what is asked for, in order."""

    def __init__(
        self, steps: Sequence[Instruction], *, limits: ChallengeLimits = ChallengeLimits()
    ) -> None:
        """Ask for given steps; a gate uses ``new``."""
        self.steps = tuple(steps)
        self._limits = limits
        self._done_count = 0
        self._is_straight = False
        self._blinks = BlinkCounter()
        self._step_began_at_s: float | None = None
        self._seen: LivenessLook | None = None
        self._end: Progress | None = None

    @classmethod
    def new(
        cls,
        kinds: Collection[Instruction],
        random: Random,
        *,
        limits: ChallengeLimits = ChallengeLimits(),
    ) -> "Challenge":
        """Ask for a random sequence.

        Args:
            kinds: What may be asked for; see ``kinds_for``.
            random: ``random.SystemRandom()`` at a gate: nobody may foresee the sequence.
            limits: What is demanded.

        Raises:
            ValueError: The kinds are not enough: both turns are needed.
        """
        if not set(TURNS) <= set(kinds) <= {*TURNS, Instruction.BLINK}:
            raise ValueError("a challenge needs both turns, and knows nothing but them and blink")
        return cls(random.choice(sequences(kinds)), limits=limits)

    def step(
        self, look: LivenessLook | None, now_s: float, *, is_same_person: bool = True
    ) -> Progress:
        """Take one look and return how the challenge stands; the end is final.

        Args:
            look: At the person's face; None while no face is seen.
            now_s: Monotonic time, as of ``look.captured_at_s``.
            is_same_person: False once the caller's recognition or tracking says otherwise.
        """
        if self._end is None:
            if reason := self._broken(look, now_s, is_same_person=is_same_person):
                self._end = Progress(Status.FAILED, None, self._done_count, reason)
            elif look is not None:
                self._seen = look
                self._take(look, now_s)
        return self._end or Progress(Status.WAITING, self._instruction(), self._done_count)

    def _broken(
        self, look: LivenessLook | None, now_s: float, *, is_same_person: bool
    ) -> str | None:
        """Return why the challenge cannot go on."""
        if self._step_began_at_s is None:
            self._step_began_at_s = now_s
        if not is_same_person:
            return "another person"
        seen, limits = self._seen, self._limits
        if seen is not None and now_s - seen.captured_at_s > limits.gap_s_max:
            return "face lost"
        if now_s - self._step_began_at_s > limits.step_s_max:
            return "too slow"
        if look is None or seen is None:
            return None
        if look.captured_at_s <= seen.captured_at_s:
            return "looks out of order"
        return "face jumped" if _jump(seen, look) > limits.jump_max else None

    def _take(self, look: LivenessLook, now_s: float) -> None:
        turn = turn_of(look)
        if turn is None:
            return
        is_straight = abs(turn) <= self._limits.straight_max
        if not self._is_straight:
            if is_straight:
                self._begin_step(look)
            return
        asked = self.steps[self._done_count]
        turned = _turned(turn, self._limits)
        if turned is not None and turned is not asked:
            reason = f"asked for {asked}, saw {turned}"
            self._end = Progress(Status.FAILED, None, self._done_count, reason)
        elif _DONE[asked](self._blinks.take(look), turned):
            self._done_count += 1
            self._is_straight, self._step_began_at_s = False, now_s
            if is_straight:
                self._begin_step(look)

    def _begin_step(self, look: LivenessLook) -> None:
        """The face looks straight ahead: the next action may begin, or all were done."""
        self._is_straight = True
        self._blinks.restart()
        self._blinks.take(look)
        if self._done_count == len(self.steps):
            self._end = Progress(Status.PASSED, None, self._done_count)

    def _instruction(self) -> Instruction:
        return self.steps[self._done_count] if self._is_straight else Instruction.LOOK_STRAIGHT


def turn_of(look: LivenessLook) -> float | None:
    """Return the turn, positive to the person's left; None where neither measure is there.

    Where the head pose network is there too, both must say so: the smaller counts, and none where
    they contradict each other.
    """
    if look.pose is None:
        return look.turn
    by_pose = look.pose.yaw / YAW_PER_TURN_DEG
    if look.turn is None:
        return by_pose
    if look.turn * by_pose < 0:
        return 0.0
    return min(look.turn, by_pose, key=abs)


def _turned(turn: float, limits: ChallengeLimits) -> Instruction | None:
    if abs(turn) < limits.turn_min:
        return None
    return Instruction.TURN_LEFT if turn > 0 else Instruction.TURN_RIGHT


_DONE: Final[dict[Instruction, Callable[[bool, Instruction | None], bool]]] = {
    Instruction.TURN_LEFT: lambda _blinked, turned: turned is Instruction.TURN_LEFT,
    Instruction.TURN_RIGHT: lambda _blinked, turned: turned is Instruction.TURN_RIGHT,
    Instruction.BLINK: lambda blinked, _turned: blinked,
}


def _jump(one: LivenessLook, other: LivenessLook) -> float:
    """Return the way between two faces, in face widths."""
    return (
        max(
            abs(one.box.left + one.box.right - other.box.left - other.box.right),
            abs(one.box.top + one.box.bottom - other.box.top - other.box.bottom),
        )
        / 2
        / max(one.box.width, other.box.width, 1.0)
    )
