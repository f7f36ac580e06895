"""The line's discipline in numbers, beside a plain pymodbus client in a loop.

``uv run python -m benchmarks.bus [--exchanges N] [--osdp-minutes M] --json FILE``
"""

import argparse
import asyncio
import contextlib
import json
import logging
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pymodbus.client import AsyncModbusSerialClient
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import osdp_cards
from benchmarks.bus_faults import wrong_values, wrong_values_of_pymodbus, wrong_values_on_a_pty
from benchmarks.measure import write_json
from config.demo.report import describe_machine
from drivers.base import Observation, Side
from drivers.bus import Bus
from drivers.simulators.gbt26875 import recovered_share
from drivers.speed_gate import SpeedGate
from edge.devices import DeviceTask

DEVICE_COUNT, DEAD_UNIT = 32, 16
BAUD = 9600
ALIVE_S, SETTLE_S, DEAD_S = 15.0, 6.0, 25.0
COMMAND_COUNT = 120
UTILISATION_S = 8.0
LOAD_LINES, LOAD_DEVICES, LOAD_S = 64, 16, 20.0
BITS_PER_CHARACTER = 10
EXCHANGES = 1_000_000
PTY_EXCHANGES, PEER_EXCHANGES = 2000, 2000
STEPS = 9
OSDP_FIGURES = ("osdp", "osdp_peer")
STARTING_S_MAX = 120.0
"""A gate that never answers ends the benchmark instead of holding it up for ever."""


class Hardware:
    """Simulated lines in another process. Attributes: ports: one per line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        if process.stdout is None or process.stdin is None:
            raise TypeError("the process has pipes")
        self.ports: list[str] = json.loads(process.stdout.readline())
        self._orders = process.stdin

    def order(self, text: str) -> None:
        """Say ``dead UNIT`` or ``alive``."""
        self._orders.write(f"{text}\n")
        self._orders.flush()


@contextlib.contextmanager
def hardware(lines: int, devices: int, baudrate: int) -> Iterator[Hardware]:
    """Run simulated lines while the block lasts."""
    words = [sys.executable, "-m", "benchmarks.bus_hardware"]
    words += [str(lines), str(devices), str(baudrate)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Hardware(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=10)


class PolledGate(SpeedGate):
    """A gate that counts its polls."""

    polls = 0

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        found = await super().poll()
        self.polls += 1
        return found


class Deaf:
    """A listener that does nothing."""

    def observed(self, observation: Observation) -> None:
        """See ``DeviceListener``."""

    def lost(self, detail: str) -> None:
        """See ``DeviceListener``."""

    def returned(self, absence_s: float) -> None:
        """See ``DeviceListener``."""


class Site:
    """The edge's own tasks over some lines. Attributes: gates, tasks: by line and unit."""

    def __init__(self, ports: Sequence[str], device_count: int, baudrate: int) -> None:
        self.buses = [Bus(port, baudrate=baudrate) for port in ports]
        self.gates: list[list[PolledGate]] = []
        self.tasks: list[list[DeviceTask]] = []
        for bus in self.buses:
            settings = [
                PolledGate.Settings(unit_id=unit_id, watchdog_s=0, timeout_s=0.25)
                for unit_id in range(1, device_count + 1)
            ]
            gates = [PolledGate(bus, one) for one in settings]
            self.gates.append(gates)
            self.tasks.append(
                [
                    DeviceTask(f"gate-{i}", gate, Deaf(), bus=bus, poll_interval_s=0.0)
                    for i, gate in enumerate(gates)
                ]
            )

    @property
    def polls(self) -> int:
        """All polls that were answered."""
        return sum(gate.polls for gates in self.gates for gate in gates)

    async def __aenter__(self) -> "Site":
        """Poll everything."""
        self._running = [asyncio.create_task(task.run()) for tasks in self.tasks for task in tasks]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for bus in self.buses:
            await bus.close()

    async def until_all_polled(self) -> None:
        """Return when every gate was read twice."""
        async with asyncio.timeout(STARTING_S_MAX):
            while any(gate.polls < 2 for gates in self.gates for gate in gates):  # noqa: ASYNC110 - counts
                await asyncio.sleep(0.05)

    async def rate(self, duration_s: float, *, without: int | None = None) -> float:
        """Return how often a gate is read a second, on the first line."""
        gates = [gate for i, gate in enumerate(self.gates[0], start=1) if i != without]
        before, began_s = sum(gate.polls for gate in gates), time.monotonic()
        await asyncio.sleep(duration_s)
        polled = sum(gate.polls for gate in gates) - before
        return polled / len(gates) / (time.monotonic() - began_s)


