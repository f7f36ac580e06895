"""What clients and readers of events rely on stays, and the files say what is there."""

import json

from central.breaking import Json, breaks, event_breaks, frozen
from central.openapi import BASELINE, DELIBERATE, DOCS, event_description
from tests.central.described import described


def committed(name: str) -> Json:
    description: Json = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return description


def baseline(name: str) -> Json:
    description: Json = json.loads((BASELINE / name).read_text(encoding="utf-8"))
    return description


def test_only_what_is_meant_breaks_clients_and_readers_of_what_was_frozen() -> None:
    meant = json.loads(DELIBERATE.read_text(encoding="utf-8"))

    found = breaks(baseline("openapi.json"), described())
    found += event_breaks(baseline("events.json"), event_description())

    assert sorted(found) == sorted(meant)
    assert [line for line, reason in meant.items() if len(reason) < 20] == []


def test_what_is_frozen_is_the_whole_api() -> None:
    api, events = baseline("openapi.json"), baseline("events.json")

    assert len(api["paths"]) > 280
    assert len(api["components"]["schemas"]) > 500
    assert len(events) > 50
    assert frozen(api) == api


def test_the_files_are_of_this_version() -> None:
    assert committed("openapi.json") == json.loads(json.dumps(described()))
    assert committed("events.json") == json.loads(json.dumps(event_description()))
