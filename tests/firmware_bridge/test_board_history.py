"""What a board has told: each event once, over lost answers and restarts of either side."""

from typing import Any

import pytest

from drivers.base import (
    BoardFaultsChanged,
    CredentialKind,
    CredentialRead,
    FireInputChanged,
    InputChanged,
    Observation,
    PassageCounted,
    SafeStateChanged,
    Side,
    TamperChanged,
)
from firmware_bridge.board_history import BoardHistory
from firmware_bridge.board_settings import BoardSettings
from firmware_bridge.group import State

STARTED = [1, 0, 1, 0, 0]
PLAIN = BoardSettings()
CARD = bytes.fromhex("BD D9 37 40")


def history(settings: BoardSettings = PLAIN) -> BoardHistory:
    return BoardHistory(settings, passages={3: Side.IN})


def state(*events: list[Any], boot: int = 7, seq: int | None = None, **more: object) -> State:
    newest = max([1, *(event[0] for event in events)]) if seq is None else seq
    fields = {"boot": boot, "seq": newest, "up": 60_000, "ev": list(events), **more}
    return State.model_validate(fields)


def take(known: BoardHistory, said: State) -> list[Observation]:
    return [told.observation for told in known.take(said)]


def asked(settings: BoardSettings = PLAIN) -> BoardHistory:
    """Return a history that knows a board whose first event was told."""
    known = history(settings)
    take(known, state(STARTED))
    return known


def inputs(found: list[Observation]) -> list[InputChanged]:
    return [each for each in found if isinstance(each, InputChanged)]


def test_the_first_state_tells_all() -> None:
    found = take(history(), state(STARTED, **{"in": 0b101, "open": True, "health": 2}))

    assert found == [
        InputChanged(0, active=True),
        InputChanged(1, active=False),
        InputChanged(2, active=True),
        TamperChanged(active=True),
        BoardFaultsChanged(("temperature",)),
    ]


def test_inputs_that_no_board_has_are_counted_and_not_remembered() -> None:
    known = asked()

    found = take(known, state(*([n, n, 2, 1000 + n, 1] for n in range(2, 5))))

    assert found == []
    assert known.findings == ["3 x the board told of an input that no board has"]


def test_an_idle_board_tells_nothing() -> None:
    known = asked()

    assert take(known, state()) == []


def test_an_event_is_told_once_though_its_answer_comes_twice() -> None:
    known = asked()
    pulse = state([2, 50_000, 2, 0, 1], [3, 50_300, 2, 0, 0])

    first, again = take(known, pulse), take(known, pulse)

    assert (first, again) == (
        [InputChanged(0, active=True), InputChanged(0, active=False)],
        [],
    )


def test_what_was_taken_is_what_is_acknowledged() -> None:
    known = asked()

    take(known, state([2, 50_000, 2, 0, 1]))

    assert (known.boot, known.sequence) == (7, 2)


def test_while_the_board_has_more_to_tell_nobody_looks_how_things_stand() -> None:
    known = asked()

    found = take(known, state([2, 50_000, 2, 0, 1], seq=4, **{"in": 0b100}))

    assert (found, known.is_behind) == ([InputChanged(0, active=True)], True)


def test_where_an_event_gave_way_the_state_tells_how_things_stand() -> None:
    known = asked()

    found = take(known, state([4, 50_000, 2, 0, 1], **{"in": 0b11, "lost": 2}))

    assert found == [InputChanged(0, active=True), InputChanged(1, active=True)]
    assert known.findings == ["2 x an event gave way before it was asked for"]


def test_a_board_that_sends_no_events_at_all_is_not_asked_for_ever() -> None:
    known = asked()

    take(known, state(seq=9))

    assert (known.is_behind, known.sequence) == (False, 9)


def test_another_start_begins_its_numbers_anew() -> None:
    known = asked()
    take(known, state([2, 50_000, 2, 0, 1], **{"in": 1}))

    found = take(known, state(STARTED, [2, 900, 2, 0, 0], boot=8, up=1000))

    assert inputs(found) == [InputChanged(0, active=False)]
    assert (known.boot, known.sequence, known.has_restarted) == (8, 2, True)


def test_a_card_has_its_bits_and_their_count() -> None:
    known = asked()

    (card,) = take(known, state([2, 59_900, 3, 1, 26, CARD]))

    assert card == CredentialRead(CredentialKind.WIEGAND, "2F764DD", 26, 1)


@pytest.mark.parametrize(
    ("bit_count", "raw", "number"),
    [
        (34, "00 00 00 00 40", "000000001"),
        (37, "FF FF FF FF F8", "1FFFFFFFFF"),
        (4, "A0", "A"),
        (200, "FF" * 25, "F" * 50),
    ],
)
def test_bits_of_any_count_are_kept(bit_count: int, raw: str, number: str) -> None:
    known = asked()

    (card,) = take(known, state([2, 59_900, 3, 0, bit_count, bytes.fromhex(raw)]))

    assert isinstance(card, CredentialRead)
    assert (card.number, card.bit_length) == (number, bit_count)


def test_whoever_showed_a_card_long_ago_has_left() -> None:
    known = asked()

    found = take(known, state([2, 54_900, 3, 0, 26, CARD]))

    assert found == []
    assert known.findings == ["1 x a card was read more than 5 s before it was told"]


def test_a_card_that_was_read_before_this_process_asked_was_for_another() -> None:
    assert not any(
        isinstance(each, CredentialRead)
        for each in take(history(), state(STARTED, [2, 59_900, 3, 0, 26, CARD]))
    )


