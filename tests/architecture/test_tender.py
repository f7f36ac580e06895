"""The table for tenders: who says that a clause is met names what shows it, and that is there."""

import re
from pathlib import Path

from tests.architecture.commands_in_documents import cells, refusal

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "tender.zh-CN.md").read_text("utf-8")
LINES = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
CLAUSES = [line for line in LINES if line[0] != "条款"]
NAMED = re.compile(r"(tests/[\w/]+\.py)(?:::(\w+))?")


def test_every_clause_has_an_answer_and_whoever_meets_it_shows_it() -> None:
    answers = ("满足", "部分满足", "不满足", "他方")

    assert len(CLAUSES) > 40
    assert [line for line in CLAUSES if len(line) != 4 or not line[1].startswith(answers)] == []
    assert [line[0] for line in CLAUSES if line[1].startswith("满足") and line[3] == "–"] == []


def test_every_test_that_the_table_names_is_there() -> None:
    named = {match.groups() for match in NAMED.finditer(TEXT)}
    missing = {
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file()
        or (name and f"def {name}(" not in (ROOT / path).read_text("utf-8"))
    }

    assert len(named) > 20
    assert missing == set()


def test_every_command_that_the_table_names_is_taken_as_it_stands() -> None:
    named = [told for line in CLAUSES for told in cells(line[3])]

    assert len(named) > 20
    assert {str(told): why for told in named if (why := refusal(told)) is not None} == {}
