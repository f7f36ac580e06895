"""From looks to a verdict."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.types import Box
from models.liveness import STILL_LIMITS, Judgement, LivenessLook, Verdict, judge
from models.liveness.judgement import NO_SIGN
from tests.models.liveness.looks import a_look, facing, looks, turning, with_eyes

ATTACKED: dict[str, Any] = {"live_near": 0.02, "live_wide": 0.1}
shares = st.none() | st.floats(0, 1)
any_look = st.builds(
    a_look,
    live_near=shares,
    live_wide=shares,
    brightness=st.floats(0, 255),
    contrast=st.floats(0, 127),
    turn=st.none() | st.floats(-2, 2),
    eye_aspect_ratio=st.none() | st.floats(0, 1),
)


def travelling(
    *,
    is_held: bool,
    **changes: Any,  # noqa: ANN401 - any field of a look
) -> list[LivenessLook]:
    """Return looks at a face that moves, with surroundings that move with it or stand still."""
    wall = np.random.default_rng(1).integers(0, 255, (48, 80), np.uint8)
    return [
        a_look(
            index * 0.1,
            box=Box(100 + 4 * shift, 100, 164 + 4 * shift, 164),
            surroundings=np.ascontiguousarray(wall[:, :48] if is_held else wall[:, shift:][:, :48]),
            is_seen=np.ones((48, 48), np.uint8),
            **changes,
        )
        for index, shift in enumerate((0, 8, 16, 24))
    ]


SIGNS = {
    "surroundings": travelling(is_held=False),
    "blink": with_eyes([0.3, 0.3, 0.1, 0.3, 0.3, 0.3]),
    "turn": turning([0.0, 0.1, 0.35, 0.1]),
    "yaw": [a_look(i * 0.1, pose=facing(yaw)) for i, yaw in enumerate((0.0, 26.0, 10.0, 0.0))],
}


@pytest.mark.parametrize("track", SIGNS.values(), ids=SIGNS.keys())
def test_networks_that_see_life_and_one_more_sign_of_it_are_live(track: list[LivenessLook]) -> None:
    assert judge(track).verdict is Verdict.LIVE


def test_the_networks_alone_leave_a_doubt() -> None:
    judgement = judge(looks(20, live_near=1.0, live_wide=1.0))

    assert (judgement.verdict, judgement.reason) == (Verdict.UNSURE, NO_SIGN)


def test_looks_that_agree_on_life_are_live() -> None:
    judgement = judge(travelling(is_held=False))

    assert judgement.verdict is Verdict.LIVE
    assert judgement.score > 0.9
    assert judgement.signals["live_pair"] == pytest.approx(0.98)


def test_two_networks_that_see_a_picture_are_an_attack() -> None:
    assert judge(looks(**ATTACKED)).verdict is Verdict.ATTACK


@pytest.mark.parametrize("sure_of_life", ["live_near", "live_wide"])
def test_no_network_outvotes_one_that_is_sure_of_life(sure_of_life: str) -> None:
    disagreeing: dict[str, Any] = {"live_near": 0.0, "live_wide": 0.0, sure_of_life: 1.0}

    assert judge(looks(**disagreeing)).verdict is Verdict.UNSURE


@pytest.mark.parametrize("absent", ["live_near", "live_wide"])
def test_one_network_alone_accuses_nobody(absent: str) -> None:
    assert judge(looks(**{**ATTACKED, absent: None})).verdict is Verdict.UNSURE


@pytest.mark.parametrize("absent", ["live_near", "live_wide"])
def test_one_network_and_travelling_surroundings_are_an_attack(absent: str) -> None:
    judgement = judge(travelling(is_held=True, **{**ATTACKED, absent: None}))

    assert judgement.verdict is Verdict.ATTACK
    assert judgement.reason == "surroundings move with the face"


def test_travelling_surroundings_are_never_live() -> None:
    assert judge(travelling(is_held=True)).verdict is Verdict.UNSURE
    assert judge(travelling(is_held=False)).verdict is Verdict.LIVE


def test_without_networks_it_is_unsure_whatever_else_is_seen() -> None:
    judgement = judge(travelling(is_held=False, live_near=None, live_wide=None))

    assert (judgement.verdict, judgement.reason) == (Verdict.UNSURE, "no network")
    assert judgement.score == 0.5


def test_nothing_was_looked_at_yet() -> None:
    assert judge([]).reason == "not looked yet"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"brightness": 20.0}, "too dark"),
        ({"brightness": 250.0}, "too bright"),
        ({"contrast": 5.0}, "too little contrast"),
        ({"box": Box(100, 100, 140, 154)}, "face too small"),
    ],
)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_what_the_networks_cannot_see_is_unsure(
    changes: dict[str, Any], reason: str, share: float
) -> None:
    judgement = judge(looks(live_near=share, live_wide=share, **changes))

    assert (judgement.verdict, judgement.reason) == (Verdict.UNSURE, reason)


def test_a_dark_look_among_good_ones_is_left_out() -> None:
    dark = a_look(0.9, brightness=5.0, live_near=0.0, live_wide=0.0)

    assert judge([*travelling(is_held=False), dark]).verdict is Verdict.LIVE


def test_a_few_good_looks_among_dark_ones_decide_nothing() -> None:
    dark = [a_look(1 + index / 10, brightness=5.0) for index in range(6)]

    assert judge([*looks(), *dark]).reason == "too dark"


@pytest.mark.parametrize("changes", [{}, ATTACKED])
@pytest.mark.parametrize(("count", "every_s"), [(1, 0.1), (2, 0.5), (8, 0.01)])
def test_few_looks_or_a_short_time_decide_nothing(
    changes: dict[str, Any], count: int, every_s: float
) -> None:
    judgement = judge(looks(count, every_s=every_s, **changes))

    assert judgement.verdict is Verdict.UNSURE
    assert "so far" in judgement.reason


def test_a_single_picture_is_judged_where_that_is_asked_for() -> None:
    assert judge(looks(1), limits=STILL_LIMITS).verdict is Verdict.LIVE
    assert judge(looks(1, **ATTACKED), limits=STILL_LIMITS).verdict is Verdict.ATTACK
    assert judge(looks(1, brightness=9.0), limits=STILL_LIMITS).reason == "too dark"


def test_a_blink_and_a_turn_speak_for_life() -> None:
    doubtful: dict[str, Any] = {"live_near": 0.55, "live_wide": 0.55}
    blinking = [dataclasses.replace(v, **doubtful) for v in with_eyes([0.3, 0.3, 0.1, 0.3, 0.3])]
    moving = [dataclasses.replace(v, **doubtful) for v in turning([0, 0.1, 0.2, 0.3, 0.3])]

    assert judge(looks(**doubtful)).verdict is Verdict.UNSURE
    assert judge(blinking).verdict is Verdict.LIVE
    assert judge(moving).verdict is Verdict.LIVE


def test_the_head_pose_network_sees_a_turn_where_points_do_not() -> None:
    moving = [a_look(i / 10, live_near=0.55, turn=None, pose=facing(i * 8.0)) for i in range(5)]

    assert judge(moving).signals["yaw_range_deg"] == 32
    assert judge(moving).score > judge(looks(live_near=0.55)).score


def test_a_film_that_blinks_and_turns_is_not_live_against_the_networks() -> None:
    film = [
        dataclasses.replace(look, live_near=0.4, live_wide=0.4, turn=turn)
        for look, turn in zip(with_eyes([0.3, 0.1, 0.3, 0.3]), [0, 0, 0, 0.4], strict=True)
    ]

    judgement = judge(film)

    assert judgement.score >= 0.6
    assert judgement.verdict is Verdict.UNSURE


def test_a_verdict_is_held_until_the_score_is_clearly_beyond_its_limit() -> None:
    doubtful = travelling(is_held=False, live_near=0.55, live_wide=0.55)
    live = Judgement(Verdict.LIVE, 0.9, {}, "")
    attack = Judgement(Verdict.ATTACK, 0.1, {}, "")
    suspect = looks(live_near=0.25, live_wide=0.25)

    assert judge(doubtful, before=live).verdict is Verdict.LIVE
    assert judge(suspect).verdict is Verdict.UNSURE
    assert judge(suspect, before=attack).verdict is Verdict.ATTACK
    assert judge(looks(**ATTACKED), before=live).verdict is Verdict.ATTACK


@given(st.lists(any_look, max_size=8), st.sampled_from([0.0, 0.05, 0.3]))
def test_no_looks_break_it_and_live_needs_the_networks(
    seen: list[LivenessLook], every_s: float
) -> None:
    track = [dataclasses.replace(v, captured_at_s=i * every_s) for i, v in enumerate(seen)]

    judgement = judge(track)

    assert 0 <= judgement.score <= 1
    assert judgement.verdict is not Verdict.LIVE or judgement.signals["live_pair"] >= 0.5
