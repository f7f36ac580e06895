"""What sites cost where nothing happens: the processor time of a central process that hosts them.

``python -m benchmarks.idle --sites 20 --seconds 60 --json FILE``. PostgreSQL and central are
processes of their own; nobody signs in, no terminal has joined, no page is open.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.city_site import City
from benchmarks.measure import write_json
from config.demo.report import describe_machine

SETTLE_S: Final = 20.0
"""After the start; what a process does once is not what it costs at rest."""


async def measure(*, sites: int, seconds: float) -> dict[str, Any]:
    """Return what a process with so many sites needs of a core, and PostgreSQL with it."""
    with tempfile.TemporaryDirectory(prefix="menshen-idle-") as folder:
        city = City(Path(folder), sites=sites, nodes=0, replicas=1, status_interval_s=20)
        async with city.at_work():
            await asyncio.sleep(SETTLE_S)
            before = city.cpu_s()
            await asyncio.sleep(seconds)
            spent = {who: city.cpu_s()[who] - before[who] for who in ("central_0", "postgresql")}
            memory_mb = city.replicas[0].resident_mb()
    return {
        "sites": sites,
        "seconds": seconds,
        "central_cpu_s": round(spent["central_0"], 2),
        "postgresql_cpu_s": round(spent["postgresql"], 2),
        "central_share_of_a_core_per_site": round(spent["central_0"] / seconds / sites, 5),
        "resident_mb": memory_mb,
        "machine": describe_machine(),
    }


def main() -> None:
    """Read the arguments, run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    result = asyncio.run(measure(sites=given.sites, seconds=given.seconds))
    write_json(given.json, result)
    print(result)


if __name__ == "__main__":
    main()
