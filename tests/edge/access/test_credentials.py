from typing import Any

import pytest

from config.contract.access import CredentialKind, DenialReason
from edge.access.attempts import CardShown, FaceShown, PinShown
from edge.access.facts import DuressDetected, RefusalsRepeated
from edge.access.happenings import RefusalsForgiven
from edge.access.question import Denied, Granted, Person
from tests.edge.access.building import Building, Candidate, denied

FACE, CARD, PIN = CredentialKind.FACE, CredentialKind.CARD, CredentialKind.PIN
NEEDED, MANY = DenialReason.CREDENTIAL_NEEDED, DenialReason.TOO_MANY_REFUSALS
TWINS = FaceShown([Candidate("berta", 0.905), Candidate("anna", 0.9)], 0.5)


def wanting(*combinations: list[str], schedule: str | None = None) -> dict[str, Any]:
    rule = {"schedule": schedule, "require": {"any_of": combinations}}
    return {"points": [{"id": "front", "credentials": [rule]}]}


TWO = wanting(["face", "card"], ["card", "pin"])


@pytest.mark.parametrize("way", [("face", "card"), ("card", "face"), ("card", "pin")])
def test_a_combination_is_complete_in_any_order(way: tuple[str, str]) -> None:
    building = Building(TWO)

    first, second = (getattr(building, kind)("anna") for kind in way)

    assert isinstance(first, Denied)
    assert (first.reason, first.is_step_up) == (NEEDED, True)
    assert second == Granted("anna")


def test_what_is_asked_for_is_the_shortest_way() -> None:
    building = Building(wanting(["face", "card", "pin"], ["card", "pin"]))

    assert building.card("anna") == denied(NEEDED, "anna", PIN)
    assert building.face("ben") == denied(NEEDED, "ben", CARD, PIN)


def test_nobody_is_asked_for_what_they_do_not_have() -> None:
    without_pin = Person(holder_id="anna", kinds=frozenset({FACE, CARD}))

    assert Building(TWO, without_pin).card("anna") == denied(NEEDED, "anna", FACE)


def test_who_has_nothing_of_what_is_wanted_is_refused() -> None:
    building = Building(TWO, Person(holder_id="anna", kinds=frozenset({CARD})))

    assert building.card("anna") == denied(DenialReason.WRONG_CREDENTIAL)


def test_a_credential_waits_for_the_next_one_for_a_while() -> None:
    building = Building(TWO)

    building.card("anna")
    assert building.wait(20).pin("anna") == Granted("anna")
    building.card("anna")
    assert building.wait(20.001).pin("anna") == denied(NEEDED, "anna", CARD)


def test_what_has_expired_does_not_come_back_with_the_next_one() -> None:
    building = Building(wanting(["face", "card", "pin"], ["card", "pin"]))

    building.face("anna")
    building.wait(21).card("anna")

    assert building.face("anna") == denied(NEEDED, "anna", PIN)


def test_credentials_of_two_people_are_no_combination() -> None:
    building = Building(TWO)

    building.card("anna")

    assert building.face("ben") == denied(NEEDED, "ben", CARD)


def test_credentials_at_two_points_are_no_combination() -> None:
    both = [TWO["points"][0], TWO["points"][0] | {"id": "side"}]
    building = Building({"points": both})

    building.card("anna", "side")

    assert building.pin("anna", "front") == denied(NEEDED, "anna", CARD)


def test_a_combination_is_good_once() -> None:
    building = Building(TWO)
    building.card("anna")
    building.pin("anna")

    assert building.pin("anna") == denied(NEEDED, "anna", CARD)


def test_after_a_card_a_face_is_compared_with_one_person_alone() -> None:
    building = Building(TWO, Person(holder_id="anna", confusable_with=frozenset({"berta"})))

    building.card("anna")

    assert building.show(TWINS) == Granted("anna")


def test_after_nothing_twins_are_a_doubt() -> None:
    assert Building(TWO).show(TWINS) == denied(DenialReason.DOUBTFUL_FACE, None)


def test_the_first_rule_whose_schedule_holds_decides() -> None:
    night = {"id": "night", "intervals": [{"days": ["mon"], "start": "18:00", "end": "23:00"}]}
    document = {"schedules": [night], **wanting(["card", "pin"], schedule="night")}
    building = Building(document)

    assert building.card("anna") == Granted("anna")
    assert building.wait(2 * 3600).card("anna") == denied(NEEDED, "anna", PIN)


