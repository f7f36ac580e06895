"""What a change of the API breaks, and what it only adds."""

from collections.abc import Iterator
from typing import Any

import pytest

from central.breaking import breaks, event_breaks, frozen
from tests.central.described import described

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
NULL = {"type": "null"}


def api(
    *, taken: object = None, given: object = None, asked: object = (), **changed: object
) -> dict[str, Any]:
    """Return an API of one operation, which takes and gives values of these schemas."""
    operation = {
        "description": "Adds one.\n\nNeeds the permission `doors.write`.",
        "security": [{"session": []}],
        "parameters": asked,
        "requestBody": {"content": {"application/json": {"schema": taken or {}}}},
        "responses": {"200": {"content": {"application/json": {"schema": given or {}}}}},
    }
    schemas = {"Door": record(name=TEXT, inner={"$ref": "#/components/schemas/Door"})}
    operations = {"post": operation | changed}
    return {"paths": {"/doors": operations}, "components": {"schemas": schemas}}


def record(*required: str, **members: object) -> dict[str, Any]:
    """Return the schema of an object that knows these members and no other."""
    required_names = list(required or members)
    return {
        "type": "object",
        "properties": members,
        "required": required_names,
        "additionalProperties": False,
    }


def either(*schemas: object) -> dict[str, Any]:
    return {"anyOf": list(schemas)}


def parameter(name: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": TEXT}


def moved(name: str) -> dict[str, Any]:
    """Return an API whose door goes by another name."""
    changed = api(given={"$ref": f"#/components/schemas/{name}"})
    changed["components"]["schemas"] = {
        name: record(name=TEXT, inner={"$ref": f"#/components/schemas/{name}"})
    }
    return changed


TAKES = "POST /doors takes"
ANSWERS = "POST /doors answers 200"
BREAKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "POST /doors is gone": (api(), api() | {"paths": {}}),
    "POST /doors is for others: Needs the permission `doors.read`. (session)"
    " It was: Needs the permission `doors.write`. (session)": (
        api(),
        api(description="Adds one.\n\nNeeds the permission `doors.read`."),
    ),
    "POST /doors is for others: Needs the permission `doors.write`. (node)"
    " It was: Needs the permission `doors.write`. (session)": (
        api(),
        api(security=[{"node": []}]),
    ),
    "POST /doors no longer answers 200": (api(), api(responses={})),
    f"{ANSWERS} no application/json any more": (api(), api(responses={"200": {}})),
    f"{TAKES} no application/json any more": (api(), api(requestBody={})),
    "POST /doors demands a body": (
        api(),
        api(requestBody=api()["paths"]["/doors"]["post"]["requestBody"] | {"required": True}),
    ),
    "POST /doors no longer takes from": (api(asked=[parameter("from")]), api()),
    "POST /doors demands from": (
        api(asked=[parameter("from")]),
        api(asked=[parameter("from", required=True)]),
    ),
    "POST /doors demands to": (api(), api(asked=[parameter("to", required=True)])),
    f"{ANSWERS}.name is gone": (api(given=record(name=TEXT)), api(given=record(title=TEXT))),
    f"{ANSWERS}.name may be missing now": (
        api(given=record("name", name=TEXT, note=TEXT)),
        api(given=record("note", name=TEXT, note=TEXT)),
    ),
    f"{ANSWERS}.name may now be null": (
        api(given=record(name=TEXT)),
        api(given=record(name=either(TEXT, NULL))),
    ),
    f"{ANSWERS}.name may now be integer": (
        api(given=record(name=TEXT)),
        api(given=record(name=NUMBER)),
    ),
    f"{ANSWERS}.name may now be string (date-time)": (
        api(given=record(name=NUMBER)),
        api(given=record(name={"type": "string", "format": "date-time"})),
    ),
    f"{ANSWERS}[] may now be integer": (
        api(given={"type": "array", "items": TEXT}),
        api(given={"type": "array", "items": NUMBER}),
    ),
    f"{ANSWERS}{{}} may now be integer": (
        api(given={"type": "object", "additionalProperties": TEXT}),
        api(given={"type": "object", "additionalProperties": NUMBER}),
    ),
    f"{ANSWERS} has 1 parts and had 2": (
        api(given={"type": "array", "prefixItems": [TEXT, NUMBER]}),
        api(given={"type": "array", "prefixItems": [TEXT]}),
    ),
    f"{ANSWERS} no longer knows off": (
        api(given={"type": "string", "enum": ["off", "on"]}),
        api(given={"type": "string", "const": "on"}),
    ),
    f"{TAKES}.name is gone": (api(taken=record(name=TEXT)), api(taken=record())),
    f"{TAKES} demands name": (
        api(taken=record("note", name=TEXT, note=TEXT)),
        api(taken=record("note", "name", name=TEXT, note=TEXT)),
    ),
    f"{TAKES} demands title": (
        api(taken=record(name=TEXT)),
        api(taken=record(name=TEXT, title=TEXT)),
    ),
    f"{TAKES}.name no longer takes null": (
        api(taken=record(name=either(TEXT, NULL))),
        api(taken=record(name=TEXT)),
    ),
    f"{TAKES}.name no longer takes number": (
        api(taken=record(name={"type": "number"})),
        api(taken=record(name=NUMBER)),
    ),
    f"{TAKES} no longer knows off": (
        api(taken={"type": "string", "enum": ["off", "on"]}),
        api(taken={"type": "string", "enum": ["on"]}),
    ),
    f"{TAKES} knows only on": (api(taken=TEXT), api(taken={"type": "string", "enum": ["on"]})),
    f"{TAKES} has maximum 3 and had none": (
        api(taken=NUMBER),
        api(taken={"type": "integer", "maximum": 3}),
    ),
    f"{TAKES} has minLength 2 and had 1": (
        api(taken={"type": "string", "minLength": 1}),
        api(taken={"type": "string", "minLength": 2}),
    ),
    f"{TAKES} has the pattern ^a$": (
        api(taken=TEXT),
        api(taken={"type": "string", "pattern": "^a$"}),
    ),
    f"{TAKES} takes no other members any more": (
        api(taken={"type": "object"}),
        api(taken={"type": "object", "additionalProperties": False}),
    ),
}
MORE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an operation": (api() | {"paths": {}}, api()),
    "a member of an answer": (
        api(given=record(name=TEXT)),
        api(given=record(name=TEXT, title=TEXT)),
    ),
    "a member of a body that may be left out": (
        api(taken=record(name=TEXT)),
        api(taken=record("name", name=TEXT, title=TEXT)),
    ),
    "a parameter that may be left out": (api(), api(asked=[parameter("to")])),
    "a value of an enumeration": (
        api(given={"type": "string", "const": "off"}),
        api(given={"type": "string", "enum": ["off", "on"]}),
    ),
    "a type that is taken": (api(taken=NUMBER), api(taken=either({"type": "number"}, NULL))),
    "an answer that is never null any more": (api(given=either(TEXT, NULL)), api(given=TEXT)),
    "a wider limit": (
        api(taken={"type": "string", "maxLength": 4, "pattern": "^a$"}),
        api(taken={"type": "string", "maxLength": 8}),
    ),
    "an answer that is told exactly": (
        api(given=TEXT),
        api(given={"type": "string", "enum": ["on"]}),
    ),
    "another name of a schema": (moved("Door"), moved("Gate")),
}


