"""A flood of alarms for ``benchmarks.console``: 5,000 in ten seconds, with lives at stake in it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from rich.progress import Progress

from benchmarks.console_pages import Console
from benchmarks.console_site import FEEDERS, BenchSite
from config.contract.events import (
    DeviceLost,
    DoorForcedOpen,
    DoorTampered,
    DuressDetected,
    EventData,
    RefusalsRepeated,
)

FLOOD_COUNT: Final = 5_000
FLOOD_S: Final = 10.0
STEP_S: Final = 0.02
URGENT: Final = 5
"""Duresses in the flood, each behind what its own terminal has to tell."""
PATIENCE_S: Final = 60.0


def fact_of(number: int) -> EventData:
    """Return what happens; each at a place of its own, so that none counts on another's line."""
    makers: tuple[EventData, ...] = (
        DoorForcedOpen(device=f"door-{number}f"),
        RefusalsRepeated(access_point=f"point-{number}f", count=5),
        DeviceLost(device=f"device-{number}f", detail=""),
        DoorTampered(device=f"case-{number}f", active=True),
        RefusalsRepeated(access_point=f"lane-{number}f", count=5),
    )
    return makers[number // len(FEEDERS) % len(makers)]


async def measure_flood(
    site: BenchSite, consoles: Sequence[Console], events: int, bar: Progress
) -> dict[str, Any]:
    """Let the flood come; returns what became of it."""
    urgent = {events * n // (URGENT + 1): f"urgent-{n}f" for n in range(1, URGENT + 1)}
    began_at, task = dict[str, float](), bar.add_task("flood", total=events)
    before = [await console.work() for console in consoles]
    cpu_s, began_s, told = site.central_cpu_s(), time.monotonic(), 0
    while told < events:
        due = min(events, int(events * (time.monotonic() - began_s) / FLOOD_S) + 1)
        for number in range(told, due):
            feeder = site.feeders[number % len(FEEDERS)]
            place, fact = f"place-{number}", fact_of(number)
            if number in urgent:
                place = urgent[number]
                fact = DuressDetected(holder_id="holder", access_point=place)
                began_at[place] = time.time()
            feeder.tell(fact, subject=place)
        told = due
        bar.update(task, completed=told)
        await asyncio.sleep(STEP_S)
    fed_s = time.monotonic() - began_s
    busy = [(await c.work()).shares_since(b) for c, b in zip(consoles, before, strict=True)]
    for feeder in site.feeders:
        await feeder.drained()
    kept_s = time.monotonic() - began_s
    alarms = await _flood_of(site)
    agreed_s = await _until_they_agree(site, consoles, began_s)
    whole = [(await c.work()).shares_since(b) for c, b in zip(consoles, before, strict=True)]
    bar.remove_task(task)
    seen = [await console.seen() for console in consoles]
    ids = {a["subject"]["access_point"]: a["id"] for a in alarms if a["kind"] == "duress"}
    visible = [
        (times[ids[place]] - at) * 1000
        for place, at in began_at.items()
        for times in seen
        if ids.get(place) in times
    ]
    is_all_visible = len(visible) == len(began_at) * len(consoles)
    return {
        "events": events,
        "seconds": round(fed_s, 1),
        "kept_after_s": round(kept_s, 1),
        "lost": events - sum(alarm["count"] for alarm in alarms),
        "top_priority_visible_ms": round(max(visible), 1) if is_all_visible else None,
        "top_priorities_ms": sorted(round(each, 1) for each in visible),
        "main_thread_busy": round(max(share for share, _ in busy), 3),
        "main_thread_cpu": round(max(share for _, share in busy), 3),
        "main_thread_busy_until_agreed": round(max(share for share, _ in whole), 3),
        "central_cpu_s": round(site.central_cpu_s() - cpu_s, 1),
        "counts_agree": agreed_s is not None,
        "counts_agree_after_s": agreed_s,
    }


async def _flood_of(site: BenchSite) -> list[dict[str, Any]]:
    items = (await site.alarms())["items"]
    return [each for each in items if any(str(v).endswith("f") for v in each["subject"].values())]


async def _until_they_agree(
    site: BenchSite, consoles: Sequence[Console], began_s: float
) -> float | None:
    """Return after which time every page's numbers are central's; None where they never are."""
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        told = await site.central.ask("/alarms", limit="10000")
        counts = [0, 0, 0, 0]
        for alarm in told["items"]:
            counts[alarm["priority"] - 1] += 1
        gathered = sum(told["flood"]["gathered"].values())
        wanted = {"priorities": counts, "gathered": gathered, "is_online": True}
        if all([await console.counts() == wanted for console in consoles]):
            return round(time.monotonic() - began_s, 1)
        await asyncio.sleep(0.5)
    return None
