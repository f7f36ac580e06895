"""What a charge paid by face rests on: for whoever looks into a dispute, and for how long."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from config.contract.access import CredentialKind, Direction
from config.contract.events import (
    AccessGranted,
    ChargeRecorded,
    ConsideredCandidate,
    EventData,
    FaceEvidence,
    PayerIdentified,
)
from config.contract.identifiers import new_id
from tests.central.audit.log import entries
from tests.central.bench import Bench, Node
from tests.central.canteen.dining import charge
from tests.central.office.acting import OFFICE, placed
from tests.central.retention.timers import line, run_timers

FACE = FaceEvidence(
    similarity=0.71, threshold=0.6, margin=0.2, gallery_size=40, frame_count=3, network="0" * 64,
    liveness="live", frame_to_decision_ms=90, candidates=(
        ConsideredCandidate(holder_id="anna", similarity=0.71),
        ConsideredCandidate(holder_id="somebody-else", similarity=0.51),
    ),
)  # fmt: skip
ANNA = "anna"


def seen(of: ChargeRecorded) -> PayerIdentified:
    """Return what a till tells of the face that paid."""
    assert of.decision_id is not None
    return PayerIdentified(
        decision_id=of.decision_id, charge_id=of.charge_id, till=of.till, holder_id=of.holder_id,
        credential=CredentialKind.FACE, face=FACE, confirmed="silence",
    )  # fmt: skip


def by_face() -> ChargeRecorded:
    return charge(ANNA, credential=CredentialKind.FACE, decision_id=new_id())


def tell(bench: Bench, *facts: EventData, node: Node | None = None) -> Node:
    """Let a till tell, now."""
    node = node or bench.node()
    node.send(*(node.event(n, fact=f, time=bench.clock()) for n, f in enumerate(facts, 1)))
    return node


def ask(client: httpx.Client, charge_id: UUID) -> httpx.Response:
    return client.get(f"/api/v1/canteen/charges/{charge_id}/decision")


def told(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    data: dict[str, Any] = reply.json()["event"]["data"]
    return data


def test_the_manager_sees_the_figures_and_nobody_who_was_only_considered(any_bench: Bench) -> None:
    meal = by_face()
    tell(any_bench, meal, seen(meal))

    data = told(ask(any_bench.planted("canteen_manager").client, meal.charge_id))

    assert (data["face"]["similarity"], data["face"]["threshold"]) == (0.71, 0.6)
    assert (data["face"]["liveness"], data["confirmed"]) == ("live", "silence")
    assert "somebody-else" not in str(data)


def test_an_auditor_sees_who_else_was_considered(bench: Bench) -> None:
    meal = by_face()
    tell(bench, meal, seen(meal))
    auditor = bench.planted("auditor").client

    found = ask(auditor, meal.charge_id).json()
    items = auditor.get(f"/api/v1/events/{found['position']}/candidates").json()["items"]

    assert [each["holder_id"] for each in items] == [ANNA, "somebody-else"]


def test_whoever_may_see_candidates_and_not_the_canteen_is_told_of_no_money(bench: Bench) -> None:
    meal = by_face()
    tell(bench, meal, seen(meal))

    (at,) = bench.row("SELECT position FROM events WHERE type LIKE '%payer_identified%'")

    assert bench.administrator.get(f"/api/v1/events/{at}/candidates").status_code == 404


@pytest.mark.parametrize("role", ["cashier", "guard", "administrator"])
def test_others_may_not_ask(bench: Bench, role: str) -> None:
    assert ask(bench.planted(role).client, new_id()).status_code == 403


def test_each_look_is_in_the_audit_log_with_its_purpose(bench: Bench) -> None:
    meal = by_face()
    tell(bench, meal, seen(meal))

    ask(bench.planted("canteen_manager").client, meal.charge_id)

    [noted] = entries(bench, action="canteen_charges_decision_get")
    assert (noted["objects"], noted["purpose"]) == ([f"charge:{meal.charge_id}"], "incident")


def test_a_lane_rests_on_the_decision_of_its_gate(bench: Bench) -> None:
    meal = by_face()
    assert meal.decision_id is not None
    granted = AccessGranted(
        decision_id=meal.decision_id, access_point="lane", direction=Direction.IN,
        holder_id=ANNA, credential=CredentialKind.FACE, face=FACE,
    )  # fmt: skip
    node = bench.node()
    node.send(node.event(1, fact=granted, time=bench.clock() - timedelta(seconds=8)))
    node.send(node.event(1, fact=meal, time=bench.clock()))

    data = told(ask(bench.planted("canteen_manager").client, meal.charge_id))

    assert data["access_point"] == "lane"


def test_a_meal_paid_by_card_rests_on_no_face(bench: Bench) -> None:
    meal, other = charge(ANNA), by_face()
    tell(bench, meal, other, seen(other))
    manager = bench.planted("canteen_manager").client

    codes = [ask(manager, each).json()["code"] for each in (meal.charge_id, new_id())]

    assert codes == ["decision_not_found", "charge_not_found"]


def test_it_goes_as_passages_go_and_the_charge_stays(any_bench: Bench) -> None:
    meal = by_face()
    node = tell(any_bench, meal, seen(meal))
    any_bench.clock.advance(days=181)
    node.send(node.event(1, time=any_bench.clock()))

    run_timers(any_bench)

    reply = ask(any_bench.planted("canteen_manager").client, meal.charge_id)
    assert reply.json()["code"] == "decision_not_found"
    assert line(any_bench, "passages")["last_count"] == 1
    assert any_bench.row("SELECT count(*) FROM events WHERE type LIKE '%charge_recorded%'") == (1,)


def test_who_was_only_considered_is_erased_from_it_sooner(bench: Bench) -> None:
    meal = by_face()
    node = tell(bench, meal, seen(meal))
    bench.clock.advance(days=31)
    node.send(node.event(1, time=bench.clock()))

    run_timers(bench)

    (body,) = bench.row("SELECT body FROM events WHERE type LIKE '%payer_identified%'")
    assert "somebody-else" not in body
    assert '"similarity":0.71' in body


def test_a_statement_says_which_charges_rest_on_a_face(bench: Bench) -> None:
    placed(bench)
    wang = bench.person()
    card = charge(wang, till="east")
    face = charge(wang, till="east", credential=CredentialKind.FACE, decision_id=new_id())
    tell(bench, card, face)

    entries = bench.planted("canteen_manager").client.get(f"{OFFICE}/people/{wang}").json()

    shown = {each["group"]: each["by_face"] for each in entries["entries"]}
    assert shown == {str(card.charge_id): False, str(face.charge_id): True}
