import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.access import CredentialKind, DenialReason
from config.contract.areas import CodeUsed
from edge.access.attempts import CodeShown
from edge.access.decision import decide
from edge.access.facts import VisitorArrived
from edge.access.happenings import Heard, LinkChanged, NotPassed, Ticked
from edge.access.question import Denied, Granted, Override, Person
from tests.edge.access.building import POINTS, VISITOR, Building, denied
from tests.edge.conftest import NOW

WHO = str(VISITOR.holder_id)
USED = denied(DenialReason.CODE_USED, WHO)
DAY_PASS = VISITOR.model_copy(update={"is_one_time": False, "stands_alone": False})
TOLD = CodeUsed(at=NOW, node="n2", sequence=1, nonce=VISITOR.nonce, valid_until=VISITOR.valid_until)


def test_a_visitor_passes_at_home_with_the_network_cut() -> None:
    assert Building().code() == Granted(WHO)


def test_a_code_is_used_by_the_passage_and_tells_of_the_arrival() -> None:
    building = Building()
    building.code()

    used, arrived = building.passed()

    assert isinstance(used, CodeUsed)
    assert used.nonce == VISITOR.nonce
    assert arrived == VisitorArrived(WHO, "front")
    assert building.wait(1).code() == USED


def test_who_did_not_pass_may_show_the_code_again() -> None:
    building = Building()
    building.code()

    building.take(NotPassed(building.last_id))

    assert building.code() == Granted(WHO)


def test_a_code_lets_nobody_else_in_while_somebody_is_on_their_way() -> None:
    building = Building()
    building.take(LinkChanged(is_up=True))
    building.code()

    assert building.code(at="side") == USED


def test_elsewhere_a_code_is_good_only_while_used_ones_are_shared() -> None:
    building = Building()

    assert building.code(at="side") == denied(DenialReason.CODE_NOT_HERE, WHO)
    building.take(LinkChanged(is_up=True))
    assert building.code(at="side") == Granted(WHO)


def test_a_code_that_another_node_has_seen_is_used() -> None:
    building = Building()

    building.take(Heard((TOLD,)))

    assert building.code() == USED


def test_a_used_code_is_forgotten_when_it_is_over_anyhow() -> None:
    building = Building()
    building.take(Heard((TOLD,)))

    building.now = VISITOR.valid_until
    building.take(Ticked(building.now))

    assert building.world.state.used_codes == {}
    assert building.code() == denied(DenialReason.NO_LONGER_VALID, WHO)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (VISITOR.valid_from - timedelta(seconds=1), DenialReason.NOT_YET_VALID),
        (VISITOR.valid_until, DenialReason.NO_LONGER_VALID),
    ],
)
def test_a_code_has_its_time(at: object, reason: DenialReason) -> None:
    building = Building()
    building.now = at  # type: ignore[assignment]  # a parameter has no type

    assert building.code() == denied(reason, WHO)


def test_a_code_has_its_places() -> None:
    assert Building().code(at="lab") == denied(DenialReason.NOT_PERMITTED_HERE, WHO)


def test_a_code_that_nobody_signed_is_refused() -> None:
    assert Building().code(None) == denied(DenialReason.UNKNOWN_CODE, None)


def test_a_visit_that_central_called_off_is_refused() -> None:
    building = Building(None, Person(holder_id=WHO, is_active=False))

    assert building.code() == denied(DenialReason.HOLDER_INACTIVE, WHO)


def test_a_new_hire_passes_many_times_with_a_day_pass() -> None:
    building = Building(None, Person(holder_id=WHO))

    assert building.code(DAY_PASS) == Granted(WHO)
    building.passed()
    assert building.code(DAY_PASS, "side") == Granted(WHO)


def test_a_day_pass_of_somebody_who_left_opens_nothing() -> None:
    assert Building().code(DAY_PASS) == denied(DenialReason.UNKNOWN_CODE, None)


def test_a_visitor_waits_for_the_escort_and_the_code_is_used_with_it() -> None:
    guest = VISITOR.model_copy(update={"needs_escort": True})
    building = Building(None, Person(holder_id="ben", may_escort=True))

    assert building.code(guest) == denied(DenialReason.ESCORT_NEEDED, WHO)
    assert building.card("ben") == Granted("ben", companions=(WHO,))
    building.passed(count=2)
    assert building.code(guest) == USED


def test_a_code_with_a_pin_is_used_by_the_passage() -> None:
    rule = {"require": {"any_of": [["qr", "pin"], ["card"]]}}
    document = {"points": [{"id": "front", "credentials": [rule]}]}
    building = Building(document, Person(holder_id=WHO))

    assert building.code() == denied(DenialReason.CREDENTIAL_NEEDED, WHO, CredentialKind.PIN)
    assert building.pin(WHO) == Granted(WHO)
    building.passed()
    assert building.code() == USED


def test_a_used_code_still_opens_the_way_out() -> None:
    building = Building()
    building.code()
    building.passed()

    assert building.code(at="exit") == Granted(WHO, override=Override.EGRESS)


def test_leaving_does_not_use_a_code() -> None:
    building = Building()
    building.code(at="exit")
    building.passed("exit")

    assert building.code() == Granted(WHO)


def test_where_nothing_remembers_uses_a_one_time_code_opens_nothing() -> None:
    decision = decide(CodeShown(VISITOR), None, point=POINTS["front"], now=NOW)

    assert decision == Denied(DenialReason.CODE_NOT_HERE, WHO)


def test_each_code_is_used_for_itself() -> None:
    building = Building()
    building.code()
    building.passed()
    other = VISITOR.model_copy(update={"nonce": "ff" * 8, "holder_id": UUID(int=8)})

    assert building.code(other) == Granted(str(other.holder_id))
    assert dataclasses.replace(USED, holder_id=WHO) == building.code()
