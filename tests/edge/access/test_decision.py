import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.access import DenialReason, Direction
from edge.access.decision import (
    RULES,
    Attempt,
    CardShown,
    Denied,
    FaceShown,
    Granted,
    Person,
    Point,
    Question,
    decide,
)
from edge.access.happenings import Heard
from tests.edge.access.building import Building, area_fact
from tests.edge.conftest import NOW


@dataclasses.dataclass(frozen=True)
class Candidate:
    key: str
    similarity: float


EAST = Point("east", Direction.IN)
ANNA = Person(holder_id="anna")
CARD = CardShown("anna")


def face(*similarities: float) -> FaceShown:
    keys = ("anna", "berta", "clara")
    return FaceShown([Candidate(k, s) for k, s in zip(keys, similarities, strict=False)], 0.5)


def test_the_nearest_enrolled_person_may_pass() -> None:
    assert decide(face(0.8, 0.3), ANNA, point=EAST, now=NOW) == Granted("anna")


@pytest.mark.parametrize("attempt", [face(), face(0.49), face(0.49, 0.48)])
def test_a_face_below_the_threshold_is_a_stranger(attempt: FaceShown) -> None:
    assert decide(attempt, None, point=EAST, now=NOW) == Denied(DenialReason.UNKNOWN_FACE)


def test_two_enrolled_people_nearly_alike_are_a_doubt() -> None:
    attempt = face(0.81, 0.80)

    assert attempt.holder_id is None
    assert decide(attempt, None, point=EAST, now=NOW) == Denied(DenialReason.DOUBTFUL_FACE)


def test_a_second_person_well_behind_is_no_doubt() -> None:
    assert decide(face(0.525, 0.495), ANNA, point=EAST, now=NOW) == Granted("anna")


@pytest.mark.parametrize(
    ("similarity", "doubt", "reason"),
    [
        (0.39, None, DenialReason.UNKNOWN_FACE),
        (0.45, None, DenialReason.WEAK_FACE),
        (0.8, DenialReason.LIVENESS_UNSURE, DenialReason.LIVENESS_UNSURE),
        (0.8, DenialReason.PRESENTATION_ATTACK, DenialReason.PRESENTATION_ATTACK),
        (0.45, DenialReason.PRESENTATION_ATTACK, DenialReason.PRESENTATION_ATTACK),
    ],
)
def test_a_face_alone_passes_only_if_nothing_is_in_doubt(
    similarity: float, doubt: DenialReason | None, reason: DenialReason
) -> None:
    shown = FaceShown([Candidate("anna", similarity)], 0.5, step_up=0.4, doubt=doubt)

    assert decide(shown, None, point=EAST, now=NOW) == Denied(reason)


def test_somebody_known_who_may_not_pass_here_is_told_so() -> None:
    anna = dataclasses.replace(ANNA, access_points=frozenset({"west"}))
    shown = FaceShown([Candidate("ben", 0.1)], 0.5, elsewhere=Candidate("anna", 0.9))

    assert shown.asked_about == "anna"
    denied = Denied(DenialReason.NOT_PERMITTED_HERE, "anna")
    assert decide(shown, anna, point=EAST, now=NOW) == denied


def test_who_was_only_found_elsewhere_never_passes() -> None:
    shown = FaceShown([], 0.5, elsewhere=Candidate("anna", 0.9))

    assert decide(shown, ANNA, point=EAST, now=NOW) == Denied(DenialReason.UNKNOWN_FACE)


def test_twins_are_never_told_apart_by_face_alone() -> None:
    anna = dataclasses.replace(ANNA, confusable_with=frozenset({"berta"}))

    denied = Denied(DenialReason.DOUBTFUL_FACE)
    assert decide(face(0.9, 0.1), anna, point=EAST, now=NOW) == denied
    assert decide(CARD, anna, point=EAST, now=NOW) == Granted("anna")


