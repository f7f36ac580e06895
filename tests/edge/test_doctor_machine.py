from collections.abc import Iterator
from pathlib import Path

import pytest

from config.contract.headers import CONTRACT_VERSION
from config.doctor.findings import Level
from config.site_time import SiteTime
from drivers.protocols.sntp import Measured
from drivers.simulation import Simulation, Wiring
from edge.doctor.machine import check_room, check_time_server, judge_contract, judge_offset


@pytest.fixture
def server() -> Iterator[Simulation]:
    with Simulation("time_server", {}, Wiring(transport="udp")) as made:
        yield made


def test_a_time_server_that_agrees_is_well(server: Simulation) -> None:
    (finding,) = check_time_server(SiteTime(server=server.address.rpartition("/")[2]))

    assert (finding.check, finding.level) == ("time server", Level.OK)


def test_a_time_server_that_does_not_know_says_where_to_look(server: Simulation) -> None:
    server.act("lose_time", {"on": True})

    (finding,) = check_time_server(SiteTime(server=server.address.rpartition("/")[2]))

    assert finding.level is Level.WARNING
    assert "does not know the time" in finding.message
    assert "123" in finding.advice


def test_a_clock_beyond_the_site_s_limit_is_a_warning() -> None:
    limits = SiteTime(server="ntp.lan", offset_s_max=5.0)

    near = judge_offset(Measured(-5.1, 0.2), limits)
    far = judge_offset(Measured(7.0, 0.2), limits)

    assert (near.level, far.level) == (Level.OK, Level.WARNING)
    assert far.message == "this machine's clock is 7.000 s behind ntp.lan"


def test_a_site_without_a_server_is_asked_nothing() -> None:
    assert list(check_time_server(SiteTime())) == []


def test_what_takes_a_terminal_s_room_is_said_the_largest_first(tmp_path: Path) -> None:
    (tmp_path / "edge-gate-1" / "clips").mkdir(parents=True)
    (tmp_path / "edge-gate-1" / "clips" / "one").write_bytes(b"x" * 3_000_000)
    (tmp_path / "edge-gate-1" / "journal.sqlite3").write_bytes(b"x" * 1_000_000)

    (finding,) = check_room(tmp_path)

    assert finding.check == "room of edge-gate-1"
    assert finding.message == "4.0 MB (clips 3.0, journal 1.0)"


def test_the_contract_that_is_spoken_is_said() -> None:
    assert f"version {CONTRACT_VERSION}" in judge_contract().message
