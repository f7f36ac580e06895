"""An active challenge."""

import dataclasses
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.types import Box
from models.liveness import LivenessLook
from models.liveness.challenge import (
    Challenge,
    Instruction,
    Progress,
    kinds_for,
    sequences,
    turn_of,
)
from tests.models.liveness.looks import a_look, facing

LEFT, RIGHT, BLINK = Instruction.TURN_LEFT, Instruction.TURN_RIGHT, Instruction.BLINK
STRAIGHT = Instruction.LOOK_STRAIGHT
ALL = kinds_for(can_turn=True, can_blink=True)
PERFORMED = {
    LEFT: [(0.0, 0.3), (0.3, 0.3), (0.0, 0.3)],
    RIGHT: [(0.0, 0.3), (-0.3, 0.3), (0.0, 0.3)],
    BLINK: [(0.0, 0.3), (0.0, 0.1), (0.0, 0.3)],
}
"""Turn and eye opening of the looks that make an action."""
actions = st.lists(st.sampled_from([LEFT, RIGHT, BLINK]), max_size=6)
sequences_asked = st.sampled_from(sequences(ALL))


def play(challenge: Challenge, actions: Sequence[Instruction], *, every_s: float = 0.1) -> Progress:
    """Show looks at a person who does these actions."""
    seen = [look for action in actions for look in PERFORMED[action]] or [(0.0, 0.3)]
    for index, (turn, opening) in enumerate(seen):
        now_s = index * every_s
        progress = challenge.step(a_look(now_s, turn=turn, eye_aspect_ratio=opening), now_s)
    return progress


def is_within(wanted: Sequence[Instruction], shown: Sequence[Instruction]) -> bool:
    """Return whether the wanted actions are among those shown, in order."""
    rest = iter(shown)
    return all(action in rest for action in wanted)


@pytest.mark.parametrize("steps", sequences(ALL))
def test_who_does_what_is_asked_passes(steps: tuple[Instruction, ...]) -> None:
    assert play(Challenge(steps), steps).has_passed


@given(sequences_asked, actions)
def test_nobody_passes_without_the_asked_actions_in_order(
    steps: tuple[Instruction, ...], shown: list[Instruction]
) -> None:
    progress = play(Challenge(steps), shown)

    assert not progress.has_passed or is_within(steps, shown)


@given(
    sequences_asked,
    st.lists(
        st.builds(
            a_look,
            turn=st.none() | st.floats(-0.21, 0.21),
            eye_aspect_ratio=st.none() | st.floats(0, 1),
        ),
        max_size=60,
    ),
)
def test_nobody_passes_without_turning(
    steps: tuple[Instruction, ...], looks: list[LivenessLook]
) -> None:
    challenge = Challenge(steps)
    track = [dataclasses.replace(look, captured_at_s=i * 0.05) for i, look in enumerate(looks)]

    results = [challenge.step(look, look.captured_at_s) for look in track]

    assert not any(progress.has_passed for progress in results)


@given(sequences_asked, st.lists(st.floats(-1, 1) | st.none(), max_size=80))
def test_nobody_passes_a_blink_without_eyes(
    steps: tuple[Instruction, ...], turns: list[float | None]
) -> None:
    challenge = Challenge(steps)

    for index, turn in enumerate(turns):
        now_s = (index + 1) * 0.05
        progress = challenge.step(a_look(now_s, turn=turn), now_s)
        assert not progress.has_passed or BLINK not in steps


def test_the_instruction_follows_the_person() -> None:
    challenge = Challenge([LEFT, RIGHT, BLINK])
    turns = (0.3, 0.0, 0.3, 0.2, 0.0, -0.3)

    shown = [
        challenge.step(a_look(i / 10, turn=turn), i / 10).instruction
        for i, turn in enumerate(turns)
    ]

    assert shown == [STRAIGHT, LEFT, STRAIGHT, STRAIGHT, RIGHT, STRAIGHT]


