import asyncio

import pytest

from benchmarks.firmware import document, halt_in_words, unlucky_updates
from benchmarks.firmware_faults import Tally
from benchmarks.firmware_fleet import rolled_out


def test_no_fault_leaves_a_board_that_does_not_start_and_no_image_runs_that_must_not() -> None:
    assert unlucky_updates(30, seed=7) == Tally(updates=30, faults=30)


@pytest.mark.parametrize(("broken", "stage"), [((0,), 1), ((2, 20), 2), ((9, 25), 3)])
def test_a_fleet_halts_in_the_stage_of_its_first_broken_board(
    broken: tuple[int, ...], stage: int
) -> None:
    halt = asyncio.run(rolled_out(30, broken))

    assert halt.is_where_it_must
    assert (halt.stage, halt.begun_after_count) == (stage, 0)
    assert "where it must" in halt_in_words(halt)


def test_a_fleet_without_a_broken_board_halts_nowhere() -> None:
    halt = asyncio.run(rolled_out(12, ()))

    assert (halt.confirmed_count, halt.not_begun_count) == (12, 0)
    assert not halt.is_where_it_must


def test_what_is_written_has_the_agreed_keys() -> None:
    assert list(document(Tally(), 0.9, 0.01)) == [
        "updates",
        "faults",
        "unbootable",
        "accepted_unsigned",
        "accepted_downgrade",
        "accepted_foreign",
        "line_utilisation",
        "safe_state_error_ratio",
        "machine",
    ]
