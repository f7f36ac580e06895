"""What all benchmarks share: measuring in turn, and one shape of result."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

Work = Callable[[], object]
ELSEWHERE: Final = 10
"""How much less urgent than what is measured is what a site has on other machines."""


def in_turn(works: Sequence[Work], *, rounds: int) -> list[dict[str, float]]:
    """Run works one after the other, round by round; returns min and median of each.

    In turn, because a shared machine drifts: what one suffers the other suffers too.

    Args:
        works: What to time; each ran once before, so caches are warm.
        rounds: How often each is timed.
    """
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for index, work in enumerate(works):
            began_s = time.perf_counter()
            work()
            times[index].append((time.perf_counter() - began_s) * 1000)
    return [{"min": round(min(t), 3), "median": round(median(t), 3)} for t in times]


def ratio(ours: dict[str, float], peer: dict[str, float]) -> float:
    """Return how many times faster ours is, by the medians."""
    return round(peer["median"] / ours["median"], 2)


def write_json(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result, if somewhere was named."""
    if path is not None:
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def give_way(pid: int) -> None:
    """Let a process that a site has on another machine go on when nobody else wants this one's."""
    os.setpriority(os.PRIO_PROCESS, pid, ELSEWHERE)
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():  # it counts there, where sessions are weighed and not processes
        group.write_text(str(ELSEWHERE), encoding="ascii")
