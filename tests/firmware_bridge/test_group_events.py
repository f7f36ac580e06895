import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.group_events import (
    KINDS,
    CardRead,
    Configured,
    Event,
    FireInputChanged,
    HealthChanged,
    HoldChanged,
    HousingChanged,
    ImageChanged,
    ImageStep,
    InputChanged,
    OtherEvent,
    OutputCause,
    OutputChanged,
    SafeStateChanged,
    SignatureRefused,
    StartCause,
    Started,
    decode_event,
    encode_event,
)

CARD = bytes.fromhex("BD D9 37 40")
EVENTS: list[tuple[Event, list[object]]] = [
    (Started(1, 0, StartCause.WATCHDOG, was_safe=True), [1, 0, 1, 2, 1]),
    (InputChanged(2, 9, 3, is_active=True), [2, 9, 2, 3, 1]),
    (CardRead(5, 61_200, 0, 26, CARD), [5, 61_200, 3, 0, 26, CARD]),
    (OutputChanged(6, 1, 2, is_on=False, cause=OutputCause.PULSE_OVER), [6, 1, 4, 2, 0, 2]),
    (SafeStateChanged(7, 1, is_entered=True, cause=1), [7, 1, 5, 1, 1]),
    (FireInputChanged(8, 1, is_active=True), [8, 1, 6, 1]),
    (HoldChanged(9, 1, is_begun=True, duration_ms=60_000), [9, 1, 7, 1, 60_000]),
    (HousingChanged(10, 1, is_open=True), [10, 1, 8, 1]),
    (ImageChanged(11, 1, ImageStep.WENT_BACK), [11, 1, 9, 3]),
    (Configured(12, 1), [12, 1, 10]),
    (HealthChanged(13, 1, 5), [13, 1, 11, 5]),
    (SignatureRefused(14, 1, 5), [14, 1, 12, 5]),
]


@pytest.mark.parametrize(("event", "raw"), EVENTS)
def test_an_event_is_as_the_page_says(event: Event, raw: list[object]) -> None:
    assert encode_event(event) == raw
    assert decode_event(raw) == event


def test_every_kind_is_among_them() -> None:
    assert {type(event) for event, _ in EVENTS} == set(KINDS.values())


def test_the_card_of_the_page_is_read() -> None:
    raw = cbor2.loads(bytes.fromhex("86 05 19 EF 10 03 00 18 1A 44 BD D9 37 40"))

    assert decode_event(raw) == CardRead(5, 61_200, 0, 26, CARD)


def test_values_that_a_newer_board_adds_are_passed_over() -> None:
    assert decode_event([2, 9, 2, 3, 1, "why", 7]) == InputChanged(2, 9, 3, is_active=True)


def test_truths_may_be_said_as_such() -> None:
    assert decode_event([8, 1, 6, True]) == FireInputChanged(8, 1, is_active=True)


def test_values_that_may_be_absent_have_their_defaults() -> None:
    assert decode_event([7, 1, 5, 0]) == SafeStateChanged(7, 1, is_entered=False)


@pytest.mark.parametrize(
    "raw",
    [
        [1, 2, 99, "x"],
        [1, 2, 2, 3],
        [1, 2, 2, "a", 1],
        [1, 2, 2, -1, 1],
        [1, 2, 2, 3, 2],
        [1, 2, 3, 0, 26, CARD[:3]],
        [1, 2, 3, 0, 26, "text"],
    ],
)
def test_an_event_that_cannot_be_read_keeps_its_place(raw: list[object]) -> None:
    event = decode_event(raw)

    assert isinstance(event, OtherEvent)
    assert encode_event(event) == raw


@pytest.mark.parametrize(
    "raw", [[], [1, 2], ["1", 2, 3], [1, None, 3], [1, 1 << 64, 3], [1, 2, True]]
)
def test_what_has_no_number_or_kind_is_no_event(raw: list[object]) -> None:
    with pytest.raises(ValueError, match=r"event|unsigned"):
        decode_event(raw)


@given(st.integers(1, 64), st.data())
def test_a_card_of_any_length_is_kept_as_it_came(bit_count: int, data: st.DataObject) -> None:
    size_bytes = -(-bit_count // 8)
    bits = data.draw(st.binary(min_size=size_bytes, max_size=size_bytes))
    card = CardRead(1, 2, 0, bit_count, bits)

    assert decode_event(cbor2.loads(cbor2.dumps(encode_event(card)))) == card