def test_a_profile_may_want_more_at_its_points() -> None:
    permission = {"points": ["front"], "require": {"any_of": [["card", "pin"]]}}
    document = {"profiles": [{"id": "p", "permissions": [permission]}]}
    building = Building(document, Person(holder_id="anna", profiles=frozenset({"p"})))

    assert building.card("anna") == denied(NEEDED, "anna", PIN)
    assert building.pin("anna") == Granted("anna")


def test_another_permission_that_wants_nothing_is_enough() -> None:
    strict = {"points": ["front"], "require": {"any_of": [["card", "pin"]]}}
    permissions = [strict, {"points": ["front"]}]
    document = {"profiles": [{"id": "p", "permissions": permissions}]}
    building = Building(document, Person(holder_id="anna", profiles=frozenset({"p"})))

    assert building.card("anna") == Granted("anna")


def test_of_equal_ways_the_first_of_the_model_is_asked_for() -> None:
    names = [f"p{number}" for number in range(9)]
    other = {"points": ["front"], "require": {"any_of": [["face", "card"], ["card", "qr"]]}}
    first = {"points": ["front"], "require": {"any_of": [["card", "pin"]]}}
    profiles = [{"id": name, "permissions": [first if name == "p0" else other]} for name in names]
    building = Building({"profiles": profiles}, Person(holder_id="anna", profiles=frozenset(names)))

    assert building.card("anna") == denied(NEEDED, "anna", PIN)


def test_a_temporary_rule_may_want_more() -> None:
    rule = {"id": "t", "effect": "require", "points": ["front"],
            "require": {"any_of": [["card", "pin"]]},
            "valid_from": "2026-11-23T08:00Z", "valid_until": "2026-11-23T09:00Z"}  # fmt: skip

    assert Building({"temporary_rules": [rule]}).card("anna") == denied(NEEDED, "anna", PIN)


def test_a_pin_alone_opens_nothing() -> None:
    asked = Building().pin("anna")

    assert isinstance(asked, Denied)
    assert asked.reason is NEEDED


def test_a_duress_pin_opens_and_alarms_silently() -> None:
    building = Building(TWO)
    building.card("anna")

    decision = building.pin("anna", is_duress=True)

    assert decision == Granted("anna", facts=(DuressDetected("anna", "front"),))


def test_a_duress_pin_that_opens_nothing_alarms_as_well() -> None:
    building = Building(TWO, Person(holder_id="anna", is_active=False))

    assert building.pin("anna", is_duress=True) == denied(
        DenialReason.HOLDER_INACTIVE, facts=(DuressDetected("anna", "front"),)
    )


def test_a_wrong_pin_names_whose_it_should_be() -> None:
    wrong = PinShown("anna", is_right=False)

    assert Building(TWO).show(wrong) == denied(DenialReason.WRONG_PIN)


def refused_five_times() -> tuple[Building, list[Granted | Denied]]:
    building = Building()
    return building, [building.wait(1).card(None) for _ in range(5)]


def test_the_fifth_refusal_in_five_minutes_alarms_once() -> None:
    building, decisions = refused_five_times()

    facts = [decision.facts for decision in [*decisions, building.card(None)]]
    assert facts == [(), (), (), (), (RefusalsRepeated("front", 5),), ()]


def test_after_five_refusals_a_second_credential_is_asked_for() -> None:
    building, _ = refused_five_times()

    assert building.card("anna") == denied(MANY, "anna", FACE, PIN)
    assert building.face("anna") == Granted("anna")


def test_other_points_ask_for_nothing_more() -> None:
    building, _ = refused_five_times()

    assert building.card("anna", "side") == Granted("anna")


def test_five_minutes_later_one_credential_is_enough_again() -> None:
    building, _ = refused_five_times()

    building.wait(300 - 4)  # the first refusal is five minutes old
    assert building.card("anna") == Granted("anna")


def test_an_operator_may_forgive_refusals() -> None:
    building, _ = refused_five_times()

    building.take(RefusalsForgiven("front"))

    assert building.card("anna") == Granted("anna")


def test_who_has_one_credential_alone_is_asked_for_nothing_else() -> None:
    building, _ = refused_five_times()
    building.people["anna"] = Person(holder_id="anna", kinds=frozenset({CARD}))

    assert building.card("anna") == Granted("anna")


def test_what_is_asked_for_is_no_refusal() -> None:
    building = Building(TWO)

    decisions = [building.wait(1).card("anna") for _ in range(9)]

    assert {d.reason for d in decisions if isinstance(d, Denied)} == {NEEDED}


def test_a_card_of_nobody_is_no_part_of_a_combination() -> None:
    building = Building(TWO)

    building.show(CardShown(None))

    assert building.pin("anna") == denied(NEEDED, "anna", CARD)
