"""What the simulated board does by itself: pulses, safe state, hold, fire, inputs, events."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.peer_board import Board
from tests.firmware_bridge.signing import firmware
from tests.firmware_bridge.simulated import (
    ask,
    board_state,
    command,
    configure,
    events_of,
    put_on_trial,
    running,
    signed,
    small_board,
    tell,
    upload,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FIRE = {"err": {"group": 877, "rc": 4}}


def beaten(board: Board, *, for_s: float, every_s: float = 0.4) -> None:
    """Let time pass with heartbeats."""
    for _ in range(round(for_s / every_s)):
        board.step(every_s)
        tell(board, 877, 2)


def safe_after_s(board: Board) -> float:
    """Return how long it takes to the safe state without a heartbeat from now on."""
    passed_s = 0.0
    while not board_state(board)["safe"]:
        board.step(0.01)
        passed_s += 0.01
    return passed_s


def claimed_board(**configuration: Any) -> Board:  # noqa: ANN401 - of several types
    """Return a board that takes what ``KEY`` signs, with some of its configuration changed."""
    board = small_board()
    configure(board, **configuration)
    tell(board, 877, 6, boot=board_state(board)["boot"], key=KEY.public_key().public_bytes_raw())
    return board


@pytest.mark.parametrize("wd_ms", [500, 3000, 60_000])
def test_the_safe_state_comes_within_a_tenth_of_the_time(wd_ms: int) -> None:
    board = small_board()
    configure(board, wd=wd_ms)
    beaten(board, for_s=2)

    assert abs(safe_after_s(board) - wd_ms / 1000) <= 0.1 * wd_ms / 1000


def test_a_board_that_never_heard_a_heartbeat_gets_into_its_safe_state() -> None:
    assert 2.7 <= safe_after_s(small_board()) <= 3.3


def test_reading_the_state_does_not_hold_the_safe_state_off() -> None:
    board = small_board()

    for _ in range(40):
        board.step(0.1)
        board_state(board)

    assert board_state(board)["safe"]


def test_an_erase_is_answered_late_and_the_watch_stands_still_meanwhile() -> None:
    board = small_board(erase_s=0.5)
    upload(board, firmware())  # its first packet erases nothing: the slot is blank
    beaten(board, for_s=2)

    assert tell(board, 1, 5) is None
    board.step(0.9)
    assert board.late_answer() is None
    assert tell(board, 877, 2) is None
    board.step(0.7)

    assert (board.late_answer() or b"")[-1:] == b"\xa0"
    assert board.late_answer() is None
    assert 2.7 <= safe_after_s(board) <= 3.3


def test_no_time_is_no_safe_state() -> None:
    board = small_board()
    configure(board, wd=0)

    board.step(100)

    assert not board_state(board)["safe"]


def test_every_output_does_what_is_configured_for_the_safe_state() -> None:
    board = small_board()
    configure(board, safe=[1, 0, 2, 2])
    for channel in range(1, 3):
        command(board, channel, on=True)
    command(board, 3, on=True, ms=60_000)

    board.step(3.5)

    assert board_state(board)["out"] == 0b0101
    assert events_of(board, 5) == [[1, 1]]
    assert [0, 1, 3] in events_of(board, 4)


def test_a_heartbeat_ends_the_safe_state_and_changes_no_output() -> None:
    board = small_board()
    configure(board, safe=[1, 0, 0, 0])
    board.step(3.5)

    assert tell(board, 877, 2) == {"boot": board_state(board)["boot"], "safe": False, "wd": 3000}

    assert board_state(board)["out"] == 1
    assert events_of(board, 5) == [[1, 1], [0, 1]]


def test_a_board_says_after_a_restart_that_it_was_in_its_safe_state() -> None:
    board = small_board()
    board.step(3.5)

    tell(board, 0, 5)
    board.step(1.0)

    assert events_of(board, 1) == [[1, 1]]


def test_a_hold_keeps_the_safe_state_off_until_it_is_over() -> None:
    board = claimed_board()

    assert signed(board, KEY, 5, ms=10_000) == {"hold": 10_000}
    board.step(9.9)

    assert not board_state(board)["safe"]
    assert safe_after_s(board) < 0.2
    assert events_of(board, 7) == [[1, 10_000], [0, 0]]


def test_the_next_heartbeat_ends_a_hold() -> None:
    board = claimed_board()
    signed(board, KEY, 5, ms=60_000)

    tell(board, 877, 2)

    assert board_state(board)["hold"] == 0
    assert 2.7 <= safe_after_s(board) <= 3.3


def test_a_pulse_ends_by_itself() -> None:
    board = small_board()

    assert command(board, 2, on=True, ms=500) == {"out": 0b100}
    board.step(0.49)
    assert board_state(board)["out"] == 0b100
    board.step(0.02)

    assert board_state(board)["out"] == 0
    assert events_of(board, 4) == [[2, 1, 1], [2, 0, 2]]


def test_a_new_command_replaces_a_pulse() -> None:
    board = small_board()
    command(board, 2, on=True, ms=500)

    command(board, 2, on=True)
    board.step(1)

    assert board_state(board)["out"] == 0b100


def test_a_fire_is_before_and_above_all_else() -> None:
    board = small_board()
    configure(board, fire_in=7, fire_inv=False, fire_on=0b0001, fire_off=0b0010, safe=[0, 1, 0, 0])
    command(board, 1, on=True, ms=1_000)

    board.set_contact(7, is_closed=True)
    board.step(0.05)
    board.step(10)

    state = board_state(board)
    assert (state["fire"], state["safe"], state["out"]) == (True, True, 0b0001)
    assert command(board, 0, on=False) == FIRE
    assert command(board, 0, on=True, ms=100) == FIRE
    assert command(board, 0, on=True) == {"out": 0b0001}
    assert command(board, 2, on=True) == {"out": 0b0101}
    assert events_of(board, 4) == [[1, 1, 1], [0, 1, 4], [1, 0, 4], [2, 1, 1]]


def test_after_a_fire_outputs_stay_until_they_are_commanded() -> None:
    board = small_board()
    configure(board, fire_in=7, fire_inv=False, fire_on=0b0001, wd=0)
    board.set_contact(7, is_closed=True)
    board.step(0.05)

    board.set_contact(7, is_closed=False)
    board.step(0.05)

    assert board_state(board)["out"] == 1
    assert events_of(board, 6) == [[1], [0]]
    assert command(board, 0, on=False) == {"out": 0}


@pytest.mark.parametrize(("group", "number"), [(0, 5), (1, 1), (1, 5)])
def test_in_a_fire_nothing_is_restarted_erased_or_uploaded(group: int, number: int) -> None:
    board = small_board()
    configure(board, fire_in=7, fire_inv=False)
    board.set_contact(7, is_closed=True)
    board.step(0.05)

    assert tell(board, group, number, off=0, data=b"") == FIRE


def test_a_fire_opens_at_the_start_and_with_a_hung_application() -> None:
    board = small_board()
    configure(board, fire_in=7, fire_inv=True, fire_on=0b0001)
    board.set_contact(7, is_closed=True)
    board.step(0.05)

    board.hang()
    board.contacts[7] = False
    board.step(0.05)
    assert board.application is not None
    assert board.application.outputs[0]
    board.step(2)

    assert board_state(board)["out"] == 1
    assert events_of(board, 1) == [[2, 0]]


def test_what_has_no_power_does_not_hang_and_stays_off() -> None:
    board = small_board()
    board.power(is_on=False)

    board.hang()
    board.step(5)

    assert (board.is_powered, board.is_hung) == (False, False)


def test_an_input_counts_when_it_is_stable() -> None:
    board = small_board()
    configure(board, deb=100, inv=0b10)

    for is_closed in (True, False, True):
        board.set_contact(0, is_closed=is_closed)
        board.step(0.05)
    assert board_state(board)["in"] == 0b10
    board.step(0.06)

    assert board_state(board)["in"] == 0b11
    assert events_of(board, 2) == [[0, 1]]


def test_a_card_comes_as_it_was_received() -> None:
    board = small_board()
    board.step(61.2)

    board.card(0, 26, bytes.fromhex("BDD93740"))

    assert board_state(board)["ev"][-1][1:] == [61_200, 3, 0, 26, bytes.fromhex("BDD93740")]


def test_the_housing_is_told() -> None:
    board = small_board()

    board.set_housing(is_open=True)

    assert board_state(board)["open"]
    assert events_of(board, 8) == [[1]]


def test_events_are_kept_until_they_are_acknowledged() -> None:
    board = small_board()
    for _ in range(5):
        board.card(1, 26, bytes(4))

    first = board_state(board, max=2)
    assert [event[0] for event in first["ev"]] == [1, 2]
    assert first["seq"] == 6
    rest = board_state(board, boot=first["boot"], seq=2, max=100)
    assert [event[0] for event in rest["ev"]] == [3, 4, 5, 6]
    assert rest["lost"] == 0


def test_another_start_acknowledges_nothing() -> None:
    board = small_board()

    state = board_state(board, boot=board_state(board)["boot"] ^ 1, seq=1)

    assert [event[0] for event in state["ev"]] == [1]


def test_the_oldest_events_give_way_and_are_counted() -> None:
    board = small_board()
    for _ in range(130):
        board.card(1, 26, bytes(4))

    state = board_state(board, max=1000)

    assert state["lost"] == 3
    assert state["ev"][0][0] == 4


def test_an_image_that_nobody_confirms_restarts_and_goes_back() -> None:
    board = small_board()
    configure(board, trial=10_000)
    upload(board, firmware())
    put_on_trial(board, firmware())

    board.step(11)

    assert running(board) == "1.0.0+0"
    assert events_of(board, 1)[0][0] == 3


def test_in_a_fire_no_trial_ends() -> None:
    board = small_board()
    configure(board, trial=10_000, fire_in=7, fire_inv=False)
    upload(board, firmware())
    put_on_trial(board, firmware())
    board.set_contact(7, is_closed=True)

    board.step(11)

    assert running(board) == "1.2.3+4"


@pytest.mark.parametrize("behaviour", ["does_not_start", "hangs"])
def test_the_hardware_restarts_a_broken_image_and_it_goes_back(behaviour: str) -> None:
    board = small_board()
    broken = firmware(behaviour=behaviour)
    upload(board, broken)
    put_on_trial(board, broken)

    board.step(5)

    assert running(board) == "1.0.0+0"
    assert events_of(board, 1)[0][0] == 2


def test_a_mute_image_is_gone_when_its_trial_is_over() -> None:
    board = small_board()
    mute = firmware(behaviour="mute")
    upload(board, mute)
    put_on_trial(board, mute)
    assert ask(board, 877, 0) is None

    board.step(301)

    assert running(board) == "1.0.0+0"


def test_an_unwell_image_says_so() -> None:
    board = small_board()
    unwell = firmware(behaviour="unhealthy")
    upload(board, unwell)

    put_on_trial(board, unwell)

    assert board_state(board)["health"] == 0b1000
    assert events_of(board, 11) == [[0b1000]]


def test_an_image_that_stays_safe_is_not_got_out_of_it() -> None:
    board = small_board()
    broken = firmware(behaviour="stays_safe")
    upload(board, broken)
    put_on_trial(board, broken)

    answer = tell(board, 877, 2)

    assert answer is not None
    assert answer["safe"]
