"""What goes over an OSDP line when replies are damaged, late, doubled or missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.osdp_exchanges import ABSENT_S, GAP_S, MARK, REPLY_TIME_S, Exchanges
from drivers.protocols import osdp

READER, OTHER = 5, 6


def command(sequence: int, address: int = READER) -> bytes:
    return MARK + osdp.encode_frame(
        address, osdp.Command.POLL, sequence=sequence, security=b"\x15", mac=bytes([sequence] * 4)
    )


def reply(sequence: int, address: int = READER, mac: bytes = b"\x01\x02\x03\x04") -> bytes:
    return MARK + osdp.encode_frame(
        address, osdp.Reply.ACK, sequence=sequence, is_reply=True, security=b"\x16", mac=mac
    )


def refusal(sequence: int, why: int) -> bytes:
    return MARK + osdp.encode_frame(
        READER, osdp.Reply.NAK, bytes([why]), sequence=sequence, is_reply=True
    )


def damaged(frame: bytes) -> bytes:
    return frame[:-4] + bytes([frame[-4] ^ 1]) + frame[-3:]


def asked(sequence: int = 1) -> Exchanges:
    """Return a line on which a poll was sent at 10.0 s; the reply before it came at 9.9 s."""
    line = Exchanges(baudrate=9600)
    before = sequence - 1 or 3
    line.ask(command(before))
    line.next_to_send(now_s=9.85)
    line.hear(reply(before, mac=b"\x00\x00\x00\x09"), now_s=9.9)
    line.take_reply()
    line.ask(command(sequence))
    assert line.next_to_send(now_s=10.0) == command(sequence)
    return line


def test_a_sound_reply_reaches_libosdp_once() -> None:
    line = asked()

    line.hear(reply(1), now_s=10.05)

    assert line.take_reply() == reply(1)
    assert line.take_reply() == b""
    assert line.next_to_send(now_s=11.0) == b""


def test_a_damaged_reply_is_asked_for_again_with_the_same_bytes() -> None:
    line = asked()

    line.hear(damaged(reply(1)), now_s=10.05)

    assert line.take_reply() == b""
    assert line.next_to_send(now_s=10.05 + GAP_S / 2) == b""
    assert line.next_to_send(now_s=10.06 + GAP_S) == command(1)


@pytest.mark.parametrize("heard", [reply(1)[:7], reply(1)[:-1], b"\x00\xf0"])
def test_a_reply_that_stops_is_asked_for_again(heard: bytes) -> None:
    line = asked()

    line.hear(heard, now_s=10.05)

    assert line.next_to_send(now_s=10.06 + GAP_S) == command(1)


def test_a_reply_whose_bytes_still_come_is_waited_for() -> None:
    line = asked()
    for index, byte in enumerate(reply(1)):
        line.hear(bytes([byte]), now_s=10.05 + 0.03 * index)
        assert line.next_to_send(now_s=10.06 + 0.03 * index) == b""

    assert line.take_reply() == reply(1)


def test_a_command_that_was_damaged_on_its_way_is_sent_again() -> None:
    line = asked()

    line.hear(refusal(1, osdp.Refusal.CHECK_CHARACTER), now_s=10.05)

    assert line.take_reply() == b""
    assert line.next_to_send(now_s=10.06) == command(1)


def test_a_reader_that_never_understood_check_characters_is_for_libosdp_to_handle() -> None:
    line = Exchanges(baudrate=9600)
    line.ask(command(1))
    line.next_to_send(now_s=10.0)

    line.hear(refusal(1, osdp.Refusal.CHECK_CHARACTER), now_s=10.05)

    assert line.take_reply() == refusal(1, osdp.Refusal.CHECK_CHARACTER)


def test_silence_is_asked_again_until_the_reader_counts_as_absent() -> None:
    line, sent_at_s = asked(), []

    for step in range(200):
        now_s = 10.01 + step / 100
        sent_at_s += [now_s] if line.next_to_send(now_s=now_s) else []

    assert len(sent_at_s) == 3
    assert sent_at_s[0] == pytest.approx(10 + REPLY_TIME_S + len(command(1)) / 960, abs=0.02)
    assert line.silent_s(READER, now_s=10.9) > ABSENT_S
    assert line.counts.silent == 4


def test_a_reader_that_was_not_asked_is_not_silent() -> None:
    line = asked()
    line.hear(reply(1), now_s=10.05)
    line.take_reply()

    assert line.silent_s(READER, now_s=60.0) == 0
    assert line.silent_s(OTHER, now_s=60.0) == 0


def test_a_late_reply_is_kept_until_libosdp_asks_the_same_again() -> None:
    line = asked()
    line.ask(command(1, OTHER))
    line.hear(reply(1), now_s=10.4)
    assert line.take_reply() == b""

    line.ask(command(1))

    assert line.take_reply() == reply(1)
    assert line.silent_s(READER, now_s=12.0) == 0


def test_a_copy_of_a_reply_is_not_heard_again() -> None:
    line = asked(sequence=1)
    line.hear(reply(1) + reply(1), now_s=10.05)
    line.take_reply()
    for sequence in (2, 3, 1):
        line.ask(command(sequence))
        line.next_to_send(now_s=10.2)
        line.hear(reply(1), now_s=10.25)

    assert line.take_reply() == b""
    assert line.counts.copies == 4


def test_a_reply_of_an_earlier_sequence_is_passed_over() -> None:
    line = asked(sequence=2)

    line.hear(reply(1), now_s=10.05)

    assert line.take_reply() == b""


@pytest.mark.parametrize("code", [osdp.Reply.BUSY, osdp.Reply.NAK])
def test_busy_and_lost_sequences_need_no_sequence(code: osdp.Reply) -> None:
    data = b"" if code is osdp.Reply.BUSY else bytes([osdp.Refusal.SEQUENCE])
    frame = MARK + osdp.encode_frame(READER, code, data, sequence=0, is_reply=True)
    line = asked()

    line.hear(frame, now_s=10.05)

    assert line.take_reply() == frame


def test_an_adapter_that_echoes_does_not_disturb() -> None:
    line = asked()

    line.hear(command(1), now_s=10.02)

    assert line.next_to_send(now_s=10.1) == b""
    line.hear(reply(1), now_s=10.15)
    assert line.take_reply() == reply(1)


def test_another_reader_s_reply_is_not_given_to_who_listens() -> None:
    line = asked()

    line.hear(reply(1, OTHER), now_s=10.05)

    assert line.take_reply() == b""
    assert line.next_to_send(now_s=10.1) == b""


def test_libosdp_s_newest_command_goes_before_repeats() -> None:
    line = asked()
    line.ask(command(1, OTHER))
    line.hear(damaged(reply(1)), now_s=10.05)

    assert line.next_to_send(now_s=10.06 + GAP_S) == command(1, OTHER)
    line.hear(reply(1, OTHER), now_s=10.2)
    assert line.next_to_send(now_s=10.21) == command(1)


def test_what_was_on_a_lost_line_is_asked_again() -> None:
    line = asked()
    line.forget_wire()

    line.ask(command(1))

    assert line.next_to_send(now_s=10.05) == command(1)


def test_a_command_that_was_given_up_is_never_sent_again() -> None:
    line = asked()
    line.give_up(READER)

    line.ask(command(1))

    assert line.next_to_send(now_s=10.3) == b""
    line.hear(reply(1), now_s=10.35)
    assert line.take_reply() == refusal(1, osdp.Refusal.RECORD)
    assert line.next_to_send(now_s=11.0) == b""


def test_a_command_that_was_answered_cannot_be_given_up() -> None:
    line = asked()
    line.hear(reply(1), now_s=10.05)
    line.take_reply()

    line.give_up(READER)
    line.give_up(OTHER)

    assert line.take_reply() == b""


def test_noise_without_end_is_not_answered_without_end() -> None:
    line, sent_count = asked(), 0

    for step in range(1000):
        now_s = 10.0 + step * GAP_S * 1.1
        line.hear(b"\x55", now_s=now_s)
        sent_count += bool(line.next_to_send(now_s=now_s + GAP_S * 1.05))

    assert sent_count < 12


def test_half_a_command_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="whole frames"):
        Exchanges(baudrate=9600).ask(command(1)[:5])


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_comes_only_sound_replies_reach_libosdp(pieces: list[bytes]) -> None:
    line = asked()

    for index, piece in enumerate(pieces):
        line.hear(piece, now_s=10.0 + 0.01 * index)
        line.next_to_send(now_s=10.0 + 0.01 * index)

    assert line.take_reply() in (b"", reply(1))
