"""Updates of controller boards that something happens to, a fleet with broken ones, and the line.

``python -m benchmarks.firmware --updates 1000 --seed 1 --json firmware.json``
"""

import argparse
import contextlib
import io
import logging
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress

from benchmarks.firmware_faults import Tally, unlucky_update
from benchmarks.firmware_fleet import Halt, halts
from benchmarks.firmware_line import line_utilisation, safe_state_error_ratio
from benchmarks.measure import write_json
from config.demo.report import describe_machine

FLEET_SIZE: Final = 200
PLACINGS: Final = ((0, 90, 150), (7, 90, 150), (60, 120, 190))
"""Three broken boards of 200: the first of them in each of the three stages."""


def unlucky_updates(count: int, seed: int, *, progress: Progress | None = None) -> Tally:
    """Make so many updates that something happens to."""
    tally = Tally()
    task = None if progress is None else progress.add_task("updates", total=count)
    for number in range(count):
        with contextlib.redirect_stdout(io.StringIO()):  # imgtool says what it does
            unlucky_update(f"{seed}/{number}", tally)
        if progress is not None and task is not None:
            progress.advance(task)
    return tally


def document(tally: Tally, utilisation: float, error_ratio: float) -> dict[str, Any]:
    """Return what is written."""
    return {
        "updates": tally.updates,
        "faults": tally.faults,
        "unbootable": tally.unbootable,
        "accepted_unsigned": tally.accepted_unsigned,
        "accepted_downgrade": tally.accepted_downgrade,
        "accepted_foreign": tally.accepted_foreign,
        "line_utilisation": round(utilisation, 4),
        "safe_state_error_ratio": round(error_ratio, 4),
        "machine": describe_machine(),
    }


def halt_in_words(halt: Halt) -> str:
    """Return where a roll-out halted."""
    return (
        f"fleet of {FLEET_SIZE}, 3 broken: halts in stage {halt.stage} with {halt.confirmed_count}"
        f" confirmed, {halt.failed_count} gone back, {halt.not_begun_count} not begun:"
        f" {'where it must' if halt.is_where_it_must else 'NOT WHERE IT MUST'}"
    )


def main() -> None:
    """Measure, print, write the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    logging.getLogger("drivers").setLevel(logging.CRITICAL)  # lines that are lost on purpose
    with contextlib.redirect_stdout(io.StringIO()):
        utilisation, error_ratio = line_utilisation(), safe_state_error_ratio()
    with Progress(console=Console(stderr=True)) as progress:
        tally = unlucky_updates(given.updates, given.seed, progress=progress)
        task = progress.add_task("fleets", total=len(PLACINGS))
        found: list[Halt] = []
        for placing in PLACINGS:
            with contextlib.redirect_stdout(io.StringIO()):
                found += halts(FLEET_SIZE, [placing])
            progress.advance(task)
    result = document(tally, utilisation, error_ratio)
    for name, value in result.items():
        print(f"{name:24} {value}")
    print(f"unfinished in the end    {tally.unfinished}")
    print(f"kept although broken     {tally.broken_kept}")
    for halt in found:
        print(halt_in_words(halt))
    write_json(given.json, result)


if __name__ == "__main__":
    main()
