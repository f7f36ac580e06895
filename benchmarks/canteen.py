"""The canteen: postings a second with everything on that guards the ledger; a face until *paid*.

``uv run python -m benchmarks.canteen --json FILE``.
"""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.canteen_face import measure_face_to_paid
from benchmarks.canteen_postings import SIZES, measure_postings
from benchmarks.measure import write_json
from config.demo.report import describe_machine


def show(result: dict[str, Any]) -> None:
    """Print what was measured."""
    table = Table("", "SQLite, one process", "PostgreSQL, two replicas", "goal")
    for label, name, goal in (
        ("postings a second, 100 in a transaction", "postings_per_s", ">= 1,000 / >= 2,000"),
        ("two in a transaction, 16 at once", "single_per_s", ""),
    ):
        both = [f"{result[name][kind]:,}" for kind in ("sqlite", "postgresql")]
        table.add_row(label, *both, goal)
    for size in map(str, SIZES):
        both = [
            f"{result[name][size]:,}" for name in ("accounts_curve", "accounts_curve_postgresql")
        ]
        table.add_row(f"{int(size):,} accounts, one process", *both, "flat within 20 %")
    console = Console()
    console.print(table)
    times, sold = result["face_to_paid_p95_ms"], result["face_to_paid"]
    console.print(
        f"a face until paid, p95: {times['online']} ms with central (goal 400),"
        f" {times['offline']} ms without (300); {sold['paid']} of {sold['asked']} paid"
    )
    console.print(f"all invariants hold: {result['is_whole']}; {result['machine']}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.canteen", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    result = {**measure_face_to_paid(), **measure_postings(), "machine": describe_machine()}
    show(result)
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
