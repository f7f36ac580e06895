"""What it costs to have a past: the same questions and batches on few and on many stored events.

``python -m benchmarks.ingest_growth [--full] [--database KIND] [--keep FOLDER] [--json FILE]``.
A central with 10^5 events and one with 10^6 (``--full``: 10^7) run side by side; a terminal tells
each a batch, and a console asks each what it asks, in turn, so that both suffer alike what else the
machine does. Then both are started several times. Figures are of the client, over HTTP, in ms, and
beside them how long processors worked. Used by ``benchmarks.ingest``.

``--keep`` leaves the filled databases in a folder and takes them from there the next time.
"""

import argparse
import asyncio
import contextlib
import functools
import itertools
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from uuid import uuid4

from benchmarks.ingest_filling import NODES, PAST, PEOPLE, PLACES
from benchmarks.ingest_pasts import KINDS, SITE, Kept, kept_pasts
from benchmarks.measure import write_json
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted, ClockQuality, Event
from config.contract.identifiers import new_id
from config.contract.trust import NodeToken
from config.demo.control import CentralControl
from config.demo.processes import Process, Processes
from config.demo.report import describe_machine
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home

NODE: Final = NODES[0]
FEW: Final = 100_000
MANY: Final = 1_000_000
FULL: Final = 10_000_000
BATCH: Final = 100
ROUNDS: Final = 100
STARTS: Final = 5
WARM: Final = 5
Questions = dict[str, Iterator[tuple[str, dict[str, str]]]]
Act = Callable[[], Awaitable[None]]
Figures = tuple[list[float], list[float]]
"""How long each round took, and how long processors worked for it; in ms."""


