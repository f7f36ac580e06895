"""What planners and terminals do, over HTTP."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from central.patrol.plan import PatrolPlan
from config.contract.patrol_events import CheckpointScanned
from config.site import Site
from tests.central.bench import SITE, Bench, Node, running_central
from tests.central.patrol.planning import night

PATH = "/api/v1/patrol"
PATROLLED = Site.model_validate(
    {
        **SITE.model_dump(),
        "device": [
            *SITE.model_dump()["device"],
            {"id": "wall", "driver": "rdm6300", "bus": "line-1"},
            {"id": "carried", "driver": "rdm6300", "bus": "line-1"},
        ],
        "checkpoint": [
            {"id": "gate", "name": {"en": "Gate", "zh-CN": "大门"}, "credential": "0100000001"},
            {"id": "plant", "name": {"en": "Plant room", "zh-CN": "配电房"}, "device": "wall"},
            {"id": "roof", "name": {"en": "Roof", "zh-CN": "屋顶"}, "credential": "0100000003"},
        ],
        "patrol_reader": [{"device": "carried"}],
    }
)
"""The bench's site with three checkpoints, in Shanghai."""


@contextmanager
def patrolled(folder: Path, *, at: datetime, database: str | None = None) -> Iterator[Bench]:
    """Run central at a moment, at a site with checkpoints."""
    with running_central(folder / "home", database=database, site=PATROLLED) as bench:
        bench.clock.now = at
        yield bench


def put(client: httpx.Client, plan: PatrolPlan, *, made_from: int | None = None) -> httpx.Response:
    """Put a plan in force, made from the one that is."""
    if made_from is None:
        made_from = client.get(f"{PATH}/routes").json()["version"]
    wish = {"made_from": made_from, "plan": plan.model_dump(mode="json")}
    return client.put(f"{PATH}/routes", json=wish)


def put_patrol_plan(bench: Bench) -> httpx.Response:
    """Put a plan of shifts alone, which every site can have."""
    shifts = night(guards=()).shifts
    return put(bench.administrator, PatrolPlan(shifts=shifts))


def put_duty(bench: Bench) -> httpx.Response:
    """Say that nobody in particular is on duty."""
    assert put_patrol_plan(bench).status_code == 200
    return bench.administrator.put(f"{PATH}/duties/2026-11-29/night", json={"guards": []})


def work(bench: Bench) -> None:
    """Have central work out what is due now."""
    services = bench.app.state.services
    asyncio.run_coroutine_threadsafe(services.patrols.run_due(), services.loop).result(60)


def board(bench: Bench, **query: str) -> list[dict[str, Any]]:
    """Return the rounds of the board, after everything that is due was worked out."""
    work(bench)
    rounds: list[dict[str, Any]] = bench.administrator.get(f"{PATH}/rounds", params=query).json()[
        "rounds"
    ]
    return rounds


def scan(
    node: Node,
    sequence: int,
    checkpoint: str,
    *,
    holder_id: str | None,
    at: datetime | None = None,
    scan_id: UUID | None = None,
    **more: Any,  # noqa: ANN401 - fields of the event
) -> None:
    """Have a terminal say that somebody was at a checkpoint."""
    fact = CheckpointScanned(
        scan_id=scan_id or uuid4(),
        checkpoint=checkpoint,
        reader="carried",
        holder_id=holder_id,
        by="none" if holder_id is None else "card",
    )
    node.send(node.event(sequence, fact=fact, time=at or node.clock(), **more))


def statuses(found: dict[str, Any]) -> list[str]:
    """Return what became of a round's stops."""
    return [stop["status"] for stop in found["stops"]]


def minutes_later(bench: Bench, count: float) -> None:
    """Let time pass and have central look."""
    bench.clock.now += timedelta(minutes=count)
    work(bench)
