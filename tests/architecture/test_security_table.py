"""The threat model and the table for OWASP ASVS: what they claim is shown, and that is there."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "security.md").read_text("utf-8")
TABLE = (ROOT / "docs" / "asvs.md").read_text("utf-8")
STATUSES = ("yes", "partly", "no", "not applicable")
IDENTIFIER = re.compile(r"\d+\.\d+\.\d+")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PLACE = re.compile(
    r"`((?:central|config|drivers|edge|firmware_bridge|models|docs)(?:/[\w@-]+)+(?:\.\w+)?|pyproject\.toml)`"
)


def rows(text: str) -> list[list[str]]:
    """Return the cells of each line of a text's tables."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]


LINES = [row for row in rows(TABLE) if IDENTIFIER.fullmatch(row[0])]


def status(line: list[str]) -> str:
    """Return which of the four a line says."""
    return line[3].partition(":")[0]


def test_each_requirement_of_both_levels_has_one_line() -> None:
    levels = Counter(line[1] for line in LINES)

    # Of version 5.0.0; its third level is not claimed.
    assert levels == {"1": 70, "2": 183}
    assert len({line[0] for line in LINES}) == len(LINES)
    assert {len(line) for line in LINES} == {6}


def test_whatever_is_met_is_shown_and_whatever_is_not_says_why() -> None:
    unshown = [
        line[0]
        for line in LINES
        if status(line) in ("yes", "partly")
        and not (TEST.search(line[5]) and PLACE.search(line[4]))
    ]

    assert {status(line) for line in LINES} == set(STATUSES)
    assert unshown == []
    assert [line[0] for line in LINES if status(line) != "yes" and ": " not in line[3]] == []


def test_every_test_and_every_place_that_is_named_is_there() -> None:
    text = MODEL + TABLE
    tests = set(TEST.findall(text))
    files = {path: (ROOT / path).read_text("utf-8") for path, _ in tests if (ROOT / path).is_file()}

    assert len(tests) > 150
    assert [
        (path, name)
        for path, name in tests
        if path not in files or (name and f"def {name}(" not in files[path])
    ] == []
    assert [place for place in PLACE.findall(text) if not (ROOT / place).exists()] == []


def test_every_actor_of_the_threat_model_has_somebody_who_shows_it() -> None:
    _, _, model = MODEL.partition("## Who, what they can touch")
    actors = rows(model.partition("\n## ")[0])[1:]

    assert len(actors) > 15
    assert [actor[0] for actor in actors if len(actor) != 5 or not TEST.search(actor[4])] == []


def test_the_counts_and_what_is_missing_are_those_of_the_table() -> None:
    chapters = re.split(r"^## ", TABLE, flags=re.MULTILINE)[1:]
    told = {row[0]: row[1:] for row in rows(MODEL)}
    counted = {
        chapter.partition("\n")[0]: Counter(
            status(row) for row in rows(chapter) if IDENTIFIER.fullmatch(row[0])
        )
        for chapter in chapters
    }
    counted["all"] = Counter(status(line) for line in LINES)
    counted["of them level 1"] = Counter(status(line) for line in LINES if line[1] == "1")

    assert {
        name: [str(count[each]) for each in STATUSES] for name, count in counted.items()
    }.items() <= told.items()
    missing = {line[0] for line in LINES if status(line) == "no"}
    assert {name for name in told if IDENTIFIER.fullmatch(name)} == missing
