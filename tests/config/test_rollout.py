from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.board_events import UpdateOutcome
from config.rollout import Rollout, Verdict

CONFIRMED, WENT_BACK = UpdateOutcome.CONFIRMED, UpdateOutcome.WENT_BACK
FLEET = [f"board-{number:03}" for number in range(200)]


def all_of(boards: tuple[str, ...], outcome: UpdateOutcome = CONFIRMED) -> dict[str, UpdateOutcome]:
    return dict.fromkeys(boards, outcome)


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (1, [1]),
        (2, [1, 1]),
        (3, [1, 1, 1]),
        (10, [1, 1, 8]),
        (11, [1, 2, 8]),
        (200, [1, 20, 179]),
    ],
)
def test_one_then_a_tenth_rounded_up_then_all(count: int, sizes: list[int]) -> None:
    rollout = Rollout.of(FLEET[:count])

    assert [len(stage) for stage in rollout.stages] == sizes
    assert rollout.boards == tuple(FLEET[:count])


def test_a_main_way_out_is_not_the_first() -> None:
    rollout = Rollout.of(["main", "side", "back"], not_first={"main"})

    assert rollout.boards == ("side", "main", "back")


def test_where_all_are_main_ways_out_the_order_counts() -> None:
    assert Rollout.of(["main", "side"], not_first={"main", "side"}).boards == ("main", "side")


@pytest.mark.parametrize(
    ("boards", "failures_max", "shown"),
    [([], 0, "name at least one"), (["a", "b", "a"], 0, "a is named twice"), (["a"], -1, "-1")],
)
def test_what_is_no_roll_out_is_refused(boards: list[str], failures_max: int, shown: str) -> None:
    with pytest.raises(ValueError, match=shown):
        Rollout.of(boards, failures_max=failures_max)


def test_an_empty_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="name at least one"):
        Rollout(stages=(("a",), ()))


def test_it_begins_with_one_and_waits_for_it() -> None:
    rollout = Rollout.of(FLEET)

    assert rollout.judge({}).begin == ("board-000",)
    assert rollout.judge({}).verdict is Verdict.GO_ON
    waiting = rollout.judge({}, begun=["board-000"])
    assert (waiting.verdict, waiting.under_way) == (Verdict.WAIT, ("board-000",))


def test_a_stage_begins_when_all_of_the_one_before_are_confirmed() -> None:
    rollout = Rollout.of(FLEET)
    so_far = rollout.stages[0] + rollout.stages[1][:-1]

    assert rollout.judge(all_of(so_far)).begin == rollout.stages[1][-1:]
    after = rollout.judge(all_of(rollout.stages[0] + rollout.stages[1]))
    assert (after.stage_index, after.begin) == (2, rollout.stages[2])


@pytest.mark.parametrize("outcome", [o for o in UpdateOutcome if o is not CONFIRMED])
def test_whatever_is_not_confirmed_halts(outcome: UpdateOutcome) -> None:
    rollout = Rollout.of(FLEET)
    ended = all_of(rollout.stages[0]) | {"board-005": outcome}

    judgement = rollout.judge(ended, begun=["board-004", "board-005"])

    assert (judgement.verdict, judgement.begin) == (Verdict.HALT, ())
    assert (judgement.failed, judgement.under_way) == (("board-005",), ("board-004",))
    assert judgement.reason == "1 of 2 failed, 0 may: board-005 first"


def test_as_many_as_may_fail_do_not_halt_it() -> None:
    rollout = Rollout.of(FLEET, failures_max=2)
    ended = all_of(rollout.stages[0] + rollout.stages[1]) | {"board-005": WENT_BACK}

    assert rollout.judge(ended).verdict is Verdict.GO_ON
    assert rollout.judge(ended | {"board-006": WENT_BACK}).verdict is Verdict.GO_ON
    assert rollout.judge(ended | all_of(("board-006", "board-030"), WENT_BACK)).begin == ()


def test_a_first_board_that_fails_halts_it_whatever_may_fail() -> None:
    judgement = Rollout.of(FLEET, failures_max=50).judge({"board-000": WENT_BACK})

    assert judgement.verdict is Verdict.HALT
    assert judgement.reason == "stage 1 proved nothing, none of it was confirmed: board-000 first"


def test_it_is_done_when_all_have_ended() -> None:
    rollout = Rollout.of(FLEET, failures_max=1)

    judgement = rollout.judge(all_of(rollout.boards) | {"board-199": WENT_BACK}, begun=FLEET)

    assert (judgement.verdict, judgement.stage_index) == (Verdict.DONE, 2)
    assert judgement.failed == ("board-199",)


def test_what_became_of_others_counts_for_nothing() -> None:
    assert Rollout.of(["a"]).judge({"z": WENT_BACK}, begun=["z"]).begin == ("a",)


def ran(rollout: Rollout, become: Mapping[str, UpdateOutcome], together_max: int) -> list[str]:
    """Return the boards in the order they were begun with; each question is asked anew."""
    begun: list[str] = []
    ended: dict[str, UpdateOutcome] = {}
    while (judgement := rollout.judge(ended, begun=begun)).verdict in {Verdict.GO_ON, Verdict.WAIT}:
        begun += judgement.begin[: max(together_max - len(judgement.under_way), 0)]
        oldest = next(board for board in begun if board not in ended)
        ended[oldest] = become[oldest]
    return begun


@given(
    count=st.integers(1, 60),
    broken=st.sets(st.integers(0, 59)),
    failures_max=st.integers(0, 3),
    together_max=st.integers(1, 60),
)
def test_no_more_boards_are_harmed_than_were_under_way(
    count: int, broken: set[int], failures_max: int, together_max: int
) -> None:
    boards = FLEET[:count]
    become = {b: WENT_BACK if n in broken else CONFIRMED for n, b in enumerate(boards)}

    begun = ran(Rollout.of(boards, failures_max=failures_max), become, together_max)

    harmed = [board for board in begun if become[board] is WENT_BACK]
    assert begun == boards[: len(begun)]
    assert len(harmed) <= failures_max + together_max
    assert (len(begun) == count) or harmed


@given(count=st.integers(1, 60), together_max=st.integers(1, 60))
def test_a_sound_image_reaches_every_board(count: int, together_max: int) -> None:
    boards = FLEET[:count]

    assert ran(Rollout.of(boards), all_of(tuple(boards)), together_max) == boards


def test_three_broken_ones_of_two_hundred_halt_it_in_their_stage() -> None:
    become = all_of(tuple(FLEET)) | all_of(("board-007", "board-100", "board-150"), WENT_BACK)

    assert ran(Rollout.of(FLEET), become, 1) == FLEET[:8]
    assert len(ran(Rollout.of(FLEET, failures_max=2), become, 1)) == 151
