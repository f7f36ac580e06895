"""Fuzz every codec for a bounded time: ``python -m tests.fuzz [--seconds N] [TARGET ...]``.

Prints a line per target and fails if one let anything but ``FrameError`` out; the input that did it
is kept in the folder that the line names.
"""

import argparse
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from tests.fuzz import target_names

PARALLEL = 2
STARTING_S = 120


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


def main() -> int:
    """Fuzz; returns how many targets failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    folder = Path(mkdtemp(prefix="menshen-fuzz-"))
    names = given.targets or target_names()
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda name: fuzz(name, given.seconds, folder), names))
    for _, line in found:
        print(line)  # noqa: T201 - a command
    return sum(not held for held, _ in found)


if __name__ == "__main__":
    sys.exit(min(main(), 100))
