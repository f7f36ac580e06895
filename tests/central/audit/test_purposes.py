"""Whoever looks says why: every endpoint that shows faces or passages, or exports, asks for it."""

from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from httpx import Response

from central.audit.purposes import STANDING, Purposeful
from tests.central.audit.log import entries
from tests.central.bench import Bench
from tests.central.test_security import calls, routes

LOOKS: dict[str, set[str]] = {
    "GET /api/v1/events": {"integration"},
    "GET /api/v1/events/conflicts": set(),
    "GET /api/v1/events/search": set(),
    "GET /api/v1/events/export.{form}": set(),
    "GET /api/v1/events/{position}/candidates": set(),
    "GET /api/v1/blobs/{sha256}": {"monitoring"},
    "GET /api/v1/clips/{sha256}": {"monitoring"},
    "POST /api/v1/cameras/{camera}/watch": {"monitoring"},
    "POST /api/v1/cameras/{camera}/playback": set(),
    "GET /api/v1/face-migration/people.csv": set(),
    "GET /api/v1/patrol/report.csv": set(),
    "GET /api/v1/shift-log/export.csv": set(),
    "GET /api/v1/people": {"monitoring", "personnel"},
    "GET /api/v1/people/{holder_id}/consents": {"personnel"},
    "GET /api/v1/people/{holder_id}/record": set(),
    "GET /api/v1/privacy/assessment": set(),
    "GET /api/v1/canteen/charges/{charge_id}/decision": set(),
    "GET /api/v1/canteen/office/report.csv": set(),
    "GET /api/v1/canteen/orders.csv": set(),
    "GET /api/v1/canteen/office/report.xlsx": set(),
    "GET /api/v1/diners/ratings.csv": set(),
}
"""Which standing purposes are reason enough."""
WATCHED = {
    "GET /api/v1/snapshot": "the newest hundred passages, which whoever watches the gates must see",
    "GET /api/v1/stream": "the same, as they happen",
}


def asks(route: APIRoute) -> list[Purposeful]:
    return [call for call in calls(route.dependant) if isinstance(call, Purposeful)]


def shows(name: str, route: APIRoute) -> bool:
    """Return whether an endpoint shows passages, pictures or people, or is an export."""
    words = (
        "/events",
        "/blobs",
        "/clips/",
        ".csv",
        ".xlsx",
        "/candidates",
        "/consents",
        "/record",
        "/assessment",
        "/decision",
    )
    is_list = name == "GET /api/v1/people"
    return name.startswith("GET ") and (is_list or any(word in route.path for word in words))


def test_every_endpoint_that_shows_faces_or_passages_asks_why() -> None:
    found = {name: route for name, route in routes().items() if asks(route)}

    assert {name: set(asks(route)[0].standing) for name, route in found.items()} == LOOKS
    # What is asked of a camera is shown by a stream that belongs to the asking.
    watched = {name for name in LOOKS if name.startswith("POST ")}
    shown = {name for name, route in routes().items() if shows(name, route)}
    assert shown == LOOKS.keys() - watched
    assert routes().keys() >= WATCHED.keys()


@pytest.mark.parametrize("name", LOOKS)
def test_it_refuses_who_does_not_say(bench: Bench, name: str) -> None:
    path = name.partition(" ")[2].replace("{sha256}", "0" * 64).replace("{position}", "1")
    path = (
        path.replace("{holder_id}", str(UUID(int=1)))
        .replace("{charge_id}", str(UUID(int=1)))
        .replace("{camera}", "camera-1")
        .replace("{form}", "csv")
    )
    body = {"recorded_at": bench.clock().isoformat()} if path.endswith("/playback") else None
    role = "canteen_manager" if "/canteen/" in name or "/diners/" in name else "administrator"
    client = bench.planted(role).client
    client.headers.pop("Menshen-Purpose", None)

    def look(purpose: str) -> Response:
        method = name.partition(" ")[0]
        today = bench.clock()
        span = {"since": (today - timedelta(days=1)).isoformat(), "until": today.isoformat()}
        days = {"first": "2026-11-01", "last": "2026-11-30"}
        asked = {"purpose": purpose, "month": "2026-11", **span, **days}
        return client.request(method, path, params=asked, json=body)

    for purpose in ("", "curiosity", *(STANDING - LOOKS[name])):
        reply = look(purpose)
        assert (reply.status_code, reply.json()["code"]) == (422, "purpose_needed")
    without = look("investigation")
    assert (without.status_code, without.json()["code"]) == (422, "reference_needed")
    for purpose in ("incident", *LOOKS[name]):
        assert look(purpose).status_code in (200, 404)


def test_the_audit_log_holds_purpose_and_case(bench: Bench) -> None:
    headers = {"Menshen-Purpose": "investigation", "Menshen-Reference": "%E6%A1%88-7"}

    assert bench.administrator.get("/api/v1/events", headers=headers).status_code == 200

    (entry,) = entries(bench, action="events_get")
    assert (entry["purpose"], entry["detail"]["reference"]) == ("investigation", "案-7")


def test_who_watches_the_gates_looks_for_that(bench: Bench) -> None:
    assert bench.operator("guard").get("/api/v1/snapshot").status_code == 200

    assert entries(bench, action="snapshot_get")[0]["purpose"] == "monitoring"


def test_who_looks_people_up_is_recorded_and_what_for_is_not(bench: Bench) -> None:
    holder_id = bench.person("司徒明月")
    personnel = bench.planted("personnel").client
    headers = {"Menshen-Purpose": "personnel"}

    found = personnel.get("/api/v1/people?query=司徒", headers=headers).json()["items"]
    assert personnel.get(f"/api/v1/people/{holder_id}/consents", headers=headers).is_success

    (looked, saw) = (entries(bench, action=a)[0] for a in ("people_get", "people_consents_get"))
    assert [person["holder_id"] for person in found] == [holder_id]
    assert (looked["purpose"], looked["objects"], looked["detail"]) == ("personnel", [], {})
    assert (saw["purpose"], saw["objects"]) == ("personnel", [f"person:{holder_id}"])
