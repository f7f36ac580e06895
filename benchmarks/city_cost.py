"""What one request of a terminal costs a city: processor time of replicas and of PostgreSQL.

``python -m benchmarks.city_cost --sites 4 --nodes 5 --seconds 20 --json FILE``. Two replicas, a
console a site, every terminal's stream open. Requests come one at a time, from another site each,
so nothing is shared between them; what the same time costs at rest is taken off. Processor time is
compared and not waiting, so a busy machine disturbs little.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.city_node import CityNode, Told
from benchmarks.city_site import City
from benchmarks.measure import write_json
from config.demo.report import describe_machine

SETTLE_S: Final = 10.0
"""After the start; what a process does once is not what it costs at rest."""
CENTRAL: Final = ("central_0", "central_1")
Ask = Callable[[CityNode], Awaitable[object]]


class Cost:
    """One run."""

    def __init__(self, city: City, *, seconds: float, rate: float, has_consoles: bool) -> None:
        self._city, self._seconds, self._rate = city, seconds, rate
        self._has_consoles = has_consoles

    async def whole(self) -> dict[str, Any]:
        """Return what each kind of request costs."""
        nodes = await self._city.enrol(Told())
        nodes = [node for turn in _by_turns(nodes, len(self._city.towns)) for node in turn]
        consoles = self._city.consoles() if self._has_consoles else []
        runs = [*(each.run() for each in consoles), *(node.follow() for node in nodes)]
        tasks = [asyncio.ensure_future(run) for run in runs]
        try:
            await self._ask(nodes, _event, seconds=2.0)
            await asyncio.sleep(SETTLE_S)
            rest = await self._spent(asyncio.sleep(self._seconds))
            kinds: dict[str, Ask] = {"event": _event, "report": CityNode.report}
            found = {
                name: await self._spent(self._ask(nodes, ask, seconds=self._seconds))
                for name, ask in {**kinds, "question": CityNode.ask_for_people}.items()
            }
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        result: dict[str, Any] = {"rest_cores": _cores(rest)}
        for name, spent in found.items():
            result[name] = _each(spent, rest)
        return result

    async def _spent(self, work: Awaitable[int | None]) -> dict[str, float]:
        cpu_s, began_s, count = self._city.cpu_s(), time.monotonic(), self._transactions()
        asked = await work
        took_s = time.monotonic() - began_s
        spent = {who: now_s - cpu_s[who] for who, now_s in self._city.cpu_s().items()}
        spent["transactions"] = self._transactions() - count
        return {**spent, "seconds": took_s, "requests": asked or 0}

    async def _ask(self, nodes: list[CityNode], ask: Ask, *, seconds: float) -> int:
        began_s = time.monotonic()
        for count, node in enumerate(itertools.cycle(nodes)):
            await asyncio.sleep(max(0.0, began_s + count / self._rate - time.monotonic()))
            if time.monotonic() >= began_s + seconds:
                return count
            await ask(node)
        raise RuntimeError("there is no terminal")

    def _transactions(self) -> int:
        with psycopg.connect(self._city.database) as connection:
            query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
            return int((connection.execute(query).fetchone() or (0,))[0])


async def _event(node: CityNode) -> None:
    node.happen()
    await node.tell()


def _by_turns(nodes: list[CityNode], sites: int) -> list[tuple[CityNode, ...]]:
    """Return one node of each site after another."""
    per_site = len(nodes) // sites
    towns = [nodes[at : at + per_site] for at in range(0, len(nodes), per_site)]
    return list(zip(*towns, strict=True))


def _cores(spent: dict[str, float]) -> dict[str, float]:
    return {who: round(spent[who] / spent["seconds"], 4) for who in (*CENTRAL, "postgresql")}


def _each(spent: dict[str, float], rest: dict[str, float]) -> dict[str, float]:
    share, count = spent["seconds"] / rest["seconds"], max(1.0, spent["requests"])
    each = {who: (spent[who] - rest[who] * share) / count for who in spent}
    return {
        "requests": spent["requests"],
        "central_ms": round(sum(each[who] for who in CENTRAL) * 1000, 2),
        "postgresql_ms": round(each["postgresql"] * 1000, 2),
        "transactions": round(each["transactions"], 2),
    }


async def measure(
    *, sites: int, nodes: int, seconds: float, rate: float, has_consoles: bool
) -> dict[str, Any]:
    """Run the benchmark; returns its figures."""
    with tempfile.TemporaryDirectory(prefix="menshen-cost-") as folder:
        city = City(Path(folder), sites=sites, nodes=nodes, replicas=2, status_interval_s=20)
        async with city.at_work():
            cost = Cost(city, seconds=seconds, rate=rate, has_consoles=has_consoles)
            found = await cost.whole()
    given = {"sites": sites, "nodes": nodes, "has_consoles": has_consoles}
    return {**given, **found, "machine": describe_machine()}


def main() -> None:
    """Read the arguments, run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--nodes", type=int, default=5, help="per site")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each kind, and at rest")
    parser.add_argument("--rate", type=float, default=30.0, help="requests a second at the most")
    parser.add_argument("--no-consoles", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = asyncio.run(
        measure(
            sites=given.sites,
            nodes=given.nodes,
            seconds=given.seconds,
            rate=given.rate,
            has_consoles=not given.no_consoles,
        )
    )
    write_json(given.json, result)
    print(result)


if __name__ == "__main__":
    main()