def questions(now: datetime, stored: int) -> Questions:
    """Return what the console asks, by the name of the figure; each time of somebody else.

    Of one person, and of fires, as many are asked for as there are among few events: answers of
    both sites are equally long. Who is looked for at one place is the exception.
    """
    week = {"since": (now - PAST / 2).isoformat(), "until": (now - PAST / 3).isoformat()}
    search = "/events/search"
    people, places = itertools.cycle(PEOPLE[::37]), itertools.cycle(PLACES[::7])
    nodes = itertools.cycle(NODES[::3])
    return {
        "alarm_list": itertools.repeat(("/alarms", {"limit": "10000"})),
        "alarms_closed": itertools.repeat(("/alarms", {"state": "closed", "limit": "100"})),
        "snapshot": itertools.repeat(("/snapshot", {})),
        "event_page": itertools.repeat(("/events", {"after": str(stored // 2)})),
        "search": itertools.repeat((search, {})),
        "search_person": ((search, {"person": each, "limit": "15"}) for each in people),
        "search_place": ((search, {"place": each}) for each in places),
        "search_node": ((search, {"node": each}) for each in nodes),
        "search_type": itertools.repeat((search, {"type": "menshen.door."})),
        "search_class": itertools.repeat((search, {"class": "fire", "limit": "5"})),
        "search_week": itertools.repeat((search, week)),
        "search_person_week": ((search, {"person": each, "limit": "1", **week}) for each in people),
        "search_person_place": (
            (search, {"person": who, "place": at}) for who, at in zip(people, places, strict=False)
        ),
    }


class Grown:
    """A central with a past, and a terminal that goes on telling it."""

    def __init__(
        self, control: CentralControl, client: CentralClient, kept: Kept, process: Process
    ) -> None:
        self._control, self._client, self._pid = control, client, process.pid
        self._kept, self._sequence, self._epoch = kept, itertools.count(1), uuid4()

    def acts(self, now: datetime) -> dict[str, Act]:
        """Return what is measured, by name."""
        asked = questions(now, self._kept.stored)
        return {
            "ingest": self._tell,
            **{name: functools.partial(self._ask, each) for name, each in asked.items()},
        }

    def worked_s(self) -> float:
        """Return how long central's process, and those of its database, have worked."""
        return sum(map(_worked_s, (self._pid, *self._kept.processes())))

    async def _tell(self) -> None:
        await self._client.send_events([self._event() for _ in range(BATCH)])

    async def _ask(self, asked: Iterator[tuple[str, dict[str, str]]]) -> None:
        path, words = next(asked)
        await self._control.ask(path, **words)

    def _event(self) -> Event:
        fact = AccessGranted(
            decision_id=new_id(), access_point=PLACES[0], direction=Direction.IN,
            holder_id=PEOPLE[0], credential=CredentialKind.CARD,
        )  # fmt: skip
        return Event(
            id=new_id(), source=f"/{SITE}/{NODE}", type=fact.type_name, time=datetime.now(UTC),
            subject=PLACES[0], epoch=self._epoch, event_class=fact.event_class,
            sequence=next(self._sequence), clockquality=ClockQuality.SYNCHRONISED,
            data=fact.model_dump(mode="json"),
        )  # fmt: skip


def _worked_s(pid: int) -> float:
    worked_ns = 0
    with contextlib.suppress(OSError):  # a thread that is gone
        for each in Path(f"/proc/{pid}/task").iterdir():
            worked_ns += int((each / "schedstat").read_text(encoding="ascii").split()[0])
    return worked_ns / 1e9


async def in_turn(sites: Sequence[Grown], acts: Sequence[Act], *, rounds: int) -> list[Figures]:
    """Do the same at each site, round by round; returns what each took."""
    took: list[Figures] = [([], []) for _ in sites]
    for number in range(WARM + rounds):
        for site, act, (times, worked) in zip(sites, acts, took, strict=True):
            before_s, began_s = site.worked_s(), time.perf_counter()
            await act()
            took_s = time.perf_counter() - began_s
            if number >= WARM:
                times.append(took_s * 1000)
                worked.append((site.worked_s() - before_s) * 1000)
    return took


@contextlib.asynccontextmanager
async def grown(kept: Kept, processes: Processes) -> AsyncIterator[Grown]:
    """Start central on a past, and join a terminal."""
    process = await start(kept, processes)
    control = CentralControl(process.ready["url"])
    link = process.ready.get("invitation_link")
    if link is not None:
        await control.accept_invitation(link, username="admin", password=kept.password)
    else:
        await control.order("/sessions", username="admin", password=kept.password)
    token = NodeToken.from_line(await control.node_token(NODE))
    edge = kept.folder / f"edge-{secrets.token_hex(4)}"
    client = CentralClient(await Home(edge).enrol(token, site=SITE, node=NODE), NodeClock())
    try:
        yield Grown(control, client, kept, process)
    finally:
        await client.close()
        await control.close()
        await process.stop()


async def start(kept: Kept, processes: Processes) -> Process:
    """Start central and wait until it answers."""
    site, home = str(kept.folder / "site.toml"), str(kept.folder / "home")
    words = ["--site", site, "--home", home, "--port", "0", "--database", kept.url, "--json"]
    return await processes.start(f"central-{kept.stored}", "central", *words)


async def starts(pasts: Sequence[Kept], processes: Processes) -> list[Figures]:
    """Return how long it takes from the process's start until central answers."""
    took: list[Figures] = [([], []) for _ in pasts]
    for _ in range(STARTS):
        for kept, (times, worked) in zip(pasts, took, strict=True):
            began_s = time.perf_counter()
            process = await start(kept, processes)
            times.append((time.perf_counter() - began_s) * 1000)
            worked.append(_worked_s(process.pid) * 1000)
            await process.stop()
    return took


async def measured(pasts: Sequence[Kept], folder: Path) -> dict[str, Any]:
    """Return the figures of central by how many events are stored."""
    result = {str(kept.stored): dict[str, Any](filled_s=kept.filled_s) for kept in pasts}
    async with Processes(folder) as processes, contextlib.AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(grown(kept, processes)) for kept in pasts]
        acts = [site.acts(datetime.now(UTC)) for site in sites]
        for name in acts[0]:
            found = await in_turn(sites, [each[name] for each in acts], rounds=ROUNDS)
            note(result, name, found)
    async with Processes(folder) as processes:
        note(result, "ready", await starts(pasts, processes))
    return result


def note(result: Mapping[str, dict[str, Any]], name: str, found: Sequence[Figures]) -> None:
    """Note what something took at each site, in the order of the sites."""
    for into, (times, worked) in zip(result.values(), found, strict=True):
        into[f"{name}_p95_ms"] = round(quantiles(times, n=20, method="inclusive")[-1], 2)
        into[f"{name}_median_ms"] = round(median(times), 2)
        into[f"{name}_cpu_ms"] = round(median(worked), 2)


def ratios(few: Mapping[str, float], many: Mapping[str, float]) -> dict[str, float]:
    """Return how many times as much each figure is with many events as with few."""
    names = [name for name in few if name.endswith("_ms")]
    return {name: round(many[name] / few[name], 2) for name in names}


def growth(kind: str, sizes: tuple[int, int], *, keep: Path | None = None) -> dict[str, Any]:
    """Return the figures of one database by how many events are stored.

    Args:
        kind: One of ``KINDS``.
        sizes: How many events, few and many.
        keep: Where filled databases are, or are left; None is a folder that goes at the end.
    """
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="menshen-growth-"))
        pasts = stack.enter_context(kept_pasts(kind, sizes, keep or Path(name)))
        return asyncio.run(measured(pasts, Path(name)))


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10^7 events; 12 GB of each database")
    parser.add_argument("--database", choices=KINDS, action="append")
    parser.add_argument("--keep", type=Path, help="where filled databases stay for the next time")
    parser.add_argument("--json", type=Path, dest="file")
    given = parser.parse_args()
    sizes = (FEW, FULL if given.full else MANY)
    result: dict[str, Any] = {"machine": describe_machine()}
    for kind in given.database or KINDS:
        found = growth(kind, sizes, keep=given.keep and given.keep.resolve())
        result[kind] = {**found, "ratio": ratios(*found.values())}
        write_json(given.file, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
