"""The pure state of a roll-call: the last mark holds, whoever writes it and in whatever order."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.muster.roll_call import NOBODY_KNOWN, Listed, Mark, Shown, shown_at, standings
from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.events import AccessDenied, AccessGranted, AccessTaken, Event, EventData
from tests.central.bench import make_event

START = datetime(2026, 11, 28, 8, tzinfo=UTC)
POINTS = {"field"}


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def listed(number: int, area: str = "hall", *, minute: int = 0, is_found: bool = False) -> Listed:
    return Listed(number=number, area=area, since=at(minute), is_found=is_found)


def ticked(number: int, *, minute: int, is_safe: bool = True) -> Mark:
    return Mark(number=number, at=at(minute), is_safe=is_safe, marked_by="guard-1")


def granted(holder_id: str | None = "anna", point: str = "field") -> EventData:
    return AccessGranted(
        decision_id=uuid4(),
        access_point=point,
        direction=Direction.IN,
        holder_id=holder_id,
        credential=CredentialKind.CARD,
    )


def denied(reason: DenialReason) -> EventData:
    return AccessDenied(
        decision_id=uuid4(),
        access_point="field",
        direction=Direction.IN,
        reason=reason,
        holder_id="anna",
        credential=CredentialKind.CARD,
    )


def event(fact: EventData, *, minute: int = 1) -> Event:
    return make_event(1, fact=fact, time=at(minute))


def shown(*events: Event, now: datetime | None = None) -> list[Shown]:
    return shown_at(POINTS, events, since=START, now=now or at(60))


def test_who_has_no_mark_is_missing_and_stands_first_by_area() -> None:
    people = [listed(1, "lab"), listed(2, "hall", minute=2), listed(3, "hall", minute=1)]

    found = standings([*people, listed(4, "attic")], [ticked(4, minute=5)])

    assert [standing.listed.number for standing in found] == [3, 2, 1, 4]
    assert [standing.is_safe for standing in found] == [False, False, False, True]


def test_who_was_found_stands_behind_the_areas() -> None:
    found = standings([listed(1, "", is_found=True), listed(2, "lab")], [])

    assert [standing.listed.number for standing in found] == [2, 1]


def test_undoing_makes_somebody_missing_until_the_next_mark() -> None:
    marks = [ticked(1, minute=1), ticked(1, minute=2, is_safe=False), ticked(1, minute=3)]

    states = [standings([listed(1)], marks[:count])[0].is_safe for count in range(4)]

    assert states == [False, True, False, True]


@given(st.permutations([ticked(1, minute=m, is_safe=m % 2 == 0) for m in range(5)]))
def test_marks_come_to_the_same_in_any_order(marks: list[Mark]) -> None:
    (standing,) = standings([listed(1)], marks)

    assert standing.mark == ticked(1, minute=4)


def test_what_was_shown_before_an_undoing_and_is_heard_after_it_saves_nobody() -> None:
    late = Mark(number=1, at=at(1), is_safe=True, access_point="field")

    (standing,) = standings([listed(1)], [ticked(1, minute=2, is_safe=False), late])

    assert not standing.is_safe


def test_a_mark_concerns_nobody_else() -> None:
    found = standings([listed(1), listed(2)], [ticked(1, minute=1)])

    assert {standing.listed.number: standing.is_safe for standing in found} == {1: True, 2: False}


def test_a_credential_that_opened_says_who_is_there() -> None:
    assert shown(event(granted(), minute=3)) == [Shown("anna", "field", at(3))]


@pytest.mark.parametrize("reason", DenialReason)
def test_a_refused_one_says_it_too_unless_it_leaves_open_who_it_was(reason: DenialReason) -> None:
    assert bool(shown(event(denied(reason)))) is (reason not in NOBODY_KNOWN)


def test_a_photograph_held_up_saves_nobody() -> None:
    assert shown(event(denied(DenialReason.PRESENTATION_ATTACK))) == []


@pytest.mark.parametrize(
    "fact",
    [
        granted(None),
        granted(point="lane"),
        AccessTaken(decision_id=uuid4(), access_point="field", direction=Direction.OUT),
    ],
    ids=["no name", "another point", "a passage without a name"],
)
def test_other_facts_say_nothing(fact: EventData) -> None:
    assert shown(event(fact)) == []


def test_what_was_shown_before_the_roll_call_says_nothing() -> None:
    assert shown(event(granted(), minute=-1)) == []


def test_a_clock_that_is_ahead_counts_as_now() -> None:
    assert shown(event(granted(), minute=90), now=at(5)) == [Shown("anna", "field", at(5))]


def test_no_two_people_share_a_place_in_the_list() -> None:
    people = [listed(number, area) for number, area in enumerate(("b", "a", "b", "a"), start=1)]

    orders = {
        tuple(standing.listed.number for standing in standings(order, []))
        for order in itertools.permutations(people)
    }

    assert orders == {(2, 4, 1, 3)}
