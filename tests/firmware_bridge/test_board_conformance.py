"""The drivers of a board and of a gate behind one, against the simulated ones: the usual suite."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.conformance.suite import (
    DriverConformance,
    conformance_report,
    failures,
    poll_garbage,
)
from drivers.redaction import has_credentials

IMPATIENT = {"timeout_s": 0.05, "attempt_count": 1}
DRIVERS = ("board", "board_gate")


@pytest.mark.parametrize("name", DRIVERS)
class TestBoards(DriverConformance):
    """The suite of packages outside the tree, for each driver of this one."""

    @pytest.fixture(autouse=True)
    def named(self, name: str) -> None:
        type(self).driver = name

    def test_a_mute_device_fails_and_is_named_so(self, tmp_path: Path) -> None:
        """As in the suite, for somebody with less patience."""
        report = conformance_report(
            self.driver, folder=tmp_path, settings=IMPATIENT, faults={"mute": 1.0}
        )
        said = [*report.findings, *(step.finding for step in report.steps)]

        assert not report.passed
        assert any("mute" in text for text in said), said


@pytest.mark.parametrize(("name", "fault"), [("board", "duplicate"), ("board_gate", "foreign")])
def test_a_fault_that_can_be_survived_is_survived(name: str, fault: str, tmp_path: Path) -> None:
    report = conformance_report(name, folder=tmp_path, faults={fault: None})

    assert failures(report) == []


def test_a_board_is_reached_over_a_network(tmp_path: Path) -> None:
    report = conformance_report("board", folder=tmp_path, transport="tcp")

    assert failures(report) == []


@pytest.mark.parametrize("name", DRIVERS)
@given(pieces=st.lists(st.binary(max_size=40), max_size=6))
@settings(max_examples=2)
def test_whatever_bytes_come_only_a_driver_error_comes_out(name: str, pieces: list[bytes]) -> None:
    poll_garbage(name, IMPATIENT, pieces)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_recording_of_its_line_keeps_no_card(name: str) -> None:
    assert has_credentials(name)
