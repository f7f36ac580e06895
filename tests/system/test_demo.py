import json
import subprocess
import sys
from pathlib import Path

from config.demo.processes import Process

FIGURES = {"frame_to_decision", "decision_to_gate", "gate_to_console"}


def test_the_demo_does_all_that_it_shows(tmp_path: Path) -> None:
    run = subprocess.run(
        Process.command("demo", "--headless", "--for", "30", "--json"),
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
