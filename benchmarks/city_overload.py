"""What replicas serve when they are asked for more than they can: does it stay, or break down?

``python -m benchmarks.city_overload --sites 4 --nodes 50 --seconds 20 --json FILE``. Terminals have
an event in 10 s at first, and in each phase twice as many as in the one before. Counted are answers
that came while the terminal still waited for them (10 s), and those that told it to come again.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import uvloop

from benchmarks.city import percentile
from benchmarks.city_node import EVENT_INTERVAL_S, Told
from benchmarks.city_site import City
from benchmarks.measure import write_json
from config.demo.report import describe_machine

PHASES: Final = 7
BEGIN_S: Final = 5.0
AWAY: Final = ("429", "503")


async def measure(*, sites: int, nodes: int, seconds: float) -> dict[str, Any]:
    """Run the benchmark; returns what was served in each phase."""
    told, phases = Told(), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory(prefix="menshen-overload-") as folder:
        city = City(Path(folder), sites=sites, nodes=nodes, replicas=2, status_interval_s=20)
        async with city.at_work():
            terminals = await city.enrol(told)
            consoles = city.consoles()
            runs = [*(node.run(within_s=BEGIN_S) for node in terminals)]
            tasks = [asyncio.ensure_future(run) for run in (*runs, *(c.run() for c in consoles))]
            await asyncio.sleep(2 * BEGIN_S)
            try:
                for number in range(PHASES):
                    told.event_interval_s = EVENT_INTERVAL_S / 2**number
                    phases.append(await _phase(told, city, len(terminals), seconds))
                    print(phases[-1], flush=True)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    capacity = max(each["served_per_s"] for each in phases)
    return {
        "phases": phases,
        "most_served_per_s": capacity,
        "served_at_last_of_most": round(phases[-1]["served_per_s"] / capacity, 2),
        "machine": describe_machine(),
    }


async def _phase(told: Told, city: City, count: int, seconds: float) -> dict[str, Any]:
    answers, acknowledged, told_before = told.answers.copy(), told.acknowledged, len(told.told_ms)
    cpu_s, began_s = city.cpu_s(), time.monotonic()
    await asyncio.sleep(seconds)
    took_s = time.monotonic() - began_s
    came = told.answers - answers
    away = sum(number for what, number in came.items() if what.endswith(AWAY))
    return {
        "events_per_s": round(count / told.event_interval_s, 1),
        "acknowledged_per_s": round((told.acknowledged - acknowledged) / took_s, 1),
        "served_per_s": round((came.total() - away) / took_s, 1),
        "sent_away_per_s": round(away / took_s, 1),
        "acknowledged_p95_ms": percentile(told.told_ms[told_before:], 0.95),
        "cores": {
            who: round((spent - cpu_s[who]) / took_s, 2) for who, spent in city.cpu_s().items()
        },
    }


def main() -> None:
    """Read the arguments, run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--nodes", type=int, default=50, help="per site")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = uvloop.run(measure(sites=given.sites, nodes=given.nodes, seconds=given.seconds))
    write_json(given.json, result)
    print({name: value for name, value in result.items() if name != "phases"})


if __name__ == "__main__":
    main()
