"""Whoever reads the API's description is told everything, and its examples are true."""

import copy
import json
from collections.abc import Iterator

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from central.breaking import Json
from central.description import EXAMPLES, PREFIX, examples, main_answer, main_content
from tests.central.described import described
from tests.central.test_security import PUBLIC, routes


def operations(description: Json) -> Iterator[tuple[str, Json]]:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: Json) -> Iterator[tuple[str, Json]]:
    """Yield what examples are of: ``body`` and ``answer``, where they are no binary."""
    for said, content in (
        ("body", operation.get("requestBody", {}).get("content", {})),
        ("answer", main_answer(operation).get("content", {})),
    ):
        if main := main_content(content):
            yield said, main[1]


def without_examples(description: Json) -> list[str]:
    return [
        f"{name}: {said}"
        for name, operation in operations(description)
        for said, content in contents(operation)
        if "example" not in content
    ]


def test_every_operation_has_an_example_of_its_body_and_of_its_answer() -> None:
    assert without_examples(described()) == []


def test_an_operation_without_an_example_is_found() -> None:
    description = copy.deepcopy(described())
    item = description["paths"]["/api/v1/alarms/{alarm_id}/note"]["post"]
    del item["requestBody"]["content"]["application/json"]["example"]

    assert without_examples(description) == ["POST /api/v1/alarms/{alarm_id}/note: body"]


def test_examples_are_of_operations_that_are_there() -> None:
    there = {
        (name.replace(PREFIX, "", 1), said)
        for name, operation in operations(described())
        for said, _ in contents(operation)
    }

    assert {(name, said) for name, told in examples().items() for said in told} == there


def test_examples_fit_what_is_described() -> None:
    registry = jsonschema_rs.Registry([("urn:api", described())])
    wrong = dict[str, str]()
    for name, operation in operations(described()):
        for said, content in contents(operation):
            schema = json.loads(json.dumps(content.get("schema", {})).replace('"#/', '"urn:api#/'))
            validator = jsonschema_rs.Draft202012Validator(
                schema, registry=registry, validate_formats=True
            )
            for error in validator.iter_errors(content["example"]):
                wrong[f"{name}: {said}"] = error.message[:200]

    assert wrong == {}


@pytest.mark.parametrize("tag", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_examples_are_what_our_models_take_and_answer(tag: str) -> None:
    known = routes()
    of_tag: Json = json.loads((EXAMPLES / f"{tag}.json").read_text(encoding="utf-8"))

    for name, told in of_tag.items():
        method, path = name.split(" ")
        _check(known[f"{method} {PREFIX}{path}"], told)


def _check(route: APIRoute, told: Json) -> None:
    if "body" in told and route.body_field is not None:
        taken: TypeAdapter[object] = TypeAdapter(route.body_field.field_info.annotation or object)
        taken.validate_json(json.dumps(told["body"]))
    if route.response_model is not None and not isinstance(told.get("answer", ""), str):
        TypeAdapter(route.response_model).validate_json(json.dumps(told["answer"]))


def test_a_summary_is_a_sentence_and_never_the_name_of_a_function() -> None:
    guessed = {
        name: operation["summary"]
        for name, operation in operations(described())
        if operation["summary"] == operation["operationId"].replace("_", " ").title()
        or not operation["summary"]
        or operation["summary"].endswith(".")
    }

    assert guessed == {}


def test_it_is_said_who_may_ask() -> None:
    for_everybody = {name for name, each in operations(described()) if each["security"] == []}
    alarms = described()["paths"]["/api/v1/alarms/{alarm_id}/acknowledge"]["post"]

    assert for_everybody == PUBLIC
    assert "`alarms.act`" in alarms["description"]
    assert alarms["security"] == [{"session": []}, {"token": []}]


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, operation in operations(described())]

    assert sorted(names) == sorted(set(names))


def test_what_is_referred_to_is_there_and_names_no_module_of_ours() -> None:
    text = json.dumps(described())
    begin = '"#/components/schemas/'
    named = {each.partition('"')[0] for each in text.split(begin)[1:]}

    assert named <= described()["components"]["schemas"].keys()
    assert not [each for each in described()["components"]["schemas"] if "__" in each]


def test_refusals_are_described_as_problems() -> None:
    answers = [each["responses"]["default"]["content"] for _, each in operations(described())]

    assert all(list(content) == ["application/problem+json"] for content in answers)
