import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from config.contract.access import DenialReason
from tests.system.access_model.comparison import RULES, compare, replay
from tests.system.access_model.engine import Engine
from tests.system.access_model.generator import make_site
from tests.system.access_model.history import Site, Step
from tests.system.access_model.reference import Reference

ROOT = Path(__file__).parents[3]
COUNT = 800


def test_the_engine_and_the_reference_agree_and_every_rule_has_its_turn() -> None:
    found = compare(4, first=0, count=COUNT)

    assert found.disagreements == []
    assert found.histories == COUNT
    assert found.rules_covered == RULES


def test_every_reason_is_among_the_rules_or_not_of_the_rules() -> None:
    """Whether somebody can pay is asked at a canteen lane after the rules have let them through."""
    of_the_lane = {"recognition_unavailable", "journal_unwritable", "cannot_pay", "lane_busy"}

    assert {reason.value for reason in DenialReason} - RULES == of_the_lane


@pytest.mark.parametrize(
    "table",
    ["profiles", "points", "interlocks", "temporary_rules", "lockdown_levels", "fire_zones"],
)
def test_an_engine_without_one_table_of_the_model_is_found_out(table: str) -> None:
    found = (differs(*replay(1, number), table) for number in range(500))

    assert any(found)


def differs(site: Site, steps: list[Step], table: str) -> bool:
    """Return whether an engine that has not read a table answers unlike the reference."""
    model = site.model.model_copy(update={table: ()})
    forgetful = Engine(Site(model, site.places, site.people, site.codes, site.zone))
    return forgetful.run(steps)[0] != Reference(site).run(steps)[0]


def test_a_seed_gives_the_same_history_again() -> None:
    assert replay(3, 77) == replay(3, 77)
    first, second = (make_site(random.Random(5)) for _ in range(2))  # noqa: S311 - repeatable, no secret
    assert first == second


def test_the_command_says_how_many_and_which() -> None:
    words = [sys.executable, "-m", "tests.system.access_model",
             "--histories", "60", "--seed", "9", "--processes", "2", "--json"]  # fmt: skip

    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)

    answer = json.loads(run.stdout)
    assert list(answer) == ["histories", "disagreements", "rules_covered"]
    assert (answer["histories"], answer["disagreements"]) == (60, 0)
    assert set(answer["rules_covered"]) <= RULES