@pytest.mark.parametrize(
    ("steps", "shown", "reason"),
    [
        ([LEFT, RIGHT, LEFT], [RIGHT], "asked for turn_left, saw turn_right"),
        ([BLINK, RIGHT, LEFT], [LEFT], "asked for blink, saw turn_left"),
    ],
)
def test_the_wrong_turn_fails(
    steps: list[Instruction], shown: list[Instruction], reason: str
) -> None:
    assert play(Challenge(steps), shown).reason == reason


def test_a_blink_while_a_turn_is_asked_for_harms_nobody() -> None:
    assert play(Challenge([LEFT, RIGHT, LEFT]), [BLINK, LEFT, BLINK, RIGHT, LEFT]).has_passed


def test_a_blink_that_began_before_it_was_asked_for_does_not_count() -> None:
    challenge = Challenge([LEFT, BLINK, RIGHT])
    eyes = [(0.0, 0.3), (0.1, 0.1), (0.3, 0.1), (0.0, 0.1), (0.0, 0.3)]

    for index, (turn, opening) in enumerate(eyes):
        look = a_look(index / 10, turn=turn, eye_aspect_ratio=opening)
        progress = challenge.step(look, index / 10)

    assert (progress.instruction, progress.done_count) == (BLINK, 1)


def test_who_is_too_slow_fails() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])

    results = [challenge.step(a_look(i / 2), i / 2) for i in range(12)]

    assert [p.is_waiting for p in results] == [True] * 11 + [False]
    assert results[-1].reason == "too slow"


def test_who_never_comes_fails() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])

    assert challenge.step(None, 0.0).is_waiting
    assert challenge.step(None, 5.1).reason == "too slow"


def test_a_face_that_is_lost_fails() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])

    assert challenge.step(a_look(0.0), 0.0).is_waiting
    assert challenge.step(None, 0.5).is_waiting
    assert challenge.step(None, 0.8).reason == "face lost"


def test_another_person_fails() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])

    assert challenge.step(a_look(0.0), 0.0, is_same_person=False).reason == "another person"


def test_a_face_that_jumps_is_another_one() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])
    challenge.step(a_look(0.0), 0.0)

    assert challenge.step(a_look(0.1, box=Box(300, 100, 400, 235)), 0.1).reason == "face jumped"


def test_a_look_that_is_shown_twice_fails() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])
    challenge.step(a_look(0.0), 0.0)

    assert challenge.step(a_look(0.0), 0.1).reason == "looks out of order"


def test_an_end_is_final() -> None:
    challenge = Challenge([LEFT, RIGHT, LEFT])
    failed = play(challenge, [RIGHT])

    assert challenge.step(a_look(9.0), 9.0) == failed


def test_sequences_are_random_and_need_two_turns() -> None:
    drawn = {Challenge.new(ALL, Random(seed)).steps for seed in range(400)}  # noqa: S311 - a test

    assert drawn == set(sequences(ALL))
    assert len(drawn) == 18
    assert len(sequences(kinds_for(can_turn=True, can_blink=False))) == 6


@pytest.mark.parametrize("kinds", [set(), {BLINK}, {LEFT, BLINK}, {LEFT, RIGHT, STRAIGHT}])
def test_a_challenge_without_both_turns_is_refused(kinds: set[Instruction]) -> None:
    with pytest.raises(ValueError, match="a challenge needs both turns"):
        Challenge.new(kinds, Random(1))  # noqa: S311 - a test


@pytest.mark.parametrize(
    ("turn", "yaw", "expected"),
    [
        (0.3, None, 0.3),
        (None, 26.1, 0.3),
        (0.3, 8.7, 0.1),
        (0.1, 43.5, 0.1),
        (0.3, -26.1, 0.0),
        (None, None, None),
    ],
)
def test_a_turn_is_what_points_and_pose_agree_on(
    turn: float | None, yaw: float | None, expected: float | None
) -> None:
    pose = None if yaw is None else facing(yaw)

    assert turn_of(a_look(turn=turn, pose=pose)) == pytest.approx(expected)
