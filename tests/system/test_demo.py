import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from config.demo.processes import Process

FIGURES = {"frame_to_decision", "decision_to_gate", "gate_to_console"}


def test_the_demo_does_all_that_it_shows(tmp_path: Path) -> None:
    run = subprocess.run(
        Process.command("demo", "--headless", "--for", "20", "--json"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    report = json.loads(run.stdout)
    assert report["problems"] == [], run.stderr
    assert run.returncode == 0
    assert report["passages"] > 0
    assert report["denied"]["unknown_face"] > 0
    assert report["events_edge"] == report["events_central"] > 0
    assert report["gaps"] == report["duplicates"] == 0
    assert set(report["latency_ms"]) == FIGURES
    assert sys.platform != "linux" or report["edge_rss_mb"] > 0


def test_a_photograph_held_up_does_not_open_the_lane_that_asks_for_a_live_face(
    shared: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for path in (shared / "faces" / "spoof").glob("image_F*.jpg"):
        shutil.copy(path, pictures)
    environment = {**os.environ, "MENSHEN_HOME": str(tmp_path / "home")}
    networks = map(str, (shared / "models").glob("minifasnet_*.onnx"))
    command = Process.command("models", "add", *networks)
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    run = subprocess.run(
        Process.command("demo", "--headless", "--for", "30", "--json", "--attacks", str(pictures)),
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    report = json.loads(run.stdout)
    assert report["problems"] == [], run.stderr
    assert report["attacks"]["passed"] == 0
    assert report["attacks"]["refused"]["presentation_attack"] > 0
