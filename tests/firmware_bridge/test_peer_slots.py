"""The image group: uploads go on where they were broken off, and what must be refused is."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.peer_flash import Flash
from firmware_bridge.peer_image import stated_hash
from tests.firmware_bridge.signing import firmware
from tests.firmware_bridge.simulated import (
    SMALL,
    ask,
    board_state,
    put_on_trial,
    running,
    small_board,
    tell,
    upload,
)

OLD, NEW = firmware("1.0.0+0", body_size_bytes=900), firmware("1.2.3+4", body_size_bytes=1400)
SHA = hashlib.sha256(NEW).digest()
ALL = {"off": len(NEW), "match": True}


def refusal(code: int) -> dict[str, Any]:
    """Return a refusal of the image group."""
    return {"err": {"group": 1, "rc": code}}


def first_piece(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - of several types
    """Return the values of an upload's first packet, some of them changed."""
    return {"off": 0, "data": NEW[:100], "len": len(NEW), "sha": SHA, **values}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"len": SMALL.slot_size_bytes + 1}, 30),
        ({"data": b"\x00" + NEW[1:100]}, 23),
        ({"data": NEW[:20]}, 22),
        ({"data": firmware("0.9.9")[:100]}, 27),
        ({"len": None}, 21),
        ({"len": 0}, 21),
        ({"sha": b"short"}, 24),
    ],
)
def test_an_upload_is_refused_before_anything_is_written(values: dict[str, Any], code: int) -> None:
    board = small_board(image=OLD)
    before = board.flash.operation_count

    assert tell(board, 1, 1, **first_piece(**values)) == refusal(code)

    assert board.flash.operation_count == before


def test_the_version_that_runs_may_be_uploaded_again() -> None:
    board = small_board(image=OLD)

    assert upload(board, OLD) == {"off": len(OLD), "match": True}


def test_an_offset_that_is_not_the_next_is_answered_with_the_next() -> None:
    board = small_board(image=OLD)
    tell(board, 1, 1, **first_piece())

    assert tell(board, 1, 1, off=700, data=NEW[700:800]) == {"off": 100}
    assert tell(board, 1, 1, off=0, data=NEW[:100], len=len(NEW), sha=SHA) == {"off": 100}
    assert tell(board, 1, 1, off=100, data=NEW[100:203]) == {"off": 203}


def test_an_offset_without_a_beginning_is_answered_with_0() -> None:
    assert tell(small_board(image=OLD), 1, 1, off=700, data=NEW[700:800]) == {"off": 0}


def test_more_than_was_announced_is_refused() -> None:
    board = small_board(image=OLD)
    tell(board, 1, 1, **first_piece(len=150))

    assert tell(board, 1, 1, off=100, data=NEW[100:200]) == refusal(31)


def test_an_upload_goes_on_over_a_restart() -> None:
    board = small_board(image=OLD)
    tell(board, 1, 1, **first_piece(data=NEW[:800]))

    board.restart()
    board.step(1.0)

    assert tell(board, 1, 1, **first_piece()) == {"off": 512}
    assert upload(board, NEW, begin=512) == ALL


def test_the_last_answer_comes_again_when_it_was_lost() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)

    assert tell(board, 1, 1, **first_piece()) == ALL


def test_an_image_that_was_swapped_away_is_not_taken_for_the_one_that_was_uploaded() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)
    tell(board, 1, 0, confirm=True)
    board.restart()
    board.step(1.0)

    assert tell(board, 1, 1, **first_piece()) == {"off": 100}
    assert upload(board, NEW, begin=100) == ALL


def test_another_image_begins_anew() -> None:
    board = small_board(image=OLD)
    tell(board, 1, 1, **first_piece(data=NEW[:800]))

    other = firmware("1.2.4")
    assert upload(board, other) == {"off": len(other), "match": True}


