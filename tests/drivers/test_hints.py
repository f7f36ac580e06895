"""What the evidence on a line is taken to mean."""

import pytest

from drivers.conformance.evidence import Evidence, Exchange
from drivers.conformance.hints import hints, network_hints
from drivers.protocols import modbus_rtu as rtu

READ = rtu.encode_read_input_registers(1, address=0, count=4)
GOOD = rtu.encode_reply(READ, bytes.fromhex("12 34 56 78 9A BC DE F0"))
FOREIGN = rtu.encode_frame(9, 3, bytes.fromhex("02 00 2A"))


def exchange(*pieces: tuple[float, bytes], request: bytes = READ.frame) -> Exchange:
    return Exchange(10.0, request, list(pieces))


def codes(*exchanges: Exchange, errors: tuple[str, ...] = ()) -> list[str]:
    return [hint.partition(":")[0] for hint in hints(list(exchanges), errors)]


FINE = [exchange((0.02, GOOD))] * 3


@pytest.mark.parametrize(
    ("received", "code"),
    [
        (bytes([GOOD[0], GOOD[1], GOOD[2], GOOD[3] ^ 0x10]) + GOOD[4:], "noise"),
        (GOOD[:5] + GOOD[6:], "drop"),
        (GOOD[:6], "truncate"),
        (GOOD + GOOD, "duplicate"),
        (READ.frame + GOOD, "echo"),
        (FOREIGN + GOOD, "foreign"),
        (b"\x17\x99\x03" + GOOD, "babble"),
    ],
)
def test_an_answer_that_differs_from_the_good_one_is_named(received: bytes, code: str) -> None:
    assert codes(*FINE, exchange((0.02, received))) == [code]


def test_a_line_on_which_all_is_well_has_no_hint() -> None:
    assert codes(*FINE) == []


def test_a_value_that_changed_is_no_trouble() -> None:
    other = rtu.encode_reply(READ, bytes.fromhex("12 34 56 79 00 00 00 00"))

    assert codes(*FINE, exchange((0.02, other))) == []


def test_one_bit_of_difference_is_no_noise_when_every_exchange_succeeded() -> None:
    other = rtu.encode_reply(READ, bytes.fromhex("12 34 56 79 9A BC DE F0"))
    seen = [*FINE, exchange((0.02, other[:-2] + GOOD[-2:]))]

    assert hints(seen, (), is_disturbed=False) == []
    assert len(hints(seen, ())) == 1


def test_what_was_asked_once_and_took_its_time_is_no_trouble() -> None:
    opened = exchange((0.3, GOOD), request=b"open")

    assert hints([*FINE, opened], (), is_understood=True) == []
    assert [h[:4] for h in hints([*FINE, opened, opened], (), is_understood=True)] == ["late"]


@pytest.mark.parametrize(
    ("pieces", "errors", "codes"),
    [
        ([], ["http://x does not answer: TimeoutError: no reply"], ["mute"]),
        ([(0.1, b"401 Unauthorized")], ["http://x refuses user 'admin'"], []),
        ([], ["http://x does not answer: All connection attempts failed"], ["mute", "unplug"]),
    ],
)
def test_a_device_on_a_network_is_mute_only_if_nothing_came(
    pieces: list[tuple[float, bytes]], errors: list[str], codes: list[str]
) -> None:
    found = network_hints([exchange(*pieces, request=b"GET /")], errors)

    assert [hint.partition(":")[0] for hint in found] == codes


def test_of_a_port_that_is_not_there_nothing_is_said_but_that() -> None:
    missing = "there is no port /dev/ttyUSB7: is the adapter plugged in?"

    assert codes(Exchange(0.0, b""), errors=(missing,)) == ["unplug"]
    assert codes(Exchange(0.0, b""), errors=("port X is used by another program",)) == []


def test_a_device_that_never_answers_is_mute() -> None:
    assert codes(exchange(), exchange()) == ["mute"]


def test_an_adapter_that_only_echoes_has_a_mute_device_behind_it() -> None:
    echo = exchange((0.01, READ.frame))

    assert codes(echo, echo) == ["mute"]


def test_answers_of_which_none_is_one_mean_another_baud_rate() -> None:
    garbage = [exchange((0.02, bytes(range(seed, seed + 12)))) for seed in (17, 60, 99)]

    assert codes(*garbage) == ["wrong_baud"]


def test_almost_only_empty_bytes_mean_swapped_wires() -> None:
    empty = [exchange((0.02, bytes.fromhex("00 00 FF 00 80 00")))]

    assert codes(*empty) == ["swapped"]


def test_a_reply_after_the_usual_time_is_late_and_the_hint_says_how_late() -> None:
    (hint,) = hints([*FINE, exchange((0.42, GOOD))], ())

    assert "420 ms" in hint


def test_an_answer_in_many_pieces_points_to_the_adapter() -> None:
    pieces = [(0.02 + 0.01 * i, GOOD[i : i + 1]) for i in range(len(GOOD))]

    assert codes(*FINE, exchange(*pieces)) == ["dribble"]


def test_a_port_that_was_lost_is_counted() -> None:
    errors = ("port x is gone: unplugged", "there is no port x: is the adapter plugged in?")

    assert codes(*FINE, errors=errors) == ["unplug"]


@pytest.mark.parametrize(
    ("received", "code"), [(b"", "mute"), (bytes.fromhex("33 91 77"), "wrong_baud")]
)
def test_a_device_that_talks_by_itself_and_is_not_understood(received: bytes, code: str) -> None:
    heard = exchange((0.0, received), request=b"")

    (hint,) = hints([heard], (), is_understood=False)

    assert hint.startswith(f"{code}: ")


def test_evidence_is_cut_at_each_request() -> None:
    evidence = Evidence()
    evidence(1.0, is_sent=False, data=b"hello")
    evidence(2.0, is_sent=True, data=READ.frame)
    evidence(2.5, is_sent=False, data=GOOD)

    before, asked = evidence.exchanges

    assert (before.request, before.received) == (b"", b"hello")
    assert asked.pieces == [(0.5, GOOD)]
    assert evidence.since(1) == [asked]
