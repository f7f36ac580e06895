"""What clients and readers of events rely on stays."""

import copy
import json

import pytest

from central.openapi import (
    DOCS,
    Json,
    breaks,
    event_breaks,
    event_description,
    schema_breaks,
)
from tests.central.described import described


def committed(name: str) -> Json:
    description: Json = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return description


def test_the_api_does_not_break_its_clients() -> None:
    assert breaks(committed("openapi.json"), described()) == []


def test_events_do_not_break_their_readers() -> None:
    assert event_breaks(committed("events.json"), event_description()) == []


def test_the_files_are_of_this_version() -> None:
    assert committed("openapi.json") == json.loads(json.dumps(described()))
    assert committed("events.json") == json.loads(json.dumps(event_description()))


@pytest.mark.parametrize(
    ("place", "name", "sentence"),
    [
        ("paths", "/api/v1/people", "GET /api/v1/people is gone"),
        ("schemas", "Person", "Person is gone"),
    ],
)
def test_what_is_gone_is_a_break(place: str, name: str, sentence: str) -> None:
    before = described()
    now = copy.deepcopy(before)
    del (now if place == "paths" else now["components"])[place][name]

    assert sentence in breaks(before, now)


def test_a_member_that_is_gone_changed_or_demanded_is_a_break() -> None:
    before = described()
    now = copy.deepcopy(before)
    schemas = now["components"]["schemas"]
    del schemas["Person"]["properties"]["name"]
    schemas["StoredEvent"]["properties"]["position"]["type"] = "string"
    schemas["NewPerson"]["required"].append("number")

    assert breaks(before, now) == [
        "NewPerson demands number",
        "Person.name is gone",
        "StoredEvent.position has another type",
    ]


def test_an_addition_is_no_break() -> None:
    before = described()
    now = copy.deepcopy(before)
    now["paths"]["/api/v1/more"] = {}
    now["components"]["schemas"]["Person"]["properties"]["more"] = {"type": "string"}

    assert breaks(before, now) == []


def test_one_value_that_becomes_one_of_several_is_no_break() -> None:
    before = {"properties": {"liveness": {"type": "string", "const": "off"}}}
    now = {"properties": {"liveness": {"type": "string", "enum": ["off", "live"]}}}
    other = {"properties": {"liveness": {"type": "string", "enum": ["live"]}}}

    assert schema_breaks("Face", before, now) == []
    assert schema_breaks("Face", before, other) == ["Face.liveness no longer knows off"]


def test_an_event_that_is_gone_or_of_another_class_is_a_break() -> None:
    before = event_description()
    now = copy.deepcopy(before)
    del now["menshen.access.granted.v1"]
    now["menshen.access.denied.v1"]["class"] = "telemetry"

    assert event_breaks(before, now) == [
        "menshen.access.denied.v1 is of another class",
        "menshen.access.granted.v1 is gone",
    ]
