"""What is laid aside, by whom, why and until when: every source of it, its alarm closed or not."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from config.contract.access import DoorCommandOutcome
from config.contract.events import FireReleaseAnswered, FireReleaseClosed
from tests.central.alarms.raising import PATH, SECURED, listed, raised, tell
from tests.central.bench import Bench
from tests.central.retention.timers import run_timers

REASON = "The hinge is being repaired"


def aside(bench: Bench) -> dict[str, Any]:
    body: dict[str, Any] = bench.administrator.get(f"{PATH}/aside").json()
    return body


def test_a_shelf_says_who_why_and_until_when_and_is_left_from_here(bench: Bench) -> None:
    path, leader = raised(bench), bench.planted("shift_leader")
    leader.client.post(f"{path}/shelve", json={"minutes": 30, "reason": REASON})

    (source,) = aside(bench)["sources"]
    leader.client.post(f"{PATH}/{source['alarm']['id']}/unshelve")

    until = bench.clock() + timedelta(minutes=30)
    shelf = source["shelved"]
    assert (shelf["by"], shelf["reason"]) == (leader.username, REASON)
    assert datetime.fromisoformat(shelf["until"]) == until
    assert (aside(bench)["sources"], len(listed(bench))) == ([], 1)


def test_what_is_out_of_service_is_not_forgotten_when_its_alarm_closes(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    path = f"{PATH}/{listed(bench)[0]['id']}"
    bench.administrator.post(f"{path}/out-of-service", json={"reason": REASON})
    bench.administrator.post(f"{path}/acknowledge")
    tell(node, 2, SECURED)

    nowhere = (listed(bench), listed(bench, "shelved"))
    (source,) = aside(bench)["sources"]
    bench.administrator.post(f"{PATH}/{source['alarm']['id']}/return-to-service")

    assert nowhere == ([], [])
    assert source["out_of_service"]["reason"] == REASON
    assert source["alarm"]["closed_at"] is not None
    assert aside(bench)["sources"] == []


def test_what_is_out_of_service_for_years_can_still_be_returned(bench: Bench) -> None:
    node = bench.node()
    tell(node, 1)
    path = f"{PATH}/{listed(bench)[0]['id']}"
    bench.administrator.post(f"{path}/out-of-service", json={"reason": REASON})
    bench.administrator.post(f"{path}/acknowledge")
    tell(node, 2, SECURED)
    tell(node, 3, SECURED.model_copy(update={"device": "gate-2"}))
    bench.clock.advance(days=800)
    bench.signed_in_again()

    run_timers(bench)

    (source,) = aside(bench)["sources"]
    reply = bench.administrator.post(f"{PATH}/{source['alarm']['id']}/return-to-service")
    assert (reply.status_code, aside(bench)["sources"]) == (200, [])


def test_a_gate_that_a_fire_set_free_says_since_when_its_alarms_are_hidden(bench: Bench) -> None:
    node, fire_id = bench.node(), uuid4()
    answered = FireReleaseAnswered(
        fire_id=fire_id, zone="lab", access_point="lane", device="gate-1", origin="gate-1",
        heard="here", told_ms=5, confirmed_ms=40, outcome=DoorCommandOutcome.CONFIRMED, attempts=1,
    )  # fmt: skip

    tell(node, 1, answered)
    body = aside(bench)
    tell(node, 2, FireReleaseClosed(fire_ids=(fire_id,), access_point="lane", asked_by="anna"))

    (design,) = body["designs"]
    lasts = datetime.fromisoformat(design["until"]) - datetime.fromisoformat(design["since"])
    assert (design["access_point"], design["device"], lasts) == (
        "lane", "gate-1", timedelta(hours=12),
    )  # fmt: skip
    assert {"forced_open", "held_open"} <= set(body["kinds"])
    assert aside(bench)["designs"] == []