def test_a_card_of_nobody_is_refused() -> None:
    denied = Denied(DenialReason.UNKNOWN_CARD)

    assert decide(CardShown(None), None, point=EAST, now=NOW) == denied


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [(face(0.8), DenialReason.UNKNOWN_FACE), (CARD, DenialReason.UNKNOWN_CARD)],
)
def test_somebody_removed_meanwhile_is_unknown(attempt: Attempt, reason: DenialReason) -> None:
    assert decide(attempt, None, point=EAST, now=NOW) == Denied(reason)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (Person(holder_id="anna", is_active=False), DenialReason.HOLDER_INACTIVE),
        (
            Person(holder_id="anna", valid_from=NOW + timedelta(seconds=1)),
            DenialReason.NOT_YET_VALID,
        ),
        (Person(holder_id="anna", valid_until=NOW), DenialReason.NO_LONGER_VALID),
        (
            Person(holder_id="anna", access_points=frozenset({"west"})),
            DenialReason.NOT_PERMITTED_HERE,
        ),
    ],
)
@pytest.mark.parametrize("attempt", [face(0.8), CARD])
def test_a_refusal_says_why_and_who(attempt: Attempt, person: Person, reason: DenialReason) -> None:
    assert decide(attempt, person, point=EAST, now=NOW) == Denied(reason, "anna")


@pytest.mark.parametrize("attempt", [face(0.8), CARD])
def test_face_and_card_open_the_same_doors(attempt: Attempt) -> None:
    person = Person(
        holder_id="anna",
        valid_from=NOW,
        valid_until=NOW + timedelta(seconds=1),
        access_points=frozenset({"east"}),
    )

    assert decide(attempt, person, point=EAST, now=NOW) == Granted("anna")


def test_the_first_refusal_wins() -> None:
    person = Person(holder_id="anna", is_active=False, valid_until=NOW)

    assert decide(CARD, person, point=EAST, now=NOW) == Denied(DenialReason.HOLDER_INACTIVE, "anna")


def test_a_new_rule_needs_no_edit_of_the_others() -> None:
    def at_night(question: Question) -> DenialReason | None:
        return DenialReason.NOT_PERMITTED_HERE if question.now.hour < 9 else None

    decision = decide(CARD, ANNA, point=EAST, now=NOW, rules=[at_night])

    assert decision == Denied(DenialReason.NOT_PERMITTED_HERE, "anna")


instants = st.datetimes().map(lambda naive: naive.replace(tzinfo=NOW.tzinfo))
people = st.builds(
    Person,
    holder_id=st.just("anna"),
    is_active=st.booleans(),
    valid_from=st.none() | instants,
    valid_until=st.none() | instants,
    access_points=st.none() | st.frozensets(st.sampled_from(["east", "west"])),
)
attempts = st.lists(st.floats(-1, 1), max_size=3).map(lambda values: face(*sorted(values)[::-1]))
cards = st.builds(CardShown, st.none() | st.just("anna"))


@given(attempt=attempts | cards, person=st.none() | people, now=instants)
def test_nobody_is_refused_on_the_way_out(
    attempt: Attempt, person: Person | None, now: datetime
) -> None:
    decision = decide(attempt, person, point=Point("exit", Direction.OUT), now=now)

    assert isinstance(decision, Granted)


@given(attempt=attempts | cards, person=people, now=instants)
def test_nobody_enters_whom_a_rule_excludes(
    attempt: Attempt, person: Person, now: datetime
) -> None:
    decision = decide(attempt, person, point=EAST, now=now)

    if isinstance(decision, Granted):
        assert attempt.refusal is None
        assert person.is_active
        assert person.valid_until is None or now < person.valid_until
        assert person.access_points is None or "east" in person.access_points


@given(attempt=attempts | cards, person=st.none() | people, now=instants)
def test_with_an_empty_access_model_everything_is_as_without(
    attempt: Attempt, person: Person | None, now: datetime
) -> None:
    world = Building().world

    with_model = decide(attempt, person, point=EAST, now=now, world=world)

    assert with_model == decide(attempt, person, point=EAST, now=now)


def test_what_lasts_longest_is_said_first() -> None:
    order = [rule.__name__.strip("_") for rule in RULES]

    assert order == [
        "locked_down", "inactive", "not_yet_valid", "no_longer_valid", "code_not_good",
        "closed_for_now", "not_permitted_here", "out_of_schedule", "replica_outdated",
        "first_person_needed", "passed_back", "area_full", "interlocked",
    ]  # fmt: skip


def test_nobody_is_asked_for_more_only_to_be_refused() -> None:
    pair = {"require": {"any_of": [["card", "pin"]]}}
    point = {"id": "front", "to_area": "hall", "credentials": [pair], "two_person": {}}
    building = Building({"areas": [{"id": "hall", "occupancy_max": 1}], "points": [point]})
    building.take(Heard((area_fact("cleo"),)))

    assert building.card("anna") == Denied(DenialReason.AREA_FULL, "anna")
