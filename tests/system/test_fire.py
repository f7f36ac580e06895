"""A fire with central killed: gates open by themselves; the report shows each one afterwards."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

from config.demo.control import SimulatorControl
from config.demo.processes import Process
from tests.system.running_site import SITE, RunningSite, until

MORE = """
[[device]]
id = "gate-2"
driver = "speed_gate"
bus = "line-1"
settings = {{ unit_id = 2 }}
[[access_point]]
id = "lane-2"
node = "gate-1"
device = "gate-2"
[[bus]]
id = "fire-line"
node = "gate-1"
port = "{panel}"
[[device]]
id = "panel"
driver = "gbt26875"
bus = "fire-line"
[[fire_zone]]
id = "building"
[[fire_input]]
zone = "building"
device = "panel"
"""
POINTS = {"lane", "lane-exit", "lane-2"}
USER, PASSWORD = "marshal", "correct horse battery staple"


class SiteWithPanel(RunningSite):
    """Two gates and a fire panel at one terminal."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        places = {"line": folder / "line", "panel": folder / "panel"}
        self.site.write_text((SITE + MORE).format(**places), encoding="utf-8")

    async def start_gate(self) -> None:
        gate = await self._start(
            "gate", "sim", "speed_gate", "--port", str(self.folder / "line"), "--paced",
            "--unit-id", "1", "--unit-id", "2", "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        panel = await self._start(
            "panel", "sim", "gbt26875", "--port", str(self.folder / "panel"), "--paced",
            "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        self.gate, self.panel = SimulatorControl(gate.ready), SimulatorControl(panel.ready)
        self._clients += [self.gate, self.panel]

    async def smoke(self, number: int, *, on: bool = True) -> None:
        await self.panel.act("fire", zone=10, number=number, text="A区", on=on, is_test=False)

    async def gates_are(self, state: str) -> bool:
        units = (await self.gate.state())["units"]
        return all(units[unit]["state"] == state for unit in ("1", "2"))

    async def is_ready(self) -> bool:
        """Return whether the terminal hears the panel and both gates."""
        devices = (await self.terminal.status())["devices"]
        return len(devices) == 3 and all(device["is_current"] for device in devices)

    async def ask(self, path: str) -> dict[str, Any]:
        reply = await self.central.ask(path)
        return dict(reply)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command against this central, as the marshal."""
        options = ("--url", f"http://127.0.0.1:{self.port}", "--username", USER)
        return subprocess.run(
            Process.command("fire", *words, *options),
            env={"MENSHEN_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd=self.folder, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip


def test_a_fire_opens_every_gate_with_central_killed_and_the_report_shows_each(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        site = SiteWithPanel(tmp_path)
        try:
            await site.start_gate()
            await site.start_central()
            await site.start_edge(enrol=True)
            await until(site.is_ready)
            await site.kill("central")
            await site.smoke(2)
            await site.smoke(7)
            await until(lambda: site.gates_are("open"))
            await site.start_central()
            await until(site.everything_has_arrived)
            await report_shows_each(site)
            await lanes_are_closed_by_hand(site)
            await drill_proves(site)
        finally:
            await site.stop()

    asyncio.run(play())


async def report_shows_each(site: SiteWithPanel) -> None:
    (line,) = (await site.ask("/fire/reports"))["items"]
    signed = await site.ask(f"/fire/reports/{line['fire_id']}.json")
    report = json.loads(signed["document"])

    assert {gate["access_point"] for gate in report["devices"]} == POINTS
    assert {gate["outcome"] for gate in report["devices"]} == {"confirmed"}
    assert report["summary"]["slowest_ms"] < 1_000
    assert report["confirmed_by"] == "two_devices"
    assert len(report["points"]) == 2


async def lanes_are_closed_by_hand(site: SiteWithPanel) -> None:
    """Check that gates stay released after the fire, until a person closes lane by lane."""

    async def phase_is(phase: str) -> bool:
        (zone,) = (await site.ask("/fire"))["zones"]
        return bool(zone["phase"] == phase)

    for number in (2, 7):
        await site.smoke(number, on=False)
    await until(lambda: phase_is("released"))
    assert await site.gates_are("open")
    for point in sorted(POINTS):
        await site.central.order(f"/access-points/{point}/close-release", reason="it is out")
    await until(lambda: phase_is("normal"))
    await until(lambda: site.gates_are("closed"))


async def drill_proves(site: SiteWithPanel) -> None:
    """Check that the command drills the zone, and that what it wrote is genuine."""
    await site.central.add_operator(USER, PASSWORD, role="administrator")
    drilled = await asyncio.to_thread(
        site.run, "drill", "--zone", "building", "--report", "evidence.html"
    )
    assert drilled.returncode == 0, drilled.stderr + drilled.stdout
    checked = await asyncio.to_thread(
        subprocess.run, Process.command("fire", "verify", "evidence.html"),
        cwd=site.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
