import os
import pty
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import serial
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.cameras import CameraEntry
from config.contract.nodes import HolderRecord, ReplicaPage, SitePairsRecord
from config.doctor.findings import Finding, Level
from config.site import (
    AccessPointEntry,
    BusEntry,
    DeviceEntry,
    Node,
    Recognition,
    Site,
    SiteIdentity,
)
from edge.doctor.examination import examine
from edge.doctor.lines import try_camera, try_port
from edge.doctor.recognition import judge_liveness, judge_target
from edge.doctor.replicas import Enrolment, judge_ages, judge_networks
from edge.replica import Replica
from edge.replica_age import KeptAge
from models.face.demand import network_in_force
from models.store import Store
from tests.edge.conftest import NOW
from tests.edge.site_pairs import site_pairs

BUILTIN = network_in_force(Recognition())


@pytest.fixture
def port() -> Iterator[str]:
    """A line that can be opened."""
    controller, line = pty.openpty()
    yield os.ttyname(line)
    os.close(controller)
    os.close(line)


def bus(port: str) -> BusEntry:
    return BusEntry(id="line-1", node="gate-1", port=port)


def test_a_port_that_opens_is_well(port: str) -> None:
    assert try_port(bus(port)).level is Level.OK


def test_a_port_that_is_gone_says_where_to_look(tmp_path: Path) -> None:
    finding = try_port(bus(str(tmp_path / "ttyUSB7")))

    assert finding.level is Level.PROBLEM
    assert "No such file" in finding.message
    assert "by-id" in finding.advice


def test_a_port_that_another_program_has_is_busy(port: str) -> None:
    with serial.Serial(port, exclusive=True):
        finding = try_port(bus(port))

    assert finding.level is Level.PROBLEM
    assert "fuser" in finding.advice


def test_a_serial_server_that_is_not_there_is_a_matter_of_the_network() -> None:
    finding = try_port(bus("socket://127.0.0.1:9"))

    assert (finding.level, "network" in finding.advice) == (Level.PROBLEM, True)


def test_a_camera_that_gives_a_picture_is_well(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((48, 64, 3), np.uint8))

    finding = try_camera(CameraEntry(id="camera-1", node="gate-1", url=str(tmp_path)))

    assert finding == Finding("camera camera-1", Level.OK, "a picture of 64x48 arrived")


def test_no_camera_is_one_clear_line(tmp_path: Path) -> None:
    finding = try_camera(CameraEntry(id="camera-1", node="gate-1", url=str(tmp_path / "none")))

    assert finding.level is Level.PROBLEM
    assert "\n" not in finding.message


@pytest.mark.parametrize(("has_camera", "level"), [(True, Level.PROBLEM), (False, Level.WARNING)])
def test_missing_networks_matter_where_there_is_a_camera(
    tmp_path: Path, has_camera: bool, level: Level
) -> None:
    camera = CameraEntry(id="camera-1", node="gate-1", url=str(tmp_path / "none"))
    site = Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="gate-1"),),
        camera=(camera,) if has_camera else (),
    )

    findings = {f.check: f for f in examine(site, home=tmp_path, store=Store(tmp_path / "none"))}

    assert findings["models"].level is level
    assert "menshen models build" in findings["models"].advice


def gate(pipeline: Literal["builtin", "production"] = "builtin", **point: object) -> Site:
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        recognition=Recognition(pipeline=pipeline),
        node=(Node(id="gate-1"),),
        bus=(BusEntry(id="line-1", node="gate-1", port="x"),),
        device=(DeviceEntry(id="gate", driver="speed_gate", bus="line-1"),),
        camera=(CameraEntry(id="camera-1", node="gate-1", url="0"),),
        access_point=(
            AccessPointEntry(id="east", node="gate-1", device="gate", camera="camera-1", **point),  # type: ignore[arg-type]  # its own
        ),
    )


@pytest.mark.parametrize(
    ("pipeline", "enrolment", "level"),
    [
        ("production", Enrolment(100, pictures=3), Level.OK),
        ("production", Enrolment(100, pictures=1), Level.WARNING),
        ("production", Enrolment(10_000, pictures=3), Level.WARNING),
        ("builtin", Enrolment(), Level.WARNING),
    ],
)
def test_a_network_that_cannot_keep_the_target_is_said_with_its_price(
    pipeline: Literal["builtin", "production"], enrolment: Enrolment, level: Level
) -> None:
    [finding] = judge_target(gate(pipeline), enrolment)

    assert finding.level is level
    assert "one stranger in 1,000" in finding.message
    assert "% of enrolled people" in finding.message


def test_faces_of_another_network_are_counted() -> None:
    [finding] = judge_networks(Enrolment(100, others=3))

    assert (finding.level, finding.message[:2]) == (Level.WARNING, "3 ")
    assert list(judge_networks(Enrolment(100))) == []


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (None, "no gallery self-test has been made yet"),
        (site_pairs("cd" * 32), "2026-11-23 was of another network"),
        (site_pairs(BUILTIN, people=19), "(19 people, 342 comparisons) has too few pairs"),
        (site_pairs(BUILTIN), "this site's own people, the self-test of 2026-11-23 (200 people"),
    ],
)
def test_the_doctor_says_on_whose_pairs_the_thresholds_rest(
    record: SitePairsRecord | None, sentence: str
) -> None:
    [finding] = judge_target(gate(), Enrolment(100, pictures=3, site_pairs=record))

    assert sentence in finding.message


def test_the_doctor_reads_the_pairs_of_this_machines_replica(tmp_path: Path) -> None:
    replica = Replica(
        tmp_path / "edge-gate-1" / "replica.sqlite3",
        sealing_key=X25519PrivateKey.generate(), card_key=b"c" * 32, network=None, templates=None,
    )  # fmt: skip
    (tmp_path / "edge-gate-1").mkdir()
    replica.load()
    holder = HolderRecord(holder_id="anna", version=1)
    replica.apply(ReplicaPage(version=1, holders=(holder,), site_pairs=site_pairs(BUILTIN)))

    findings = {f.check: f for f in examine(gate(), home=tmp_path, store=Store(tmp_path))}

    assert "this site's own people" in findings["recognition"].message


def test_a_lane_that_takes_photographs_for_people_is_named(tmp_path: Path) -> None:
    [finding] = judge_liveness(gate(liveness="off"), Store(tmp_path))

    assert (finding.level, "off at east" in finding.message) == (Level.WARNING, True)


def test_liveness_without_its_networks_is_a_problem_that_says_what_to_add(tmp_path: Path) -> None:
    [finding] = judge_liveness(gate(), Store(tmp_path))

    assert finding.level is Level.PROBLEM
    assert "liveness-2.7, liveness-4.0 is missing: everybody is asked" in finding.message


@pytest.mark.parametrize(("age_h", "level"), [(71.9, Level.OK), (72.1, Level.PROBLEM)])
def test_a_terminal_that_central_has_not_confirmed_for_days_is_a_problem(
    age_h: float, level: Level
) -> None:
    site = Site(site=SiteIdentity(id="demo", name={"en": "Demo"}))
    ages = {"edge-gate-1": KeptAge((age_h - 1) * 3600, NOW)}

    (finding,) = judge_ages(site, ages, now=NOW + timedelta(hours=1))

    assert finding.level is level
