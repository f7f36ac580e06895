"""Whoever looks says why: every endpoint that shows faces or passages, or exports, asks for it."""

import pytest
from fastapi.routing import APIRoute

from central.audit.purposes import Purposeful
from tests.central.audit.log import entries
from tests.central.bench import Bench
from tests.central.test_security import calls, routes

LOOKS = {
    "GET /api/v1/events": False,
    "GET /api/v1/events/conflicts": False,
    "GET /api/v1/events/{position}/candidates": False,
    "GET /api/v1/blobs/{sha256}": True,
    "GET /api/v1/face-migration/people.csv": False,
}
"""Whether watching the gates is reason enough."""
STANDING = {
    "GET /api/v1/snapshot": "the newest hundred passages, which whoever watches the gates must see",
    "GET /api/v1/stream": "the same, as they happen",
}


def asks(route: APIRoute) -> list[Purposeful]:
    return [call for call in calls(route.dependant) if isinstance(call, Purposeful)]


def shows(name: str, route: APIRoute) -> bool:
    """Return whether an endpoint shows passages or pictures, or is an export."""
    words = ("/events", "/blobs", ".csv", "/candidates")
    return name.startswith("GET ") and any(word in route.path for word in words)


def test_every_endpoint_that_shows_faces_or_passages_asks_why() -> None:
    found = {name: route for name, route in routes().items() if asks(route)}

    assert {name: asks(route)[0].is_live for name, route in found.items()} == LOOKS
    assert {name for name, route in routes().items() if shows(name, route)} == LOOKS.keys()
    assert routes().keys() >= STANDING.keys()


@pytest.mark.parametrize("name", LOOKS)
def test_it_refuses_who_does_not_say(bench: Bench, name: str) -> None:
    path = name.partition(" ")[2].replace("{sha256}", "0" * 64).replace("{position}", "1")
    client = bench.planted("administrator").client
    client.headers.pop("Menshen-Purpose", None)

    for purpose in ("", "curiosity", *([] if LOOKS[name] else ["monitoring"])):
        reply = client.get(path, params={"purpose": purpose})
        assert (reply.status_code, reply.json()["code"]) == (422, "purpose_needed")
    without = client.get(path, params={"purpose": "investigation"})
    assert (without.status_code, without.json()["code"]) == (422, "reference_needed")
    said = client.get(path, params={"purpose": "incident"})
    assert said.status_code in (200, 404)


def test_the_audit_log_holds_purpose_and_case(bench: Bench) -> None:
    headers = {"Menshen-Purpose": "investigation", "Menshen-Reference": "%E6%A1%88-7"}

    assert bench.administrator.get("/api/v1/events", headers=headers).status_code == 200

    (entry,) = entries(bench, action="events_get")
    assert (entry["purpose"], entry["detail"]["reference"]) == ("investigation", "案-7")


def test_who_watches_the_gates_looks_for_that(bench: Bench) -> None:
    assert bench.operator("guard").get("/api/v1/snapshot").status_code == 200

    assert entries(bench, action="snapshot_get")[0]["purpose"] == "monitoring"
