"""What an access point does with a judgement."""

import pytest

from models.liveness import Judgement, Verdict
from models.liveness.challenge import Progress, Status
from models.liveness.judgement import NO_NETWORK
from models.liveness.policy import Outcome, Policy, outcome

LIVE = Judgement(Verdict.LIVE, 0.95, {}, "")
UNSURE = Judgement(Verdict.UNSURE, 0.45, {}, "too dark")
ATTACK = Judgement(Verdict.ATTACK, 0.05, {}, "")
BLIND = Judgement(Verdict.UNSURE, 0.5, {}, NO_NETWORK)
WAITING = Progress(Status.WAITING, None, 0)
PASSED = Progress(Status.PASSED, None, 3)
FAILED = Progress(Status.FAILED, None, 1, "too slow")


@pytest.mark.parametrize(
    ("policy", "live", "unsure", "attack", "no_network", "not_looked"),
    [
        (Policy.OFF, "pass", "pass", "pass", "pass", "pass"),
        (Policy.PASSIVE, "pass", "look_again", "refuse", "step_up", "look_again"),
        (Policy.PASSIVE_STEP_UP, "pass", "step_up", "refuse", "step_up", "look_again"),
        (Policy.CHALLENGE, "look_again", "look_again", "refuse", "step_up", "look_again"),
    ],
)
def test_the_table(
    policy: Policy, live: str, unsure: str, attack: str, no_network: str, not_looked: str
) -> None:
    results = [outcome(policy, judgement) for judgement in (LIVE, UNSURE, ATTACK, BLIND, None)]

    assert results == [live, unsure, attack, no_network, not_looked]


@pytest.mark.parametrize("policy", [p for p in Policy if p is not Policy.OFF])
@pytest.mark.parametrize("judgement", [UNSURE, BLIND, None])
def test_a_doubt_steps_up_when_time_is_up(policy: Policy, judgement: Judgement | None) -> None:
    assert outcome(policy, judgement, can_look_again=False) is Outcome.STEP_UP


@pytest.mark.parametrize(
    ("judgement", "challenge", "expected"),
    [
        (LIVE, PASSED, "pass"),
        (LIVE, FAILED, "step_up"),
        (LIVE, WAITING, "look_again"),
        (UNSURE, PASSED, "step_up"),
        (UNSURE, FAILED, "step_up"),
        (ATTACK, PASSED, "refuse"),
        (BLIND, PASSED, "step_up"),
    ],
)
def test_a_challenge_passes_only_a_live_face_that_did_what_was_asked(
    judgement: Judgement, challenge: Progress, expected: str
) -> None:
    assert outcome(Policy.CHALLENGE, judgement, challenge=challenge) == expected


@pytest.mark.parametrize("policy", [Policy.PASSIVE, Policy.PASSIVE_STEP_UP])
@pytest.mark.parametrize("judgement", [UNSURE, ATTACK, BLIND, None])
def test_a_challenge_excuses_nothing_where_none_is_asked_for(
    policy: Policy, judgement: Judgement | None
) -> None:
    assert outcome(policy, judgement, challenge=PASSED) is not Outcome.PASS