@pytest.mark.parametrize("sentence", BREAKS)
def test_what_a_client_stumbles_over_is_a_break(sentence: str) -> None:
    assert breaks(*BREAKS[sentence])[:1] == [sentence]


@pytest.mark.parametrize("sentence", BREAKS)
def test_nothing_is_a_break_of_itself(sentence: str) -> None:
    assert [breaks(each, each) for each in BREAKS[sentence]] == [[], []]


@pytest.mark.parametrize("what", MORE)
def test_what_is_more_is_no_break(what: str) -> None:
    assert breaks(*MORE[what]) == []


def test_what_has_a_name_is_told_once_by_it() -> None:
    before, now = moved("Door"), moved("Door")
    del now["components"]["schemas"]["Door"]["properties"]["name"]

    assert breaks(before, now) == ["Door.name is gone"]


def test_one_of_several_kinds_is_compared_with_its_own() -> None:
    kinds = [record(kind={"type": "string", "const": each}, value=TEXT) for each in ("a", "b")]
    fewer = record(kind={"type": "string", "const": "b"})
    before, now = (api(given={"oneOf": each}) for each in (kinds, [kinds[0], fewer]))

    assert breaks(before, now) == [f"{ANSWERS}.value is gone"]


def test_one_of_several_names_is_not_excused_by_another_that_still_fits() -> None:
    door, gate = record(name=TEXT, title=TEXT), record(name=TEXT)
    before = api(given={"oneOf": [{"$ref": f"#/components/schemas/{each}"} for each in "AB"]})
    before["components"]["schemas"] = {"A": door, "B": gate}
    now = before | {"components": {"schemas": {"A": gate, "B": gate}}}

    assert breaks(before, now) == ["A.title is gone"]


def test_a_schema_that_cannot_be_compared_is_not_passed_over() -> None:
    mixed = api(given={"allOf": [TEXT]})

    with pytest.raises(ValueError, match="allOf is not compared"):
        breaks(mixed, mixed)


def parts(description: dict[str, Any]) -> Iterator[object]:
    """Yield each schema and each value in it."""
    waiting: list[object] = [description]
    while waiting:
        value = waiting.pop()
        yield value
        waiting += list(value.values()) if isinstance(value, dict) else []
        waiting += value if isinstance(value, list) else []


def test_what_is_frozen_breaks_as_the_whole_does() -> None:
    whole = described()
    kept = frozen(whole)

    assert breaks(kept, whole) == []
    assert breaks(whole, kept) == []
    assert [each for each in parts(kept) if isinstance(each, dict) and "example" in each] == []


def test_events_fit_their_readers_and_older_terminals() -> None:
    before = {"opened.v1": {"class": "access", "data": record("door", door=TEXT, by=TEXT)}}
    now = {"opened.v1": {"class": "alarm", "data": record("door", "at", door=TEXT, at=TEXT)}}

    assert event_breaks(before, now) == [
        "opened.v1 is of another class",
        "opened.v1.by is gone",
        "opened.v1 demands at",
    ]
    assert event_breaks(before, {}) == ["opened.v1 is gone"]
    assert event_breaks({}, now) == []
