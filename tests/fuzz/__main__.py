"""Fuzz every codec for a bounded time: ``python -m tests.fuzz [--seconds N] [TARGET ...]``.

Prints a line per target and fails if one let anything but ``FrameError`` out; the input that did it
is kept in the folder that the line names. The target ``storm`` attacks the site link of running
nodes, with a real fire now and then: ``python -m tests.fuzz --hours 2 --seed 1 storm``.
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from rich.progress import Progress

from tests.fuzz import target_names
from tests.fuzz.storm import Storm, storm

PARALLEL = 2
STARTING_S = 120
STORM = "storm"


def fuzz(name: str, seconds: int, folder: Path) -> tuple[bool, str]:
    """Return whether a target held, and a line about it."""
    words = [sys.executable, "-m", "tests.fuzz.one", name, str(seconds), str(folder / name)]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=seconds + STARTING_S, check=False
    )
    runs = re.search(r"Done (\d+) runs", done.stderr)
    if done.returncode == 0 and runs is not None:
        return True, f"{name}: {int(runs[1]):,} inputs"
    tail = "\n".join(done.stderr.splitlines()[-25:])
    return False, f"{name}: FAILED, see {folder / name}\n{tail}"


def weather(seconds: float, seed: int) -> tuple[bool, str]:
    """Return whether the site link held, and a line about it."""
    with Progress(transient=True) as bar:
        task = bar.add_task(STORM, total=seconds)

        def tell(found: Storm) -> None:
            text = f"{STORM}: {len(found.release_s)} fires"
            bar.update(task, completed=found.seconds, description=text)

        found = storm(seconds, seed=seed, tell=tell)
    return not found.problems, str(found)


def main() -> int:
    """Fuzz; returns how many targets failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--hours", type=float, help="in place of --seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the storm")
    given = parser.parse_args()
    seconds = given.seconds if given.hours is None else round(given.hours * 3600)
    folder = Path(mkdtemp(prefix="menshen-fuzz-"))
    names = given.targets or [*target_names(), STORM]
    codecs = [name for name in names if name != STORM]
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda name: fuzz(name, seconds, folder), codecs))
    if STORM in names:
        found.append(weather(seconds, given.seed))
    for _, line in found:
        print(line)  # noqa: T201 - a command
    return sum(not held for held, _ in found)


if __name__ == "__main__":
    sys.exit(min(main(), 100))