@pytest.mark.parametrize("bits", [b"", b"\x00" * 65])
def test_a_card_that_can_be_none_is_counted(bits: bytes) -> None:
    known = asked()

    take(known, state([2, 59_900, 3, 0, len(bits) * 8, bits]))

    assert known.findings == ["1 x a card had no bits, or too many"]


def test_a_passage_is_each_time_that_its_input_becomes_active() -> None:
    known = asked()

    found = take(known, state(*([n, 50_000, 2, 3, n % 2] for n in (3, 4, 5, 6))))

    assert found == [PassageCounted(Side.IN, 1), PassageCounted(Side.IN, 1)]


def test_an_input_that_is_found_active_is_no_passage() -> None:
    assert PassageCounted(Side.IN, 1) not in take(history(), state(STARTED, **{"in": 8}))


def test_passages_before_this_process_asked_were_told_or_were_nobody_s() -> None:
    assert PassageCounted(Side.IN, 1) not in take(history(), state(STARTED, [2, 50_000, 2, 3, 1]))


def test_a_passage_while_the_line_was_away_is_told() -> None:
    known = asked()
    known.forget()

    assert PassageCounted(Side.IN, 1) in take(known, state([2, 1000, 2, 3, 1], [3, 1200, 2, 3, 0]))


def test_a_safe_state_is_told_afterwards_with_its_times() -> None:
    events = [[2, 50_000, 5, 1, 1], [3, 58_500, 5, 0, 1]]

    found = take(history(), state(STARTED, *events))

    assert found[:2] == [SafeStateChanged(True, 10.0), SafeStateChanged(False, 1.5)]


def test_a_safe_state_whose_event_gave_way_is_told_without_a_time() -> None:
    assert SafeStateChanged(active=True) in take(history(), state(seq=200, safe=True))


def test_a_board_that_restarted_in_its_safe_state_tells_it_without_its_beginning() -> None:
    known = asked()

    found = take(known, state([1, 0, 1, 2, 1], boot=8, up=3000))

    assert found == [SafeStateChanged(True, None), SafeStateChanged(False, 3.0)]


def test_a_safe_state_that_is_known_is_over_with_the_restart() -> None:
    known = asked()
    take(known, state([2, 50_000, 5, 1, 1], safe=True))

    found = take(known, state([1, 0, 1, 0, 1], boot=8, up=3000))

    assert found == [SafeStateChanged(False, 3.0)]


def test_the_fire_input_is_told_as_a_contact_too() -> None:
    known = asked(BoardSettings(fire_input=1))

    found = take(known, state([2, 50_000, 2, 1, 1], [3, 50_000, 6, 1], fire=True))

    assert found == [FireInputChanged(active=True), InputChanged(1, active=True)]


def test_a_fire_that_was_over_before_anybody_asked_is_told_and_no_contact() -> None:
    known = history(BoardSettings(fire_input=1))

    found = take(known, state(STARTED, [2, 50_000, 6, 1], [3, 50_900, 6, 0]))

    fires = [each for each in found if isinstance(each, FireInputChanged)]
    assert [each.active for each in fires] == [True, False]
    assert InputChanged(1, active=True) not in found


def test_a_housing_that_was_opened_and_closed_is_told() -> None:
    known = asked()

    found = take(known, state([2, 50_000, 8, 1], [3, 50_900, 8, 0]))

    assert found == [TamperChanged(active=True), TamperChanged(active=False)]


def test_a_housing_s_contact_may_be_one_of_the_inputs() -> None:
    known = asked(BoardSettings(input_tamper=2))

    assert take(known, state([2, 50_000, 2, 2, 1], **{"in": 4})) == [TamperChanged(active=True)]


@pytest.mark.parametrize("kind", [[9, 1], [10]])
def test_an_image_or_a_configuration_that_changed_is_looked_at(kind: list[int]) -> None:
    known = asked()
    known.is_changed = False

    take(known, state([2, 50_000, *kind]))

    assert known.is_changed


@pytest.mark.parametrize("event", [[2, 50_000, 77, 1], [2, 50_000, 2, "x"], [2, 50_000, 3, 0, 9]])
def test_what_is_not_understood_is_counted_and_harms_nothing(event: list[Any]) -> None:
    known = asked()

    assert take(known, state(event)) == []
    assert known.findings == ["1 x the board told something that is not known here"]


def test_what_was_forgotten_is_told_again_and_no_event_is() -> None:
    known = asked()
    take(known, state([2, 50_000, 2, 0, 1], **{"in": 1}))
    known.forget()

    found = take(known, state(seq=2, **{"in": 1}))

    assert inputs(found)[0] == InputChanged(0, active=True)
    assert len(inputs(found)) == 3


def test_a_safe_state_that_stands_is_told_again_after_an_absence_without_its_time() -> None:
    known = asked()
    take(known, state([2, 50_000, 5, 1, 1], safe=True))
    known.forget()

    assert SafeStateChanged(active=True) in take(known, state(seq=2, safe=True))


def test_a_safe_state_that_ended_unseen_is_over() -> None:
    known = asked()
    take(known, state([2, 50_000, 5, 1, 1], safe=True))
    known.forget()

    assert SafeStateChanged(active=False) in take(known, state(seq=300))


def test_a_board_that_was_well_all_the_time_tells_nothing_of_a_safe_state() -> None:
    known = asked()
    known.forget()

    found = take(known, state(seq=1))

    assert not any(isinstance(each, SafeStateChanged) for each in found)
