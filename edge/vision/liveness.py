"""Whether a living person stands there: one person's looks, and what the policy makes of them.

What is measured and judged is in ``models.liveness``; here is when to look again and when to stop.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from random import Random, SystemRandom
from typing import Final, Protocol

from models.face.types import Face, Image
from models.liveness.challenge import Challenge, Progress, kinds_for
from models.liveness.judgement import judge
from models.liveness.policy import Outcome, Policy, outcome
from models.liveness.types import Judgement, LivenessLook, Verdict

LOOK_COUNT_MIN: Final = 3
DURATION_S_MIN: Final = 0.3
PASSIVE_S_MAX: Final = 1.5
"""From the first look: so long a doubt is looked at again before a card is asked for."""
CHALLENGE_S_MAX: Final = 20.0
LOOKS_KEPT_MAX: Final = 30
NO_TURN: Final = "this pipeline cannot see a head turn"


class Looker(Protocol):
    """Looks at a face once; ``models.liveness.Liveness`` is one."""

    def look(
        self,
        image: Image,
        face: Face,
        *,
        captured_at_s: float,
        earlier: Sequence[LivenessLook] = (),
    ) -> LivenessLook:
        """See ``models.liveness.Liveness.look``."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class LivenessFinding:
    """What was found of one person. Attributes: outcome: what the point's policy makes of it."""

    outcome: Outcome
    verdict: Verdict
    score: float
    reason: str
    signals: Mapping[str, float]
    look_count: int


@dataclasses.dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """How one access point asks for life; makes a watch for each person.

    Attributes:
        looker: None where the site's policy is on and no network is there at all.
        can_blink: The face mesh is there.
        random: Nobody may foresee a challenge.
    """

    policy: Policy
    looker: Looker | None = None
    can_blink: bool = False
    random: Random = dataclasses.field(default_factory=SystemRandom)

    def watch(self) -> "LivenessWatch":
        """Begin with one person."""
        return LivenessWatch(self)


class LivenessWatch:
    """One person's looks, one thread at a time."""

    def __init__(self, rule: LivenessPolicy, *, judge: Callable[..., Judgement] = judge) -> None:
        """Follow one person under a point's rule; nothing was looked at yet."""
        self._rule, self._judge = rule, judge
        self._looks: list[LivenessLook] = []
        self._count, self._began_at_s = 0, 0.0
        self._judgement: Judgement | None = None
        self._challenge: Challenge | None = None
        self._progress: Progress | None = None

    @property
    def is_challenge(self) -> bool:
        """Whether the person is asked to do something, so that every frame counts."""
        return self._rule.policy is Policy.CHALLENGE

    @property
    def instruction(self) -> str | None:
        """What the person is asked to do now."""
        instruction = None if self._progress is None else self._progress.instruction
        return None if instruction is None else str(instruction)

    def take(self, image: Image, face: Face, *, now_s: float) -> None:
        """Look at the person in a newer frame."""
        if self._rule.policy is Policy.OFF or self._rule.looker is None:
            return
        look = self._rule.looker.look(image, face, captured_at_s=now_s, earlier=self._looks)
        if not self._count:
            self._began_at_s = now_s
        self._count += 1
        self._looks = [*self._looks, look][-LOOKS_KEPT_MAX:]
        self._judgement = self._judge(self._looks, before=self._judgement)

    def challenge(self, *, now_s: float) -> None:
        """Let the newest look count for the challenge, which begins with the first call."""
        if not self.is_challenge or not self._looks or self._looks[-1].captured_at_s != now_s:
            return
        if self._challenge is None:
            can_turn = self._looks[-1].turn is not None or self._looks[-1].pose is not None
            kinds = kinds_for(can_turn=can_turn, can_blink=self._rule.can_blink)
            if not can_turn:
                return
            self._challenge = Challenge.new(kinds, self._rule.random)
        self._progress = self._challenge.step(self._looks[-1], now_s)

    def finding(self, *, now_s: float, is_last: bool = False) -> LivenessFinding | None:
        """Return what follows for the person; None while the policy wants to look again.

        Args:
            now_s: Monotonic time.
            is_last: Nothing depends on it any more, or the person is gone.
        """
        rule = self._rule
        if self._challenge is not None and self._looks[-1].captured_at_s < now_s:
            self._progress = self._challenge.step(None, now_s)
        wait_s = CHALLENGE_S_MAX if self.is_challenge else PASSIVE_S_MAX
        elapsed_s = now_s - self._began_at_s if self._count else 0.0
        can_wait = rule.looker is not None and elapsed_s < wait_s and not is_last
        is_enough = self._count >= LOOK_COUNT_MIN and elapsed_s >= DURATION_S_MIN
        known = self._judgement if is_enough or not can_wait else None
        what = outcome(rule.policy, known, can_look_again=can_wait, challenge=self._progress)
        if what is Outcome.LOOK_AGAIN:
            return None
        return self._found(what)

    def _found(self, what: Outcome) -> LivenessFinding:
        judgement = self._judgement
        if judgement is None:
            reason = "no network" if self._rule.looker is None else "not looked at"
            return LivenessFinding(what, Verdict.UNSURE, 0.5, reason, {}, 0)
        reason = judgement.reason
        if self.is_challenge and what is Outcome.STEP_UP:
            reason = NO_TURN if self._progress is None else self._progress.reason or reason
        return LivenessFinding(
            what, judgement.verdict, judgement.score, reason, judgement.signals, self._count
        )
