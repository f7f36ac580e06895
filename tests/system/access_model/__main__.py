"""``python -m tests.system.access_model --histories N --seed S --json``: both models, compared.

Prints ``{"histories", "disagreements", "rules_covered"}``; exit 0 only without a disagreement.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from rich.console import Console
from rich.progress import track

from tests.system.access_model.comparison import PER_SITE, RULES, Findings, compare

CHUNK = 40 * PER_SITE
SHOWN_MAX = 5


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.system.access_model", description=__doc__
    )
    parser.add_argument("--histories", type=_count, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=_count, default=1)
    parser.add_argument("--json", action="store_true", help="one line for machines")
    options = parser.parse_args()
    found = Findings()
    chunks = -(-options.histories // CHUNK)
    errors = Console(stderr=True)
    for part in track(
        _parts(options.histories, options.seed, options.processes),
        total=chunks,
        console=errors,
        disable=options.json,
    ):
        found.add(part)
    for each in found.disagreements[:SHOWN_MAX]:
        errors.print(f"seed {each.seed}, history {each.history}: {each.text}", markup=False)
    if missing := sorted(RULES - found.rules_covered):
        errors.print(f"not come across, run more histories: {', '.join(missing)}", markup=False)
    answer = {
        "histories": found.histories,
        "disagreements": len(found.disagreements),
        "rules_covered": sorted(found.rules_covered),
    }
    if options.json:
        print(json.dumps(answer))  # noqa: T201  # the answer
    else:
        Console().print(
            f"{found.histories} histories, {len(found.disagreements)} disagreements,"
            f" {len(found.rules_covered)} rules covered"
        )
    return 1 if found.disagreements else 0


def _parts(histories: int, seed: int, processes: int) -> Iterator[Findings]:
    starts = range(0, histories, CHUNK)
    counts = [min(CHUNK, histories - start) for start in starts]
    if processes == 1:
        yield from (compare(seed, first=s, count=c) for s, c in zip(starts, counts, strict=True))
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_compare, [seed] * len(counts), starts, counts)


def _compare(seed: int, first: int, count: int) -> Findings:
    return compare(seed, first=first, count=count)


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("give at least 1")
    return count


if __name__ == "__main__":
    sys.exit(main())
