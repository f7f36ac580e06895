"""What an access point does with a judgement; a pure table.

| policy            | live    | unsure                          | attack | no network |
|-------------------|---------|---------------------------------|--------|------------|
| `off`             | pass    | pass (nobody looks)             | pass   | pass       |
| `passive`         | pass    | look again, at last step up     | refuse | step up    |
| `passive_step_up` | pass    | step up at once                 | refuse | step up    |
| `challenge`       | see below, once the challenge ended       | refuse | step up    |

Under `challenge` a live face passes when it did what it was asked to do. A challenge that failed,
and a doubt that remains after one that was done, step up: doing what one is asked is no crime, and
neither is being slow.
"""

from enum import StrEnum

from models.liveness.challenge import Progress
from models.liveness.judgement import NO_NETWORK
from models.liveness.types import Judgement, Verdict


class Policy(StrEnum):
    """How much liveness an access point asks for."""

    OFF = "off"
    PASSIVE = "passive"
    PASSIVE_STEP_UP = "passive_step_up"
    CHALLENGE = "challenge"


class Outcome(StrEnum):
    """What follows for the person; ``STEP_UP`` asks for a card or a PIN beside the face."""

    PASS = "pass"  # noqa: S105 - no password
    STEP_UP = "step_up"
    REFUSE = "refuse"
    LOOK_AGAIN = "look_again"


def outcome(
    policy: Policy,
    judgement: Judgement | None,
    *,
    can_look_again: bool = True,
    challenge: Progress | None = None,
) -> Outcome:
    """Return what follows.

    Args:
        policy: Of the access point.
        judgement: Over all looks so far; None while nobody looked.
        can_look_again: Whether the person's time is not up yet.
        challenge: How far the challenge is; None before it began. Only of use under ``CHALLENGE``.
    """
    if policy is Policy.OFF:
        return Outcome.PASS
    again = Outcome.LOOK_AGAIN if can_look_again else Outcome.STEP_UP
    if judgement is None:
        return again
    if judgement.verdict is Verdict.ATTACK:
        return Outcome.REFUSE
    if judgement.verdict is Verdict.UNSURE and judgement.reason == NO_NETWORK:
        return Outcome.STEP_UP
    is_live = judgement.verdict is Verdict.LIVE
    if policy is Policy.CHALLENGE:
        return _challenged(challenge, is_live=is_live, again=again)
    if is_live:
        return Outcome.PASS
    return again if policy is Policy.PASSIVE else Outcome.STEP_UP


def _challenged(challenge: Progress | None, *, is_live: bool, again: Outcome) -> Outcome:
    if challenge is None or challenge.is_waiting:
        return again
    return Outcome.PASS if challenge.has_passed and is_live else Outcome.STEP_UP
