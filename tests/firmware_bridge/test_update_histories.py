from collections.abc import Callable

import pytest

from config.contract.board_events import UpdateOutcome
from tests.firmware_bridge.update_histories import BROKEN, LIES, TRIAL_S, run
from tests.firmware_bridge.virtual_board import NEW, OLD, VirtualBoard, hash_of


def test_no_history_breaks_a_board_or_confirms_what_was_not_proven() -> None:
    run(6, step_count=6)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("name", ["good", "unhealthy"])
def test_a_wrong_answer_to_any_request_confirms_nothing_that_was_not_proven(
    lie: str, name: str
) -> None:
    data = NEW if name == "good" else BROKEN[name]
    for at in range(4, 90, 25):
        board = VirtualBoard()
        board.happens = _lies_once(board, lie, at=at)

        board.updated(data)
        board.pass_time(40 * TRIAL_S)

        assert not board.is_on_trial
        assert board.board.running is not None
        assert board.board.running.hash in {hash_of(OLD), hash_of(NEW)}


def _lies_once(board: VirtualBoard, lie: str, *, at: int) -> Callable[[int, int], None]:
    def happens(group: int, command: int) -> None:
        is_now = len(board.heard) == at
        board.lie = lambda group, command, values: LIES[lie](values) if is_now else values

    return happens


def test_a_board_that_lies_always_is_not_confirmed() -> None:
    board = VirtualBoard()
    board.lie = lambda group, command, values: values | {"health": 1}

    result = board.updated()

    assert result.outcome is UpdateOutcome.WENT_BACK
    assert board.runs == "1.0.0"