def test_damaged_bytes_do_not_match() -> None:
    board = small_board(image=OLD)
    damaged = NEW[:700] + b"damage" + NEW[706:]
    tell(board, 1, 1, **first_piece(data=damaged[:100]))

    assert upload(board, damaged, begin=100) == {"off": len(NEW), "match": False}
    assert upload(board, NEW) == ALL


@settings(max_examples=40)
@given(cut=st.integers(0, len(NEW) - 1), seed=st.integers())
def test_a_power_cut_at_any_byte_of_an_upload_is_survived(cut: int, seed: int) -> None:
    board = small_board(flash=Flash(SMALL, seed=seed), image=OLD)
    board.cut_power_at_upload(cut)

    assert upload(board, NEW) is None
    board.step(1.0)

    assert running(board) == "1.0.0+0"
    assert upload(board, NEW) == ALL
    put_on_trial(board, NEW)
    assert running(board) == "1.2.3+4"


def test_while_an_image_is_on_trial_the_other_one_is_kept() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)

    assert tell(board, 1, 1, **first_piece()) == refusal(9)
    assert tell(board, 1, 5, slot=1) == refusal(9)
    assert tell(board, 1, 0, hash=stated_hash(OLD)) == refusal(9)


def test_an_erase_takes_a_trial_back_that_waits() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    tell(board, 1, 0, hash=stated_hash(NEW))

    assert tell(board, 1, 5) == {}

    board.restart()
    board.step(1.0)
    assert running(board) == "1.0.0+0"
    state = ask(board, 1, 0)
    assert state is not None
    assert len(state["images"]) == 1


def test_the_state_says_what_waits_and_what_is_confirmed() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)

    state = tell(board, 1, 0, hash=stated_hash(NEW))

    assert state is not None
    flags = [
        (image["slot"], image["version"], image["pending"], image["confirmed"], image["active"])
        for image in state["images"]
    ]
    assert flags == [(0, "1.0.0", False, True, True), (1, "1.2.3.4", True, False, False)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"hash": bytes(32)}, 8),
        ({"hash": stated_hash(OLD)}, 33),
        ({"hash": stated_hash(NEW), "confirm": True}, 32),
        ({}, 24),
    ],
)
def test_a_state_that_must_not_be_is_refused(values: dict[str, Any], code: int) -> None:
    board = small_board(image=OLD)
    upload(board, NEW)

    assert tell(board, 1, 0, **values) == refusal(code)


def test_only_slot_1_is_erased() -> None:
    assert tell(small_board(image=OLD), 1, 5, slot=0) == refusal(14)


def test_flash_near_its_end_takes_no_image_and_says_so() -> None:
    board = small_board(flash=Flash(SMALL, endurance=10), image=OLD)
    for _ in range(4):
        upload(board, NEW)
        upload(board, firmware("1.2.4"))
        tell(board, 1, 5)
    upload(board, NEW)
    tell(board, 1, 5)

    assert upload(board, firmware("1.2.4")) == refusal(13)
    board.step(0.1)
    assert board_state(board)["health"] == 0b100


def test_an_upload_that_wrote_nothing_yet_is_judged_again_when_it_goes_on() -> None:
    """Else the head of an older image could follow the head of a newer one over a restart."""
    board = small_board(image=OLD)
    tell(board, 1, 1, **first_piece())
    board.restart()
    board.step(1.0)

    older = firmware("0.9.9", body_size_bytes=1400)
    assert tell(board, 1, 1, **first_piece(data=older[:100])) == refusal(27)


def test_a_piece_of_an_upload_takes_a_trial_back_that_waits() -> None:
    """Else what is put on trial is another image than the one that was named."""
    board = small_board(image=OLD)
    previous = firmware("1.2.2", body_size_bytes=1400)
    upload(board, previous)
    tell(board, 1, 1, **first_piece())
    tell(board, 1, 0, hash=stated_hash(previous), confirm=False)

    upload(board, NEW, begin=100)
    board.restart()
    board.step(1.0)

    assert running(board) == "1.0.0+0"
