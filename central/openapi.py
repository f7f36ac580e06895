"""The API and the events as files, so that a difference is seen in review and a break in a test.

``python -m central.openapi --write`` writes ``docs/openapi.json`` and ``docs/events.json``;
``--freeze`` makes them what later ones are held against, when a version is released. Without either
it says what is not so, and exits with 1.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import central.events.facts  # noqa: F401 - registers central's own event types
from central.app import create_app
from central.breaking import Json, bare_schema, breaks, event_breaks, frozen
from central.settings import Settings
from config.contract.events import EVENT_TYPES
from config.site import Site, SiteIdentity

DOCS: Final = Path(__file__).parents[1] / "docs"
BASELINE: Final = DOCS / "baseline"
DELIBERATE: Final = BASELINE / "deliberate.json"
"""Breaks that are meant, each with its reason; emptied when a version is frozen."""


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


def breaks_of_the_baseline() -> list[str]:
    """Return how today's API and events break with what was frozen, each in one line."""
    return [
        *breaks(_read(BASELINE / "openapi.json"), api_description()),
        *event_breaks(_read(BASELINE / "events.json"), event_description()),
    ]


def _read(path: Path) -> Json:
    value: Json = json.loads(path.read_text(encoding="utf-8"))
    return value


def _text(description: Json, *, is_sorted: bool) -> str:
    return json.dumps(description, ensure_ascii=False, indent=1, sort_keys=is_sorted) + "\n"


def _lines(value: object, depth: int) -> str:
    """Return JSON with a line for each member down to a depth: what changed is what differs."""
    if depth == 0 or not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    members = (f"{json.dumps(key)}:{_lines(each, depth - 1)}" for key, each in value.items())
    return "{\n" + ",\n".join(members) + "\n}"


def main() -> int:
    """Write the files, or say whether they are those of this version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files")
    parser.add_argument("--freeze", action="store_true", help="write what is held against later")
    given = parser.parse_args()
    api, events = api_description(), event_description()
    files = {
        # Of several media types clients that are generated take the first.
        DOCS / "openapi.json": _text(api, is_sorted=False),
        DOCS / "events.json": _text(events, is_sorted=True),
    }
    baseline = {
        BASELINE / "openapi.json": _lines(frozen(api), depth=3) + "\n",
        BASELINE / "events.json": _lines(bare_schema(events), depth=1) + "\n",
        DELIBERATE: "{}\n",
    }
    writes = (files if given.write else {}) | (baseline if given.freeze else {})
    for path, text in writes.items():
        path.write_text(text, encoding="utf-8")
    if writes:
        return 0
    old = [path for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    told = [f"{path.name} is of another version: python -m central.openapi --write" for path in old]
    told += (line for line in breaks_of_the_baseline() if line not in _read(DELIBERATE))
    sys.stderr.writelines(f"{line}\n" for line in told)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
