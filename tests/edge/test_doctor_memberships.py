"""The doctor asks the central that a terminal belongs to, and compares the clocks."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from config.contract.trust import public_text
from config.crypto.suite import Suite
from config.crypto.suites import SUITES
from config.doctor.findings import Level
from edge.doctor.certificates import trusted_here
from edge.doctor.memberships import ask_central, judge_difference, judge_suite, memberships_here


def joined(home: Path, **kept: str) -> None:
    """Leave what a terminal keeps of its central."""
    (home / "edge-gate-1").mkdir()
    (home / "edge-gate-1" / "node.json").write_text(json.dumps(kept), "utf-8")


def test_the_authority_of_a_terminal_is_found(tmp_path: Path) -> None:
    pem = trustme.CA().cert_pem.bytes().decode()
    joined(tmp_path, url="https://central.test", ca_certificate=pem)

    ends = trusted_here(memberships_here(tmp_path))

    assert ends["the authority that edge-gate-1 trusts"] is not None


def test_a_central_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    joined(tmp_path, url="http://127.0.0.1:9")
    (membership,) = memberships_here(tmp_path)

    [finding] = ask_central(membership)

    assert finding.level is Level.WARNING
    assert "does not answer" in finding.message


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_the_algorithms_of_a_terminals_site_are_named(tmp_path: Path, suite: Suite) -> None:
    key = suite.new_signing_key().public_key()
    joined(tmp_path, url="http://127.0.0.1:9", central_key=public_text(key))
    (membership,) = memberships_here(tmp_path)

    [finding] = judge_suite(membership)

    assert (finding.check, finding.level) == ("algorithms of edge-gate-1", Level.OK)
    assert f"--crypto {suite.name}," in finding.message


def test_a_central_key_that_is_none_is_said_where_the_terminal_starts(tmp_path: Path) -> None:
    joined(tmp_path, url="http://127.0.0.1:9", central_key="nonsense")
    (membership,) = memberships_here(tmp_path)

    assert list(judge_suite(membership)) == []


@pytest.mark.parametrize(
    ("seconds", "took_s", "words"),
    [
        (-1, 0.0, "agree"),
        (4, 3.0, "agree"),
        (60, 0.0, "60 s behind"),
        (-3600, 0.0, "3600 s ahead of"),
    ],
)
def test_a_difference_of_clocks_is_judged(seconds: int, took_s: float, words: str) -> None:
    finding = judge_difference("central", timedelta(seconds=seconds), took_s=took_s)

    assert words in finding.message