async def dead_device(far_end: Hardware) -> tuple[float, list[float]]:
    """Return the ratio of cycles with one dead device, and command latencies without it."""
    async with Site(far_end.ports, DEVICE_COUNT, BAUD) as site:
        await site.until_all_polled()
        alive = await site.rate(ALIVE_S, without=DEAD_UNIT)
        latencies = await commands(site)
        far_end.order(f"dead {DEAD_UNIT}")
        await asyncio.sleep(SETTLE_S)
        dead = await site.rate(DEAD_S, without=DEAD_UNIT)
        far_end.order("alive")
    return alive / dead, latencies


async def commands(site: Site) -> list[float]:
    """Return how long it takes a gate to confirm a command while all are polled, sorted."""
    dice = random.Random(1)  # noqa: S311 - repeatable on purpose
    latencies = []
    for _ in range(COMMAND_COUNT):
        await asyncio.sleep(dice.uniform(0.0, 0.1))
        task = dice.choice(site.tasks[0])
        began_s = time.monotonic()
        await task.access(Side.IN)
        latencies.append(time.monotonic() - began_s)
    return sorted(latencies)


async def dead_device_of_pymodbus(far_end: Hardware) -> float:
    """Return the same ratio for a plain client that reads one device after the other.

    Its time-out is as short as ours; its retries are its own default, 3.
    """
    client = AsyncModbusSerialClient(far_end.ports[0], baudrate=BAUD, timeout=0.25)
    await client.connect()

    async def cycle_s(cycles: int) -> float:
        began_s = time.monotonic()
        for _ in range(cycles):
            for unit_id in range(1, DEVICE_COUNT + 1):
                with contextlib.suppress(Exception):  # a loop that goes on, as people write it
                    await client.read_input_registers(0, count=8, device_id=unit_id)
        return (time.monotonic() - began_s) / cycles

    try:
        alive_s = await cycle_s(5)
        far_end.order(f"dead {DEAD_UNIT}")
        return await cycle_s(5) / alive_s
    finally:
        far_end.order("alive")
        client.close()


class WireTime:
    """A tap that adds up how long the bytes of all exchanges are on the wire."""

    def __init__(self, bus: Bus, baudrate: int) -> None:
        self.busy_s = 0.0
        self._character_s = BITS_PER_CHARACTER / baudrate
        their_silence_s = 3.5 * self._character_s if baudrate <= 19200 else 0.00175
        self._silence_s = bus.silence_s + their_silence_s

    def __call__(self, at_s: float, *, is_sent: bool, data: bytes) -> None:
        """See ``bus.Tap``."""
        self.busy_s += len(data) * self._character_s + (self._silence_s if is_sent else 0.0)


async def utilisation(far_end: Hardware, baudrate: int) -> float:
    """Return the share of time in which the line is used, or silent as it must be."""
    async with Site(far_end.ports, DEVICE_COUNT, baudrate) as site:
        await site.until_all_polled()
        wire = WireTime(site.buses[0], baudrate)
        began_s = time.monotonic()
        site.buses[0].tap(wire)
        await asyncio.sleep(UTILISATION_S)
        return wire.busy_s / (time.monotonic() - began_s)


async def load(far_end: Hardware) -> tuple[float, float]:
    """Return the cores that this process needs for all lines, and polls a second."""
    async with Site(far_end.ports, LOAD_DEVICES, BAUD) as site:
        await site.until_all_polled()
        polls, cpu_s, began_s = site.polls, time.process_time(), time.monotonic()
        await asyncio.sleep(LOAD_S)
        elapsed_s = time.monotonic() - began_s
        return (time.process_time() - cpu_s) / elapsed_s, (site.polls - polls) / elapsed_s


