"""Every driver with every fault that can be survived, against its simulator; minutes, not a test.

``python -m tests.drivers.fault_matrix [DRIVER ...]`` prints a table and fails if one did not.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track
from rich.table import Table

from drivers.conformance.suite import conformance_report, failures
from drivers.registry import names
from drivers.simulators.line import FAULTS

SURVIVABLE = sorted(kind for kind, fault in FAULTS.items() if fault.is_survivable)
PARALLEL = 8


def main(drivers: list[str]) -> int:
    """Run; returns how many runs failed."""
    pairs = [(driver, kind) for driver in drivers or names() for kind in SURVIVABLE]
    with TemporaryDirectory(prefix="menshen-") as folder, ThreadPoolExecutor(PARALLEL) as pool:
        made = pool.map(lambda pair: _run(Path(folder), *pair), pairs)
        progress = track(made, total=len(pairs), console=Console(stderr=True))
        found = dict(zip(pairs, progress, strict=True))
    table = Table("driver", *SURVIVABLE)
    for driver in drivers or names():
        table.add_row(driver, *("FAILED" if found[driver, k] else "ok" for k in SURVIVABLE))
    console = Console(width=40 + 12 * len(SURVIVABLE))
    console.print(table)
    for (driver, kind), why in found.items():
        for line in why:
            console.print(f"{driver} under {kind}: {line}", markup=False)
    return sum(bool(why) for why in found.values())


def _run(folder: Path, driver: str, kind: str) -> list[str]:
    place = folder / f"{driver}-{kind}"
    place.mkdir()
    return failures(conformance_report(driver, folder=place, faults={kind: None}))


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 100))
