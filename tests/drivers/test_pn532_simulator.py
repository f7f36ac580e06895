"""The simulated PN532; its frames are quoted from UM0701-02."""

import pytest

from drivers.simulators.pn532 import Simulator

ACK = bytes.fromhex("00 00 FF 00 FF 00")
NACK = bytes.fromhex("00 00 FF FF 00 00")
SYNTAX_ERROR = bytes.fromhex("00 00 FF 01 FF 7F 81 00")
WAKE_UP = bytes.fromhex("55 55 00 00 00")
SAM_CONFIGURATION = bytes.fromhex("00 00 FF 03 FD D4 14 01 17 00")
FIRMWARE_ASKED = bytes.fromhex("00 00 FF 02 FE D4 02 2A 00")
FIRMWARE = bytes.fromhex("00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
MAX_RETRIES = bytes.fromhex("00 00 FF 06 FA D4 32 05 FF 01 01 F4 00")
SEARCH = bytes.fromhex("00 00 FF 04 FC D4 4A 01 00 E1 00")
NO_CARD = bytes.fromhex("00 00 FF 03 FD D5 4B 00 E0 00")
CARD = bytes.fromhex("00 00 FF 0C F4 D5 4B 01 01 00 04 08 04 DE AD BE EF 96 00")


def awake() -> Simulator:
    reader = Simulator(Simulator.Settings())
    reader.receive_data(WAKE_UP + SAM_CONFIGURATION)
    return reader


def test_it_hears_nothing_before_it_is_woken() -> None:
    reader = Simulator(Simulator.Settings())

    assert reader.receive_data(FIRMWARE_ASKED * 3) == []
    assert reader.receive_data(WAKE_UP + FIRMWARE_ASKED) == [ACK, FIRMWARE]


def test_the_wake_up_may_come_in_pieces() -> None:
    reader = Simulator(Simulator.Settings())

    answers = [reader.receive_data(bytes([byte])) for byte in WAKE_UP + FIRMWARE_ASKED]

    assert [frame for frames in answers for frame in frames] == [ACK, FIRMWARE]


@pytest.mark.parametrize("index", range(3, len(FIRMWARE_ASKED) - 1))
def test_a_damaged_command_is_neither_acknowledged_nor_answered(index: int) -> None:
    damaged = bytearray(FIRMWARE_ASKED)
    damaged[index] ^= 0x10

    assert awake().receive_data(bytes(damaged)) == []


def test_a_nack_makes_it_say_its_last_response_again() -> None:
    reader = awake()
    reader.receive_data(FIRMWARE_ASKED)

    assert reader.receive_data(NACK) == [FIRMWARE]
    assert Simulator(Simulator.Settings()).receive_data(WAKE_UP + NACK) == []


def test_it_searches_for_ever_before_its_retries_are_limited() -> None:
    reader = awake()

    assert reader.receive_data(SEARCH) == [ACK]
    assert reader.step(100.0) == []
    reader.act("present", {"uid": "DEADBEEF"})
    assert reader.step(0.1) == [CARD]
    assert reader.step(0.1) == []


def test_an_ack_or_another_command_ends_a_search() -> None:
    reader = awake()

    for ending in (ACK, FIRMWARE_ASKED):
        reader.receive_data(SEARCH)
        reader.receive_data(ending)
        assert not reader.is_searching


def test_it_says_that_there_is_no_card_once_its_retries_are_limited() -> None:
    reader = awake()
    reader.receive_data(MAX_RETRIES)

    assert reader.receive_data(SEARCH) == [ACK, NO_CARD]
    reader.act("present", {"uid": "DEADBEEF"})
    assert reader.receive_data(SEARCH) == [ACK, CARD]


def test_a_swiped_card_leaves_by_itself() -> None:
    reader = awake()
    reader.act("swipe", {})

    reader.step(1.4)
    was_there = reader.state()["card"]
    reader.step(0.2)

    assert (was_there, reader.state()["card"]) == ("04A1B2C3D4E5F6", None)


def test_a_power_cycle_puts_it_to_sleep_and_loses_what_was_set_up() -> None:
    reader = awake()
    reader.receive_data(MAX_RETRIES)

    reader.act("power_cycle", {})

    assert reader.receive_data(FIRMWARE_ASKED) == []
    assert reader.state() == {
        "is_awake": False, "is_searching": False, "retries": 255, "card": None,
    }  # fmt: skip


def test_a_command_that_it_does_not_know_is_a_syntax_error() -> None:
    unknown = bytes.fromhex("00 00 FF 02 FE D4 7E AE 00")

    assert awake().receive_data(unknown) == [ACK, SYNTAX_ERROR]


@pytest.mark.parametrize("uid", ["", "DEAD", "DEADBEEF00", "not hex"])
def test_a_uid_of_another_length_is_refused(uid: str) -> None:
    with pytest.raises(ValueError, match=r"4, 7 or 10|hexadecimal"):
        awake().act("present", {"uid": uid})
