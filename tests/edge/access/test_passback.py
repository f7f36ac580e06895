from typing import Any

import pytest

from config.contract.access import DenialReason
from config.contract.access_terms import PassbackMode
from edge.access.facts import PassbackDetected
from edge.access.happenings import Forgiven, Heard
from edge.access.question import Granted, Override, Person
from tests.edge.access.building import LEADS, Building, area_fact, denied

EXEMPT = Person(holder_id="anna", is_passback_exempt=True)


def with_mode(mode: str, *people: Person, minutes: int | None = None) -> Building:
    passback = {"mode": mode, "forgotten_after_min": minutes}
    areas = [{"id": "hall", "passback": passback}, {"id": "lab", "passback": passback}]
    return Building({"areas": areas, "points": LEADS}, *people)


def told(mode: PassbackMode, *, known: str | None = "hall", at: str = "front",
         is_enforced: bool = False) -> tuple[PassbackDetected]:  # fmt: skip
    return (PassbackDetected("anna", at, known, mode, is_enforced),)


def test_nobody_enters_twice_without_having_left() -> None:
    building = with_mode("hard")
    building.enter("anna")

    facts = told(PassbackMode.HARD, is_enforced=True)
    assert building.card("anna") == denied(DenialReason.PASSBACK, facts=facts)


def test_presence_moves_with_the_passage_and_not_with_the_grant() -> None:
    building = with_mode("hard")

    assert building.card("anna") == Granted("anna")
    assert building.wait(10).card("anna", "side") == Granted("anna")


def test_who_has_left_may_enter_again() -> None:
    building = with_mode("hard")
    building.enter("anna")
    building.wait(60).enter("anna", "exit")

    assert building.wait(60).card("anna") == Granted("anna")


def test_an_inner_area_is_entered_from_the_outer_one() -> None:
    building = with_mode("hard")
    building.enter("anna")
    building.enter("anna", "exit")

    facts = told(PassbackMode.HARD, known=None, at="lab", is_enforced=True)
    assert building.card("anna", "lab") == denied(DenialReason.PASSBACK, facts=facts)


def test_who_is_in_an_inner_area_is_not_outside() -> None:
    building = with_mode("hard")
    building.enter("anna")
    building.enter("anna", "lab")

    facts = told(PassbackMode.HARD, known="lab", is_enforced=True)
    assert building.card("anna") == denied(DenialReason.PASSBACK, facts=facts)


def test_somebody_never_seen_may_be_anywhere() -> None:
    assert with_mode("hard").card("anna", "lab") == Granted("anna")


def test_soft_anti_passback_records_and_lets_in() -> None:
    building = with_mode("soft")
    building.enter("anna")

    assert building.card("anna") == Granted("anna", facts=told(PassbackMode.SOFT))


def test_nothing_is_recorded_where_anti_passback_is_off() -> None:
    building = with_mode("off")
    building.enter("anna")

    assert building.card("anna") == Granted("anna")


def test_timed_anti_passback_forgets() -> None:
    building = with_mode("timed", minutes=5)
    building.enter("anna")

    facts = told(PassbackMode.TIMED, is_enforced=True)
    building.wait(299)
    assert building.card("anna") == denied(DenialReason.PASSBACK, facts=facts)
    assert building.wait(1).card("anna") == Granted("anna")


@pytest.mark.parametrize("who", ["anna", None])
def test_an_operator_forgives_one_or_all(who: str | None) -> None:
    building = with_mode("hard")
    building.enter("anna")

    building.take(Forgiven(who, building.now))

    assert building.card("anna") == Granted("anna")


def test_who_is_exempt_is_neither_refused_nor_recorded() -> None:
    building = with_mode("hard", EXEMPT)
    building.enter("anna")

    assert building.card("anna") == Granted("anna")


@pytest.mark.parametrize("mode", [PassbackMode.SOFT, PassbackMode.HARD])
def test_on_the_way_out_it_is_recorded_and_never_enforced(mode: PassbackMode) -> None:
    building = with_mode(mode)
    building.take(Heard((area_fact(area=None),)))

    facts = told(mode, known=None, at="exit")
    assert building.card("anna", "exit") == Granted("anna", override=Override.EGRESS, facts=facts)


def test_another_node_has_seen_them_enter() -> None:
    building = with_mode("hard")

    building.take(Heard((area_fact(after_s=-5),)))

    facts = told(PassbackMode.HARD, is_enforced=True)
    assert building.card("anna") == denied(DenialReason.PASSBACK, facts=facts)


def test_after_an_outage_what_comes_late_refuses_nobody() -> None:
    building = with_mode("hard")
    building.enter("anna")
    building.wait(60).enter("anna", "exit")

    building.take(Heard((area_fact(after_s=30),)))

    assert building.card("anna") == Granted("anna")


def test_a_point_may_be_an_exception() -> None:
    points: list[dict[str, Any]] = [
        p | ({"passback": {"mode": "off"}} if p["id"] == "side" else {}) for p in LEADS
    ]
    areas = [{"id": "hall", "passback": {"mode": "hard"}}, {"id": "lab"}]
    building = Building({"areas": areas, "points": points})
    building.enter("anna")

    assert building.card("anna", "side") == Granted("anna")


def test_an_area_that_is_no_more_holds_nobody() -> None:
    building = with_mode("hard")

    building.take(Heard((area_fact(area="cellar"),)))

    assert building.card("anna") == Granted("anna")
