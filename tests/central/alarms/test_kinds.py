"""Every kind of alarm has a procedure and words; what is latched is most urgent."""

import json
from pathlib import Path

import pytest

import central
from central.alarms.kinds import KINDS, UNRAISED
from central.alarms.lines import Act
from central.alarms.procedures import SHIPPED
from central.alarms.sending import FAILURES
from config.web import STATIC


def test_every_kind_has_a_shipped_procedure_in_both_languages() -> None:
    assert SHIPPED.keys() == KINDS.keys()
    assert {tuple(text) for text in SHIPPED.values()} == {("zh-CN", "en")}
    lines = [
        each for text in SHIPPED.values() for words in text.values() for each in words.split("\n")
    ]
    assert [line for line in lines if not line[0].isdigit()] == [], "each line is a numbered step"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_kind_and_every_act_has_a_word(language: str) -> None:
    words = json.loads((STATIC / f"{language}.json").read_text("utf-8"))

    assert [kind for kind in KINDS if f"alarm_kind.{kind}" not in words] == []
    assert [act for act in Act if f"alarm_act.{act}" not in words] == []
    assert [code for code in FAILURES if f"channel_failure.{code}" not in words] == []


def test_what_is_latched_is_of_the_first_priority() -> None:
    assert {kind.priority for kind in KINDS.values() if kind.is_latched} == {1}
    assert {name for name, kind in KINDS.items() if kind.is_latched} >= {"fire", "panic", "duress"}


def test_a_kind_that_nothing_raises_says_so() -> None:
    assert central.__file__ is not None
    lists = {"kinds.py", "first.py", "suppression.py"}
    files = Path(central.__file__).parent.rglob("*.py")
    code = "".join(file.read_text("utf-8") for file in files if file.name not in lists)

    assert {kind for kind in KINDS if f'"{kind}"' not in code} == UNRAISED
