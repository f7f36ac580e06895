"""The table for MLPS level 3: each line is shown by a test that is there, or somebody else's."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = [
    line
    for line in (ROOT / "docs" / "mlps.md").read_text("utf-8").splitlines()
    if line.startswith("| 8.1.")
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_line_is_shown_or_somebody_elses() -> None:
    proofs = [line.rstrip("| ").rpartition(" | ")[2] for line in LINES]

    assert len(LINES) > 25
    assert [proof for proof in proofs if not NAMED.search(proof) and "by others" not in proof] == []


def test_every_test_that_the_table_names_is_there() -> None:
    named = {match.groups() for line in LINES for match in NAMED.finditer(line)}
    missing = {
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file()
        or (name and f"def {name}(" not in (ROOT / path).read_text("utf-8"))
    }

    assert len(named) > 25
    assert missing == set()
