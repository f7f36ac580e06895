"""The simulated bootloader: whatever happens, the board starts, and never what it must not."""

import copy
import itertools

import pytest

from firmware_bridge.peer_board import Board
from firmware_bridge.peer_bootloader import Progress, Stage
from firmware_bridge.peer_flash import Flash
from firmware_bridge.peer_image import check_image
from firmware_bridge.peer_journal import Journal
from tests.firmware_bridge.signing import board_keys, firmware
from tests.firmware_bridge.simulated import (
    SMALL,
    ask,
    events_of,
    put_on_trial,
    running,
    small_board,
    tell,
    upload,
)

OLD, NEW = firmware("1.0.0+0", body_size_bytes=900), firmware("1.2.3+4", body_size_bytes=1400)


def updated_board(image: bytes = NEW) -> Board:
    """Return a board that is about to swap an image in at its next start."""
    board = small_board(image=OLD)
    assert upload(board, image) == {"off": len(image), "match": True}
    header_hash = check_image(image, board_keys()).hash
    assert tell(board, 1, 0, hash=header_hash) is not None
    return board


def operations_of(flash: Flash) -> int:
    """Return how many writes and erases the next start of a board with this flash takes."""
    flash = copy.deepcopy(flash)
    before = flash.operation_count
    small_board(flash=flash)
    return flash.operation_count - before


def started_after_cut(flash: Flash, operation: int) -> Board:
    """Start a board whose power fails in the middle of one operation; returns it, on again."""
    flash = copy.deepcopy(flash)
    flash.cut_power(after_operations=operation)
    board = small_board(flash=flash)
    board.step(1.0)
    return board


def test_an_image_is_tried_and_confirmed() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)

    put_on_trial(board, NEW)

    assert running(board) == "1.2.3+4"
    assert events_of(board, 9) == [[1]]
    tell(board, 1, 0, confirm=True)
    board.restart()
    board.step(1.0)
    assert running(board) == "1.2.3+4"


def test_an_image_that_nobody_confirmed_goes_back() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)

    board.restart()
    board.step(1.0)

    assert running(board) == "1.0.0+0"
    assert events_of(board, 9) == [[3]]
    board.restart()
    board.step(1.0)
    assert running(board) == "1.0.0+0"


def test_the_replaced_image_can_be_put_on_trial_again() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)
    tell(board, 1, 0, confirm=True)

    put_on_trial(board, OLD)

    assert running(board) == "1.0.0+0"


def test_a_power_cut_at_any_operation_of_a_swap_leaves_a_board_that_starts() -> None:
    flash = updated_board().flash
    count = operations_of(flash)

    versions = {running(started_after_cut(flash, operation)) for operation in range(count)}

    assert count > 50
    assert versions <= {"1.0.0+0", "1.2.3+4"}


def test_a_power_cut_at_any_operation_of_going_back_leaves_the_old_image() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)
    flash = board.flash
    count = operations_of(flash)

    versions = {running(started_after_cut(flash, operation)) for operation in range(count)}

    assert versions == {"1.0.0+0"}


@pytest.mark.parametrize("first", range(3))
def test_power_cuts_again_and_again_leave_a_board_that_starts(first: int) -> None:
    flash = updated_board().flash

    for operation in itertools.count(first):  # each start gets a little further, and is cut again
        flash.cut_power(after_operations=operation)
        board = small_board(flash=flash)
        if board.is_powered:
            break

    assert running(board) in {"1.0.0+0", "1.2.3+4"}


@pytest.mark.parametrize(
    ("image", "why"),
    [
        (firmware("1.2.3+4", key="somebody"), "none of our keys"),
        (firmware("1.2.3+4", hw=43), "for hw 43, not 42"),
        (firmware("1.2.3+4", hw=None), "for hw None, not 42"),
        (NEW[:800] + bytes([NEW[800] ^ 1]) + NEW[801:], "the hash does not fit"),
        (NEW[:-20] + bytes(20), "the signature does not fit"),
    ],
)
def test_an_image_that_is_not_for_this_board_is_not_started(image: bytes, why: str) -> None:
    board = updated_board_with(image)

    assert running(board) == "1.0.0+0"
    assert events_of(board, 9) == [[4]]
    assert why.encode() in board.log()


def updated_board_with(image: bytes) -> Board:
    """Return a board that was told to try an image."""
    board = small_board(image=OLD)
    upload(board, image)
    put_on_trial(board, image)
    return board


def test_an_image_with_a_lower_security_counter_than_a_confirmed_one_is_not_started() -> None:
    board = updated_board_with(firmware("1.2.0", counter=5))
    tell(board, 1, 0, confirm=True)
    lower = firmware("1.2.1", counter=4)
    upload(board, lower)

    put_on_trial(board, lower)

    assert running(board) == "1.2.0+0"
    identity = ask(board, 877, 0)
    assert identity is not None
    assert identity["counter"] == 5


def test_the_bootloader_itself_refuses_a_security_counter_that_is_too_low() -> None:
    board = small_board(image=firmware("1.0.0", counter=9))
    lower = firmware("1.2.1", counter=4)
    upload(board, lower)
    Progress(Journal(board.flash)).set(Stage.PENDING)  # as an application without our check

    board.power(is_on=False)
    board.power(is_on=True)

    assert running(board) == "1.0.0+0"
    assert b"its security counter 4 is below 9" in board.log()


def test_a_trial_does_not_raise_the_security_counter() -> None:
    board = updated_board_with(firmware("1.2.0", counter=5))

    board.restart()
    board.step(1.0)

    assert running(board) == "1.0.0+0"


def test_an_ecdsa_image_is_started() -> None:
    image = firmware("2.0.0", kind="ecdsa-p256", key="maker-p256")
    keys = board_keys("maker-p256", "ecdsa-p256")
    board = small_board([*board_keys(), *keys], image=OLD)
    upload(board, image)

    put_on_trial(board, image)

    assert running(board) == "2.0.0+0"


def test_slot_1_takes_the_place_of_a_damaged_slot_0() -> None:
    board = small_board(image=OLD)
    upload(board, NEW)
    put_on_trial(board, NEW)
    tell(board, 1, 0, confirm=True)
    address = SMALL.first_sector(0) * SMALL.sector_size_bytes
    board.flash.write(address + 600, bytes(4))

    board.restart()
    board.step(1.0)

    assert running(board) == "1.0.0+0"


def test_a_board_with_nothing_to_start_does_not_answer() -> None:
    board = small_board(image=OLD[:-4] + bytes(4))

    assert board.is_unbootable
    assert running(board) == ""


def test_a_board_of_another_maker_starts_with_the_image_of_its_own() -> None:
    board = small_board([])

    assert running(board) == "1.0.0+0"
