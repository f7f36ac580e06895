"""From a panel's frame to gates that are released: at one terminal, and at the last of 20.

``python -m benchmarks.fire --json FILE``. At one terminal everything is a process of its own, the
line is a pseudo-terminal paced at 9600 baud, and two cameras are looked at by the recognition all
the time; then once more with a gate on that line that does not answer. What a site has on other
machines, cameras and central, gives way on this one. The 20 terminals share one process and one
processor, with central off, and a switch between them loses 5 % of the datagrams.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import math
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final

from rich.progress import Progress, TaskID

from benchmarks.fire_nodes import LOSS, NODES, last_of_many
from benchmarks.measure import give_way, write_json
from config.demo import control
from config.demo.photographs import find_photographs
from config.demo.processes import Process, Processes
from config.demo.report import describe_machine

RUNS: Final = 25
PATIENCE_S: Final = 60.0
DEAD: Final = """
[[device]]
id = "gate-dead"
driver = "speed_gate"
bus = "rs485-1"
settings = { unit_id = 9 }

[[access_point]]
id = "dead"
node = "gate-1"
device = "gate-dead"
direction = "in"
"""
POINTS: Final = ("east", "west", "east-exit", "west-exit")
ANSWERED: Final = "menshen.fire.release_answered.v1"


@dataclasses.dataclass(slots=True)
class Times:
    """Milliseconds of all gates in all runs, after the panel's frame.

    Attributes:
        acknowledged: When the gate had answered that it has the command.
        confirmed: When it was read back.
        not_released: Gates that never were.
    """

    acknowledged: list[float] = dataclasses.field(default_factory=list)
    confirmed: list[float] = dataclasses.field(default_factory=list)
    not_released: int = 0

    def add(self, answers: Sequence[dict[str, Any]]) -> None:
        """Add what the gates of a run have answered."""
        self.acknowledged += [each["acknowledged_ms"] for each in answers]
        self.confirmed += [each["confirmed_ms"] for each in answers]
        self.not_released += len(POINTS) - len(answers)


def percentile(times: Sequence[float], share: float) -> float | None:
    """Return a quantile by nearest rank; None of nothing."""
    ordered = sorted(times)
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)


class Terminal:
    """One terminal of the demo with its hardware, each a process."""

    def __init__(self, folder: Path, *, has_dead_gate: bool) -> None:
        self._folder, self._has_dead_gate = folder, has_dead_gate
        self.hands: list[control.SimulatorControl] = []

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["Terminal"]:
        """Run everything until the block ends."""
        async with Processes(self._folder) as processes:
            await self._start(processes)
            walking = [asyncio.create_task(self._walk(hand)) for hand in self._cameras]
            try:
                await self._until(self._hears_everything)
                yield self
            finally:
                for task in walking:
                    task.cancel()
                await asyncio.gather(*walking, return_exceptions=True)
                for hand in self.hands:
                    await hand.close()
                await self.central.close()
                await self.terminal.close()

    async def burn(self) -> list[dict[str, Any]]:
        """Let two detectors signal, close everything afterwards; returns the gates' answers."""
        known = {each["fire_id"] for each in await self._answers()}
        for number in (2, 7):
            await self._smoke(number, on=True)
        fresh = list[dict[str, Any]]()

        async def has_answered() -> bool:
            fresh[:] = [a for a in await self._answers() if a["fire_id"] not in known]
            return {each["access_point"] for each in fresh} == set(POINTS)

        with contextlib.suppress(TimeoutError):
            await self._until(has_answered)
        for number in (2, 7):
            await self._smoke(number, on=False)
        await self._close_all()
        return fresh

    async def _answers(self) -> list[dict[str, Any]]:
        """Return the newest confirmations, as the terminal has told them."""
        found = (await self.central.ask("/events/search", type=ANSWERED, limit="50"))["items"]
        told = [each["event"]["data"] for each in found]
        return [a for a in told if a["access_point"] in POINTS and a["confirmed_ms"] is not None]

    async def _close_all(self) -> None:
        async def is_over() -> bool:
            (zone,) = (await self.central.ask("/fire"))["zones"]
            return all(item["ended_at"] for item in zone["fires"])

        asked = set[str]()

        async def is_closed() -> bool:
            # When the gates have been read back; what is under way delays the next release.
            newest = (await self.central.ask("/commands", limit="20"))["items"]
            done = {c["command_id"] for c in newest if c["answered_at"] is not None}
            return asked <= done

        await self._until(is_over)
        for point in POINTS:
            path = f"/access-points/{point}/close-release"
            asked.add((await self.central.order(path, reason="measured"))["command_id"])
        await self._until(is_closed)

    async def _start(self, processes: Processes) -> None:
        units = ("--unit-id", "1", "--unit-id", "2", "--unit-id", "3")
        gates = await self._simulator(processes, "speed_gate", "line-1", *units)
        self._panel = await self._simulator(processes, "gbt26875", "line-2")
        self.hands.append(gates)
        photographs = find_photographs()
        words = [w for p in photographs.values() for w in ("--set", f"photo={p.key}={p.path}")]
        cameras = {}
        for name in ("camera_east", "camera_west"):
            cameras[name] = await processes.start(
                name, "sim", "camera", "--tcp", "127.0.0.1:0", "--control", "127.0.0.1:0",
                "--json", *words,
            )  # fmt: skip
            give_way(cameras[name].pid)
        self._cameras = [control.SimulatorControl(each.ready) for each in cameras.values()]
        self.hands += self._cameras
        self._people = list(photographs)
        site = self._site({name: each.ready["tcp"] for name, each in cameras.items()})
        service = await processes.start(
            "central", "central", "--site", str(site), "--home", str(self._folder / "central"),
            "--port", "0", "--json",
        )  # fmt: skip
        give_way(service.pid)
        self.central = control.CentralControl(service.ready["url"])
        await self.central.accept_invitation(
            service.ready["invitation_link"], username="bench", password=secrets.token_urlsafe(18)
        )
        edge = await processes.start(
            "edge", "edge", "--site", str(site), "--node", "gate-1",
            "--home", str(self._folder / "edge"),
            "--token", await self.central.node_token("gate-1"), "--json",
        )  # fmt: skip
        self.terminal = control.TerminalControl.from_ready(edge.ready)

    async def _simulator(
        self, processes: Processes, driver: str, port: str, *words: str
    ) -> control.SimulatorControl:
        started = await processes.start(
            driver, "sim", driver, "--port", str(self._folder / port), "--paced", *words,
            "--control", "127.0.0.1:0", "--json",
        )  # fmt: skip
        return control.SimulatorControl(started.ready)

    def _site(self, cameras: dict[str, str]) -> Path:
        template = Path(control.__file__).parents[1] / "demo.toml"
        places = {"line": self._folder / "line-1", "panel": self._folder / "line-2", **cameras}
        text = Template(template.read_text(encoding="utf-8")).substitute(places)
        path = self._folder / "site.toml"
        path.write_text(text + (DEAD if self._has_dead_gate else ""), encoding="utf-8")
        return path

    async def _walk(self, camera: control.SimulatorControl) -> None:
        while True:
            for person in self._people:
                await camera.act("approach", photo=person)
                await asyncio.sleep(1.5)
                await camera.act("leave")
                await asyncio.sleep(0.2)

    async def _hears_everything(self) -> bool:
        devices = (await self.terminal.status())["devices"]
        heard = [each["is_current"] for each in devices if each["device"] != "gate-dead"]
        return len(heard) >= 5 and all(heard)

    async def _smoke(self, number: int, *, on: bool) -> None:
        await self._panel.act("fire", zone=10, number=number, text="A区", on=on, is_test=False)

    @staticmethod
    async def _until(condition: Any) -> None:  # noqa: ANN401 - an asynchronous condition
        async with asyncio.timeout(PATIENCE_S):
            while not await condition():  # noqa: ASYNC110 - it is in other processes
                await asyncio.sleep(0.05)