def measure(exchanges: int, osdp_minutes: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the whole result; ``tell`` is told what begins."""
    result: dict[str, Any] = {"machine": describe_machine()}
    tell("32 devices, one dead: ours")
    with hardware(1, DEVICE_COUNT, BAUD) as far_end:
        ratio, latencies = asyncio.run(dead_device(far_end))
    tell("32 devices, one dead: pymodbus in a loop")
    with hardware(1, DEVICE_COUNT, BAUD) as far_end:
        peer_ratio = asyncio.run(dead_device_of_pymodbus(far_end))
    result["dead_device_cycle_ratio"] = round(ratio, 3)
    result["dead_device_cycle_ratio_peer"] = round(peer_ratio, 2)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        at = min(len(latencies) - 1, int(share * len(latencies)))
        result[f"command_behind_poll_{name}_ms"] = round(latencies[at] * 1000, 1)
    result["utilisation"] = {}
    for baudrate in (9600, 19200, 115_200):
        tell(f"utilisation at {baudrate} baud")
        with hardware(1, DEVICE_COUNT, baudrate) as far_end:
            share = asyncio.run(utilisation(far_end, baudrate))
        result["utilisation"][str(baudrate)] = round(share, 3)
    tell(f"{LOAD_LINES} lines x {LOAD_DEVICES} devices")
    with hardware(LOAD_LINES, LOAD_DEVICES, BAUD) as far_end:
        cores, polls = asyncio.run(load(far_end))
    result |= {"cores_of_64_lines": round(cores, 2), "polls_per_s_of_64_lines": round(polls)}
    tell("wrong values")
    result["exchanges"] = exchanges
    result["wrong_values"] = asyncio.run(_counted(wrong_values(exchanges)))
    result["exchanges_peer"] = PEER_EXCHANGES
    ours, peer = asyncio.run(_wrong_values_on_ptys())
    result |= {"wrong_values_on_a_pty": ours, "wrong_values_peer": peer}
    tell("OSDP cards on a noisy line: ours, and libosdp alone beside it")
    result |= {"osdp_minutes": osdp_minutes, **osdp(osdp_minutes)}
    tell("GB/T 26875.3 frames among damaged ones")
    result["gbt26875_recovered"] = recovered_share()
    return result


def osdp(minutes: float) -> dict[str, Any]:
    """Return the figures of our reader and of libosdp alone, each on its own line at one time.

    Both wait for paced lines nearly all the time. The peer has a process of its own, because
    libosdp keeps the interpreter while it works.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        alone = beside.submit(osdp_cards.run_peer, minutes)
        ours = osdp_cards.run(minutes)
        peer = alone.result()
    return {
        "osdp": ours,
        "osdp_peer": peer,
        "osdp_cards_lost": ours["cards_lost"],
        "osdp_cards_lost_peer": peer["cards_lost"],
    }


async def _wrong_values_on_ptys() -> tuple[int, int]:
    """Return ours and the peer's, each on its own pseudo-terminal at one time."""
    return await asyncio.gather(
        wrong_values_on_a_pty(PTY_EXCHANGES), wrong_values_of_pymodbus(PEER_EXCHANGES)
    )


async def _counted(work: Awaitable[int]) -> int:
    return await work


def table(result: dict[str, Any]) -> Table:
    """Return the result for people."""
    rows = Table("", "ours", "peer", "goal", caption="peer: pymodbus in a loop; libosdp alone")
    use = result["utilisation"]
    rows.add_row(
        "cycle with 1 of 32 devices dead",
        f"{result['dead_device_cycle_ratio']} x",
        f"{result['dead_device_cycle_ratio_peer']} x",
        "<= 1.2 x",
    )
    rows.add_row(
        "command confirmed while 32 are polled, p99",
        f"{result['command_behind_poll_p99_ms']} ms",
        "",
        "<= 150 ms",
    )
    for baudrate, goal in (("9600", "95"), ("19200", "95"), ("115200", "85")):
        rows.add_row(f"wire used at {baudrate} baud", f"{use[baudrate]:.1%}", "", f">= {goal} %")
    rows.add_row(
        f"wrong values in {result['exchanges']:,} exchanges (peer: {result['exchanges_peer']:,})",
        str(result["wrong_values"]),
        str(result["wrong_values_peer"]),
        "0",
    )
    rows.add_row(
        f"OSDP cards lost in {result['osdp_minutes']} min, 2 % damaged",
        *(f"{result[of]['cards_lost']} of {result[of]['cards_shown']}" for of in OSDP_FIGURES),
        "0",
    )
    rows.add_row("GB/T 26875.3 frames recovered", f"{result['gbt26875_recovered']:.1%}", "", "all")
    rows.add_row("64 lines x 16 devices", f"{result['cores_of_64_lines']} cores", "", "<= 1")
    return rows


def main() -> None:
    """Measure, print a table, write the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=EXCHANGES)
    parser.add_argument("--osdp-minutes", type=float, default=2.0)
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # the peer's complaints, line by line
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        task = progress.add_task("starting", total=STEPS)

        def tell(text: str) -> None:
            progress.update(task, description=text, advance=1)

        result = measure(given.exchanges, given.osdp_minutes, tell)
    Console().print(table(result))
    write_json(given.json, result)


if __name__ == "__main__":
    main()
