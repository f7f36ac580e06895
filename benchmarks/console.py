"""The console of a security room: how fast an alarm is on the screen, a flood, a working day.

``python -m benchmarks.console --json FILE``. Central, a terminal and its hardware are processes of
their own (``console_site``). Two consoles are Chromium pages whose rows and main thread are
measured (``console_pages``); the others sign in, load and read the live stream as a page does and
draw nothing (``console_streams``): 50 Chromiums would measure this machine, not ours.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console as Terminal
from rich.progress import Progress

from benchmarks.console_day import Day
from benchmarks.console_flood import FLOOD_COUNT, measure_flood
from benchmarks.console_pages import Console, chromium
from benchmarks.console_site import BenchSite
from benchmarks.measure import give_way, write_json
from config.demo.report import describe_machine

CONSOLES: Final = 50
PAGES: Final = 2
GUARDS: Final = 10
SAMPLES: Final = 150
DAY_COUNT: Final = 8 * 3600 * 5
ACKNOWLEDGED_EVERY: Final = 10
SETTLE_S: Final = 2.0
BURGLARY: Final = "130"
LINE_SIZE_BYTES_MAX: Final = 64_000_000
SEED: Final = 6


@dataclasses.dataclass(slots=True)
class Streams:
    """The consoles without a window. Attributes: heard: what they said at their end."""

    process: asyncio.subprocess.Process
    heard: dict[str, Any] = dataclasses.field(default_factory=dict)

    async def end(self) -> dict[str, Any]:
        """Let them say what they heard."""
        if not self.heard and self.process.stdin is not None and self.process.stdout is not None:
            self.process.stdin.close()
            self.heard = json.loads(await self.process.stdout.readline())
        return self.heard


@contextlib.asynccontextmanager
async def streams(url: str, password: str, names: Sequence[str]) -> AsyncIterator[Streams]:
    """Open so many consoles without a window."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.console_streams", url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_SIZE_BYTES_MAX,
    )  # fmt: skip
    give_way(process.pid)
    try:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes
        process.stdin.write(json.dumps({"password": password, "names": names}).encode() + b"\n")
        if not await process.stdout.readline():
            raise RuntimeError("the consoles without a window did not start")
        yield Streams(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return a quantile by nearest rank."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1) if ordered else None


async def measure_screens(
    site: BenchSite, consoles: Sequence[Console], samples: int, bar: Progress
) -> dict[str, float]:
    """Let points of an intrusion panel report burglaries; returns when each did, by the alarm.

    The time begins before the simulator's hand is told: its step, the panel's message, the
    terminal's journal and uplink, central and the page are all in it.
    """
    dice = random.Random(SEED)  # noqa: S311 - for spacing
    began_at, task = dict[str, float](), bar.add_task("screens", total=samples)
    day = Day(site.feeders[0], dice)
    going_on = asyncio.create_task(day.go_on())
    try:
        for number in range(1, samples + 1):
            # Never in step with anything that is repeated.
            await asyncio.sleep(dice.uniform(0.2, 0.5))
            began_at[f"{number:03}"] = time.time()
            await site.panel.act("contact_id", code=BURGLARY, zone=number, on=True)
            await asyncio.sleep(dice.uniform(0.05, 0.2))
            await site.panel.act("contact_id", code=BURGLARY, zone=number, on=False)
            if number % ACKNOWLEDGED_EVERY == 0:
                await site.acknowledge_all()
            bar.advance(task)
        await asyncio.sleep(SETTLE_S)
    finally:
        going_on.cancel()
    await site.acknowledge_all()
    bar.remove_task(task)
    found = {}
    for state in ("standing", "closed"):
        for alarm in (await site.alarms(state))["items"]:
            if alarm["kind"] == "intrusion":
                found[alarm["id"]] = began_at[alarm["detail"]["point"].rpartition("/")[2]]
    return found


async def _measure(
    samples: int, day_count: int, flood_count: int, shots: Path | None
) -> dict[str, Any]:
    began_at = time.strftime("%Y-%m-%d %H:%M")
    bar = Progress(console=Terminal(stderr=True), transient=True)
    with bar, tempfile.TemporaryDirectory(prefix="menshen-console-") as folder:
        async with BenchSite(Path(folder)).at_work() as site, chromium() as browser:
            password, names = await site.add_guards(GUARDS)
            url = site.central.url
            pages = [await Console.open(browser, url, username=names[0], password=password)]
            await site.acknowledge_all()
            day = Day(site.feeders[0], random.Random(SEED))  # noqa: S311 - for lanes and people
            heap = await day.pass_by(site, pages[0], day_count, bar)
            for name in names[1:PAGES]:
                pages.append(await Console.open(browser, url, username=name, password=password))
            others = [names[n % GUARDS] for n in range(CONSOLES - PAGES)]
            async with streams(url, password, others) as listening:
                alarms = await measure_screens(site, pages, samples, bar)
                seen = [await page.seen() for page in pages]
                flood = await measure_flood(site, pages, flood_count, bar)
                if shots is not None:
                    await pages[0].shot(shots)
                heard = await listening.end()
            complaints = [line for page in pages for line in page.complaints]
    on_screen = [(s[i] - at) * 1000 for i, at in alarms.items() for s in seen if i in s]
    on_stream = [
        (heard["latest"][i] - at) * 1000 for i, at in alarms.items() if i in heard["latest"]
    ]
    return {
        "event_to_screen_p95_ms": percentile(on_screen, 0.95),
        "event_to_screen_p99_ms": percentile(on_screen, 0.99),
        "event_to_screen_median_ms": percentile(on_screen, 0.5),
        "last_stream_p95_ms": percentile(on_stream, 0.95),
        "last_stream_p99_ms": percentile(on_stream, 0.99),
        "samples": len(on_screen),
        "missed": samples * PAGES - len(on_screen) + samples - len(on_stream),
        "consoles": CONSOLES,
        "pages": PAGES,
        "stream_connections": heard["connections"],
        "flood": flood,
        "heap_mb": heap,
        "complaints": complaints,
        "event_to_screen_ms": sorted(round(each, 1) for each in on_screen),
        "machine": describe_machine(),
        "began_at": began_at,
    }


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; returns how many alarms of the flood were lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--day", type=int, default=DAY_COUNT, help="events of the working day")
    parser.add_argument("--flood", type=int, default=FLOOD_COUNT)
    parser.add_argument("--shot", type=Path, help="a picture of the page in the flood")
    given = parser.parse_args(words)
    result = asyncio.run(_measure(given.samples, given.day, given.flood, given.shot))
    write_json(given.json, result)
    shown = {name: value for name, value in result.items() if name != "event_to_screen_ms"}
    print(json.dumps(shown, indent=1))
    return min(100, int(result["flood"]["lost"]))


if __name__ == "__main__":
    raise SystemExit(main())
