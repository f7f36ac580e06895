"""The API and the events as files, so that a difference is seen in review and a break in a test.

``python -m central.openapi --write`` writes ``docs/openapi.json`` and ``docs/events.json``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import central.events.facts  # noqa: F401 - registers central's own event types
from central.app import create_app
from central.settings import Settings
from config.contract.events import EVENT_TYPES
from config.site import Site, SiteIdentity

DOCS: Final = Path(__file__).parents[1] / "docs"
Json = dict[str, Any]


def api_description() -> Json:
    """Return the API as OpenAPI 3.1 has it."""
    site = Site(site=SiteIdentity(id="any", name={"en": "Any"}))
    description: Json = create_app(Settings(site=site, home=Path())).openapi()
    description["info"]["version"] = "v1"
    return description


def event_description() -> Json:
    """Return every event type with its class and the schema of its data."""
    return {
        name: {"class": model.event_class.value, "data": model.model_json_schema()}
        for name, model in sorted(EVENT_TYPES.items())
    }


def breaks(before: Json, now: Json) -> list[str]:
    """Return what a client of the API before would stumble over.

    Looked for: an operation, an answer's member or an answer of success that is gone, another
    type, and a member or parameter of a request that is newly demanded.
    """
    found = list[str]()
    for path, operations in before["paths"].items():
        for method, operation in operations.items():
            where = f"{method.upper()} {path}"
            other = now["paths"].get(path, {}).get(method)
            if other is None:
                found.append(f"{where} is gone")
                continue
            gone = set(operation["responses"]) - set(other["responses"])
            found += [f"{where} no longer answers {status}" for status in sorted(gone)]
            found += [f"{where} demands {name}" for name in _new_demands(operation, other)]
    schemas, others = before["components"]["schemas"], now["components"]["schemas"]
    for name, schema in schemas.items():
        found += schema_breaks(name, schema, others.get(name))
    return found


def event_breaks(before: Json, now: Json) -> list[str]:
    """Return what a reader of the events before would stumble over."""
    found = list[str]()
    for name, event in before.items():
        other = now.get(name)
        if other is None:
            found.append(f"{name} is gone")
            continue
        if event["class"] != other["class"]:
            found.append(f"{name} is of another class")
        found += schema_breaks(name, event["data"], other["data"])
    return found


def schema_breaks(name: str, before: Json, now: Json | None) -> list[str]:
    """Return how a schema changed so that data or readers of before do not fit."""
    if now is None:
        return [f"{name} is gone"]
    found = list[str]()
    members, others = before.get("properties", {}), now.get("properties", {})
    for member, schema in members.items():
        if member not in others:
            found.append(f"{name}.{member} is gone")
        elif _type(schema) != _type(others[member]):
            found.append(f"{name}.{member} has another type")
        elif "const" in schema and schema["const"] not in _values(others[member]):
            found.append(f"{name}.{member} no longer knows {schema['const']}")
    demanded = set(now.get("required", [])) - set(before.get("required", []))
    found += [f"{name} demands {member}" for member in sorted(demanded)]
    gone = set(before.get("enum") or []) - set(now.get("enum") or before.get("enum") or [])
    found += [f"{name} no longer knows {value}" for value in sorted(gone)]
    for inner, schema in before.get("$defs", {}).items():
        found += schema_breaks(f"{name}.{inner}", schema, now.get("$defs", {}).get(inner))
    return found


def _new_demands(before: Json, now: Json) -> list[str]:
    demanded = [
        {p["name"] for p in operation.get("parameters", []) if p.get("required")}
        for operation in (before, now)
    ]
    return sorted(demanded[1] - demanded[0])


def _values(schema: Json) -> list[object]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum") or [])


def _type(schema: Json) -> str:
    told = {key: schema.get(key) for key in ("type", "format", "$ref", "items")}
    options = sorted(_type(option) for option in schema.get("anyOf", []))
    return json.dumps([told, options], sort_keys=True)


def _text(description: Json, *, is_sorted: bool) -> str:
    return json.dumps(description, ensure_ascii=False, indent=1, sort_keys=is_sorted) + "\n"


def main() -> int:
    """Write the files, or say whether they are those of this version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files")
    files = {
        # Of several media types clients that are generated take the first.
        DOCS / "openapi.json": _text(api_description(), is_sorted=False),
        DOCS / "events.json": _text(event_description(), is_sorted=True),
    }
    if parser.parse_args().write:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        return 0
    old = [path for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    for path in old:
        sys.stderr.write(f"{path.name} is of another version: python -m central.openapi --write\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
