import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.demo.processes import Process
from tests.conftest import shared_folder

FIGURES = {"frame_to_decision", "decision_to_gate", "gate_to_console"}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run finds: with pictures held up before a third lane where there are any.

    Half a minute of recognition is dear, and the lane that is attacked is beside the other two.
    """
    folder = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "MENSHEN_HOME": str(folder / "home")}
    attacks = _attacks(folder, environment) if shared_folder().is_dir() else ()
    run = subprocess.run(
        Process.command("demo", "--headless", "--for", "30", "--json", *attacks),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["problems"] == [], run.stderr
    assert run.returncode == 0
    return found


def _attacks(folder: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Install the networks that judge liveness; return the words that ask for attacks."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for path in (shared_folder() / "faces" / "spoof").glob("image_F*.jpg"):
        shutil.copy(path, pictures)
    networks = map(str, (shared_folder() / "models").glob("minifasnet_*.onnx"))
    command = Process.command("models", "add", *networks)
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    return "--attacks", str(pictures)


def test_the_demo_does_all_that_it_shows(report: dict[str, Any]) -> None:
    assert report["passages"] > 0
    assert report["denied"]["unknown_face"] > 0
    assert report["events_edge"] == report["events_central"] > 0
    assert report["gaps"] == report["duplicates"] == 0
    assert set(report["latency_ms"]) == FIGURES
    assert report["fire_to_open_s"] < 10
    assert sys.platform != "linux" or report["edge_rss_mb"] > 0


def test_lunch_is_paid_once_to_the_fen_although_the_till_s_cable_was_pulled(
    report: dict[str, Any],
) -> None:
    lunch = report["canteen"]

    assert lunch["offline"] > 0
    assert lunch["paid"] == lunch["charges"] == lunch["receipts"] > lunch["offline"]


@pytest.mark.usefixtures("shared")
def test_a_photograph_held_up_does_not_open_the_lane_that_asks_for_a_live_face(
    report: dict[str, Any],
) -> None:
    assert report["attacks"]["passed"] == 0
    refused = report["attacks"]["refused"]
    assert sum(refused.values()) == report["attacks"]["tried"] > 0
    # On a machine that sees too few pictures of it a photograph stays a doubt of some kind.
    assert set(refused) <= {"presentation_attack", "liveness_unsure", "weak_face"}
