"""The API's description, completed with what the framework does not know of itself.

Each operation gets its summary from the first paragraph of the endpoint's docstring, who may ask
from its guard, and examples from ``central/examples``: a file of JSON for each tag, with a member
for each operation (``POST /alarms/{alarm_id}/note``) that holds ``body`` and ``answer``.
"""

import functools
import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from central.cookies import PREFIX as PREFIXED
from central.diner.links import COOKIE as DINER_COOKIE
from central.diner.links import diner_of
from central.integrations.outside import OutsideEvent
from central.integrations.source_endpoints import outside_of
from central.nodes.signed import Signed
from central.problems import MEDIA_TYPE
from central.security import COOKIE, Requires, operator_of, session_of
from config.contract.events import Event

Json = dict[str, Any]
PREFIX: Final = "/api/v1"
_REFERENCE: Final = "#/components/schemas/{model}"
EXAMPLES: Final = Path(__file__).parent / "examples"
JSON_MEDIA_TYPE: Final = "application/json"
_INTRODUCTION: Final = (
    "Central of a building or a city: people, rules, events, alarms, money.\n\n"
    "Refusals are problems (RFC 9457); `code` says why and stays, `detail` is for people. Times "
    "are aware, money is integer fen. What shows passages of people takes `Menshen-Purpose`, "
    "which the audit log keeps."
)
_SCHEMES: Final[Json] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"Of a browser that has signed in; over HTTPS {PREFIXED}{COOKIE}",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A program's, made on the page *Account*; never more than its scopes",
    },
    "node": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A terminal's signature over this very request (decision 1)",
    },
    "outside": {
        "type": "http",
        "scheme": "bearer",
        "description": "Of an outside system that the administrator let in",
    },
    "diner": {
        "type": "apiKey",
        "in": "cookie",
        "name": DINER_COOKIE,
        "description": (
            f"Of a telephone that has opened a one-time link; over HTTPS {PREFIXED}{DINER_COOKIE}"
        ),
    },
}


class DescribedApp(FastAPI):
    """An application whose description is complete."""

    def __init__(self, routers: Sequence[APIRouter], **settings: Any) -> None:  # noqa: ANN401 - the framework's
        """Describe the endpoints of routers, which stand below ``PREFIX``."""
        super().__init__(**settings)
        self._routers = routers

    def openapi(self) -> Json:
        """Return the API as OpenAPI 3.1 has it; worked out once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi(), self._routers)
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """Return the endpoint's own name: clients that are generated call their function so."""
    return route.name


def completed(description: Json, routers: Sequence[APIRouter]) -> Json:
    """Return a description with summaries, who may ask, refusals as they are, and examples."""
    told = examples()
    for route in (each for router in routers for each in router.routes):
        if not isinstance(route, APIRoute):
            continue
        for method in route.methods or ():
            operation = description["paths"][PREFIX + route.path][method.lower()]
            _say(operation, route)
            _add_examples(operation, told.get(f"{method} {route.path}", {}))
    description["info"]["description"] = _INTRODUCTION
    components = description["components"]
    components["securitySchemes"] = _SCHEMES
    for model in (Event, OutsideEvent):
        # Their bodies are read as they came, so the framework does not see the models.
        schema = model.model_json_schema(by_alias=True, ref_template=_REFERENCE)
        components["schemas"].update(schema.pop("$defs", {}))
        components["schemas"].setdefault(model.__name__, schema)
    return _with_plain_names(description)


@functools.cache
def examples() -> Mapping[str, Json]:
    """Return the examples of each operation: ``body``, ``answer``, or neither.

    Raises:
        ValueError: Two files speak of the same one.
    """
    found = dict[str, Json]()
    for path in sorted(EXAMPLES.glob("*.json")):
        of_tag: Json = json.loads(path.read_text(encoding="utf-8"))
        if twice := found.keys() & of_tag.keys():
            raise ValueError(f"{path.name} speaks again of {sorted(twice)}")
        found.update(of_tag)
    return found


def main_content(content: Json) -> tuple[str, Json] | None:
    """Return the media type and description that an example is of; None of none and of binary."""
    if JSON_MEDIA_TYPE in content:
        return JSON_MEDIA_TYPE, content[JSON_MEDIA_TYPE]
    for media_type, described in content.items():
        if "json" in media_type or media_type.startswith(("text/", "application/x-www-form")):
            return media_type, described
    return None


def main_answer(operation: Json) -> Json:
    """Return the answer of success with the lowest status."""
    status = min(each for each in operation["responses"] if each != "default")
    answer: Json = operation["responses"][status]
    return answer


def _say(operation: Json, route: APIRoute) -> None:
    said = inspect.getdoc(route.endpoint) or ""
    head, _, more = said.replace("``", "`").partition("\n\n")
    operation["summary"] = " ".join(head.split()).rstrip(".")
    who, operation["security"] = _who(list(_guards(route.dependant)))
    operation["description"] = f"{more}\n\n{who}".strip()
    refused = operation["responses"]["default"]
    # The framework takes the media type of what is answered else.
    refused["content"] = {MEDIA_TYPE: next(iter(refused["content"].values()))}


def _who(guards: list[object]) -> tuple[str, list[dict[str, list[str]]]]:
    for guard in guards:
        if isinstance(guard, Requires):
            return f"Needs the permission `{guard.permission}`.", [{"session": []}, {"token": []}]
        if isinstance(guard, Signed):
            return "For terminals.", [{"node": []}]
    if diner_of in guards:
        return "For whoever came by a one-time link.", [{"diner": []}]
    if outside_of in guards:
        return "For outside systems.", [{"outside": []}]
    if session_of in guards:
        return "For whoever is signed in; no token.", [{"session": []}]
    if operator_of in guards:
        return "For whoever is signed in.", [{"session": []}, {"token": []}]
    return "For everybody.", []


def _guards(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _guards(inner)


def _add_examples(operation: Json, told: Json) -> None:
    for said, content in (
        ("body", operation.get("requestBody", {}).get("content", {})),
        ("answer", main_answer(operation).get("content", {})),
    ):
        if said in told and (main := main_content(content)):
            main[1]["example"] = told[said]


def _with_plain_names(description: Json) -> Json:
    """Return it without the names of our modules, which stand before models of one name.

    A title is what clients that are generated call a class: two of one name would be none.
    """
    text = re.sub(
        r"\b(?:central|config)__([a-z]+)(?:__[a-z_]+?)?__([A-Z]\w*)",
        lambda found: found[1].title() + found[2],
        json.dumps(description),
    )
    plain: Json = json.loads(text)
    for name, schema in plain["components"]["schemas"].items():
        schema["title"] = name
    return plain
