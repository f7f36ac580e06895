"""``docs/traps.md`` names tests; each of them is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "traps.md").read_text(encoding="utf-8")
OURS = TABLE.partition("## Alarms, events, streams")[2].partition("\n## ")[0]
ROWS = [line for line in OURS.splitlines() if line.startswith("| ") and "The trap" not in line]
NAME = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_trap_of_alarms_events_and_streams_names_a_test(row: str) -> None:
    assert NAME.search(row)


@pytest.mark.parametrize(("path", "name"), NAME.findall(TABLE))
def test_every_named_test_is_there(path: str, name: str) -> None:
    assert name in names_in(path)
