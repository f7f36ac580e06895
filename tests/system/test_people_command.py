"""``menshen people enrol`` against a real central, as a person types it."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from config.demo.control import CentralControl
from config.demo.photographs import find_photographs
from config.demo.processes import Process
from tests.system.running_site import SITE

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def enrol(tmp_path: Path) -> "Enrol":
    return Enrol(tmp_path)


class Enrol:
    """A central with one administrator, and the command that talks to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._site = folder / "site.toml"
        self._site.write_text(SITE.format(line=folder / "line"), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Start central, enrol with these words, end central."""
        subprocess.run(Process.command("models", "build"), check=True, capture_output=True)
        return asyncio.run(self._run(words))

    async def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        process = await Process.start(
            "central", "central", "--site", str(self._site), "--home", str(self._folder / "home"),
            "--port", "0", "--json", folder=self._folder,
        )  # fmt: skip
        central = CentralControl(process.ready["url"])
        try:
            await central.accept_invitation(
                process.ready["invitation_link"], username="wang", password=PASSWORD
            )
            return await asyncio.to_thread(self._command, central.url, words)
        finally:
            await central.close()
            await process.stop()

    def _command(self, url: str, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            Process.command(
                "people", "enrol", "--url", url, "--username", "wang", "--consent", "paper", *words
            ),
            env={**os.environ, "MENSHEN_PASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def test_a_photograph_enrols_a_person(enrol: Enrol) -> None:
    photograph = find_photographs()["astronaut"].path

    run = enrol.run("--name", "Eileen Collins", "--number", "1001", "--json", str(photograph))

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["status"] == "enrolled"


def test_a_file_that_is_no_picture_is_one_line(enrol: Enrol, tmp_path: Path) -> None:
    nonsense = tmp_path / "holiday.jpg"
    nonsense.write_text("not a picture")

    run = enrol.run("--name", "Nobody", str(nonsense))

    assert run.returncode != 0
    assert "holiday.jpg" in run.stderr
    assert "Traceback" not in run.stderr
