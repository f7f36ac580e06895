"""A city's terminals against central's replicas: live, a replica killed, storms, a day's backlog.

``python -m benchmarks.city --sites 87 --nodes 50 --minutes 2 --json FILE``. PostgreSQL, each
replica and the proxy in front are processes of their own; the terminals are light clients in this
one (``city_node``). At the end SQL says whether each event that was acknowledged is held once.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import math
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from benchmarks.city_console import CityConsole
from benchmarks.city_node import CityNode, Told
from benchmarks.city_site import City
from benchmarks.measure import write_json
from config.demo.report import describe_machine

BACKLOG_NODES: Final = 87
BACKLOG_EVENTS: Final = 8_640
STORM_EVENTS: Final = 20
ALARMS: Final = 5
"""Of every terminal of the city at once."""
BEHIND_S_MAX: Final = 2.0
OFF_S: Final = 30.0
"""So long a site is cut off, and then central is off for all."""
SETTLE_S: Final = 120.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run. Attributes: nodes: per site. backlog: events of each node that was cut off."""

    sites: int
    nodes: int
    replicas: int
    minutes: float
    backlog_nodes: int
    backlog: int
    status_interval_s: int


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that so large a share does not exceed; None of nothing."""
    ordered = sorted(values)
    return round(ordered[math.ceil(share * len(ordered)) - 1], 1) if ordered else None


class Run:
    """One run of the benchmark."""

    def __init__(self, plan: Plan, city: City) -> None:
        self._plan, self._city, self._told = plan, city, Told()
        self._nodes: list[CityNode] = []
        self._consoles: list[CityConsole] = []
        self._result: dict[str, Any] = {}

    async def whole(self) -> dict[str, Any]:
        """Run every phase; returns the figures."""
        began_s = time.monotonic()
        self._nodes = await self._city.enrol(self._told)
        self._say(f"{len(self._nodes)} nodes have joined in {time.monotonic() - began_s:.0f} s")
        async with self._living():
            await self._phase("connect", until=self._are_connected)
            await self._phase("live", seconds=self._plan.minutes * 30)
            self._city.kill_replica()
            await self._phase("killed", seconds=self._plan.minutes * 30)
            await self._phase("back", until=self._are_connected)
            await self._storm()
            await self._alarms()
            await self._cut()
            await self._off()
            await self._backlog()
            for node in self._nodes:
                node.is_ending = True
            await self._phase("settle", until=self._is_all_told)
        self._result |= await asyncio.to_thread(self._counted)
        return self._result

    @contextlib.asynccontextmanager
    async def _living(self) -> AsyncIterator[None]:
        self._consoles = self._city.consoles()
        tasks = [asyncio.ensure_future(each.run()) for each in self._consoles]
        tasks += [asyncio.ensure_future(node.run(within_s=10.0)) for node in self._nodes]
        for task in tasks:
            task.add_done_callback(_complain)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _are_connected(self) -> bool:
        return self._told.streams == len(self._nodes)

    def _is_all_told(self) -> bool:
        return self._told.acknowledged >= self._told.made

    async def _storm(self) -> None:
        for node in self._nodes:
            for _ in range(STORM_EVENTS if node in self._nodes[::10] else 0):
                node.happen()
        await self._phase("storm", until=self._holds_what_happened())

    async def _alarms(self) -> None:
        """Let doors be forced everywhere at once: a flood for every guard."""
        for node in self._nodes:
            for _ in range(ALARMS):
                node.alarm()
        await self._phase("alarms", until=self._holds_what_happened())

    async def _cut(self) -> None:
        """Cut one site off, and mend it."""
        town = self._nodes[: self._plan.nodes]
        for node in town:
            node.cut(off=True)
        await self._phase("site_cut", seconds=OFF_S)
        for node in town:
            node.cut(off=False)
        await self._phase("site_back", until=self._is_caught_up)

    async def _off(self) -> None:
        """Let central be off for all, and the herd come back."""
        await self._city.stop_all()
        await self._phase("off", seconds=OFF_S)
        began_s = time.monotonic()
        await self._city.start_again()
        self._result["restart_s"] = round(time.monotonic() - began_s, 1)
        await self._phase("herd", until=self._is_caught_up)

    def _is_caught_up(self) -> bool:
        return self._are_connected() and self._is_told()

    def _holds_what_happened(self) -> Callable[[], bool]:
        """Return whether central holds as much as has happened until now."""
        made = self._told.made
        return lambda: self._told.acknowledged >= made

    def _is_told(self) -> bool:
        return all(node.behind_s < BEHIND_S_MAX for node in self._nodes)

    async def _backlog(self) -> None:
        step = max(1, len(self._nodes) // self._plan.backlog_nodes)
        behind = self._nodes[::step][: self._plan.backlog_nodes]
        for node in behind:
            node.add_backlog(self._plan.backlog, span=timedelta(days=1))
        telling = asyncio.gather(*(node.tell_backlog() for node in behind))
        await self._phase("backlog", until=telling.done, patience_s=1800.0)
        await telling

    async def _phase(
        self,
        name: str,
        *,
        seconds: float = 0.0,
        until: Callable[[], bool] = lambda: True,
        patience_s: float = SETTLE_S,
    ) -> None:
        told, consoles = self._told, self._consoles
        told_before, seen_before = len(told.told_ms), [len(c.late_ms) for c in consoles]
        cpu_s, began_s = self._city.cpu_s(), time.monotonic()
        answers, acknowledged = told.answers.copy(), told.acknowledged
        await asyncio.sleep(seconds)
        while not until() and time.monotonic() < began_s + patience_s:  # noqa: ASYNC110 - counts of many nodes
            await asyncio.sleep(0.05)
        took_s = time.monotonic() - began_s
        late = [ms for c, b in zip(consoles, seen_before, strict=True) for ms in c.late_ms[b:]]
        figures: dict[str, Any] = {
            "seconds": round(took_s, 1),
            "is_reached": until(),
            "events_per_s": round((told.acknowledged - acknowledged) / took_s, 1),
            "acknowledged_p50_ms": percentile(told.told_ms[told_before:], 0.5),
            "acknowledged_p95_ms": percentile(told.told_ms[told_before:], 0.95),
            "acknowledged_p99_ms": percentile(told.told_ms[told_before:], 0.99),
            "to_console_p50_ms": percentile(late, 0.5),
            "to_console_p95_ms": percentile(late, 0.95),
            "to_console_p99_ms": percentile(late, 0.99),
            "deaf_consoles": sum(
                len(c.late_ms) == b for c, b in zip(consoles, seen_before, strict=True)
            ),
            "answers_per_s": {
                what: round(count / took_s, 1) for what, count in (told.answers - answers).items()
            },
            "cores": {
                who: round(max(0.0, spent - cpu_s[who]) / took_s, 2)
                for who, spent in self._city.cpu_s().items()
            },
        }
        if name == "live":
            figures["resident_mb"] = [each.resident_mb() for each in self._city.replicas]
        self._result[name] = figures
        self._say(f"{name}: {figures}")

    def _counted(self) -> dict[str, Any]:
        acknowledged = {
            (str(node.epoch), *place) for node in self._nodes for place in node.acknowledged
        }
        held, ids = list[tuple[str, str, int]](), 0
        with psycopg.connect(self._city.database) as connection:
            for town in self._city.towns:
                connection.execute(f"SET search_path = {town.schema or 'public'}".encode())
                held += connection.execute("SELECT epoch, event_class, sequence FROM events")
                found = connection.execute("SELECT count(DISTINCT body::json->>'id') FROM events")
                ids += int((found.fetchone() or (0,))[0])
        live = self._result
        return {
            "nodes": len(self._nodes),
            "sites": self._plan.sites,
            "replicas": self._plan.replicas,
            "replica_killed": not self._city.replicas[0].is_running,
            "events": self._told.made,
            "acknowledged": len(acknowledged),
            "lost": len(acknowledged - set(held)),
            "duplicated": len(held) - len(set(held)) + len(held) - ids,
            "to_console_p99_ms": max(
                live[name]["to_console_p99_ms"] or math.inf for name in ("live", "killed")
            ),
            "backlog_live_p95_ms": live["backlog"]["to_console_p95_ms"],
            "alarms_p95_ms": live["alarms"]["to_console_p95_ms"],
            "site_cut_p95_ms": live["site_cut"]["to_console_p95_ms"],
            "herd_s": live["herd"]["seconds"] if live["herd"]["is_reached"] else None,
            "restart_s": live["restart_s"],
            "console_repeated": sum(each.repeated for each in self._consoles),
            "deaf_consoles": live["killed"]["deaf_consoles"],
            "console_refusals": dict(sum((c.refusals for c in self._consoles), Counter())),
            "status_interval_s": self._told.status_interval_s,
            "machine": describe_machine(),
        }

    @staticmethod
    def _say(line: str) -> None:
        print(line, flush=True)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        print("ended:", repr(task.exception()), flush=True)


async def measure(plan: Plan) -> dict[str, Any]:
    """Run the benchmark; returns its figures."""
    with tempfile.TemporaryDirectory(prefix="menshen-city-") as folder:
        city = City(
            Path(folder),
            sites=plan.sites,
            nodes=plan.nodes,
            replicas=plan.replicas,
            status_interval_s=plan.status_interval_s,
        )
        async with city.at_work():
            return await Run(plan, city).whole()


def main() -> None:
    """Read the arguments, run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=87)
    parser.add_argument("--nodes", type=int, default=50, help="per site")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=2.0, help="live, half after the kill")
    parser.add_argument("--backlog-nodes", type=int, default=BACKLOG_NODES)
    parser.add_argument("--backlog", type=int, default=BACKLOG_EVENTS, help="events of each")
    parser.add_argument("--status-interval", type=int, default=20, help="of nodes, in seconds")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    plan = Plan(
        sites=given.sites,
        nodes=given.nodes,
        replicas=given.replicas,
        minutes=given.minutes,
        backlog_nodes=given.backlog_nodes,
        backlog=given.backlog,
        status_interval_s=given.status_interval,
    )
    result = uvloop.run(measure(plan))
    write_json(given.json, result)
    print({name: value for name, value in result.items() if not isinstance(value, dict)})


if __name__ == "__main__":
    main()