async def same_node(runs: int, *, has_dead_gate: bool, bar: Progress, task: TaskID) -> Times:
    """Return the times of gates that hang on the terminal that hears the panel."""
    found = Times()
    with tempfile.TemporaryDirectory(prefix="menshen-fire-") as folder:
        async with Terminal(Path(folder), has_dead_gate=has_dead_gate).at_work() as terminal:
            for _ in range(runs):
                found.add(await terminal.burn())
                bar.advance(task)
    return found


async def _measure(runs: int) -> dict[str, Any]:
    build = await asyncio.create_subprocess_exec(
        *Process.command("models", "build"), stdout=asyncio.subprocess.DEVNULL
    )
    await build.wait()
    with Progress() as bar:
        cases = {
            name: bar.add_task(name, total=runs)
            for name in ("one terminal", "with a dead gate", f"last of {NODES} terminals")
        }
        alone, dead, last = cases.values()
        plain = await same_node(runs, has_dead_gate=False, bar=bar, task=alone)
        beside = await same_node(runs, has_dead_gate=True, bar=bar, task=dead)
        crossed, read, missing = await last_of_many(runs, advance=lambda: bar.advance(last))
    times = {
        "same_node": plain.acknowledged,
        "same_node_read_back": plain.confirmed,
        "same_node_dead_device": beside.acknowledged,
        "same_node_dead_device_read_back": beside.confirmed,
        "cross_node": crossed,
        "cross_node_read_back": read,
    }
    return {
        **{f"{name}_p99_ms": percentile(found, 0.99) for name, found in times.items()},
        **{f"{name}_median_ms": percentile(found, 0.5) for name, found in times.items()},
        "nodes": NODES,
        "loss": LOSS,
        "runs": runs,
        "not_released": plain.not_released + beside.not_released + missing,
        "machine": describe_machine(),
        "began_at": time.strftime("%Y-%m-%d %H:%M"),
    }


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; returns how many gates were never released."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args(words)
    result = asyncio.run(_measure(given.runs))
    write_json(given.json, result)
    print(json.dumps(result, indent=1))
    return min(100, int(result["not_released"]))


if __name__ == "__main__":
    raise SystemExit(main())
