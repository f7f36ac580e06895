"""Central is restarted: what stood stands, shelves keep their end, and nothing sounds anew."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from config.contract.events import DeviceLost, TailgatingDetected
from config.site import Site
from config.site_alarms import SounderEntry
from tests.central.alarms.raising import (
    DURESS,
    FORCED,
    PATH,
    SECURED,
    WEBHOOK,
    let_time_pass,
    listed,
)
from tests.central.bench import SITE, Bench, Node, running_central
from tests.serving import serving

SIREN = SounderEntry(id="siren", node="gate-1", device="gate", channel=0)
SOUNDING = Site.model_validate(SITE.model_copy(update={"sounder": (SIREN,)}).model_dump())
TIMES = ("version", "raised_at", "acknowledged_at", "acknowledged_by", "escalation", "shelved")


def counted(bench: Bench) -> dict[str, int]:
    """Return how much was written down, put into the queue, and told to sirens."""
    tables = ("alarm_history", "alarm_deliveries", "commands")
    return {name: bench.row(f"SELECT count(*) FROM {name}")[0] for name in tables}  # noqa: S608 - of this file


def stood(bench: Bench) -> dict[str, dict[str, Any]]:
    """Return everything that stands or is laid aside, by what it is about."""
    found = [*listed(bench), *listed(bench, "shelved")]
    return {each["source"]: {name: each[name] for name in TIMES} for each in found}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that central is started in twice."""
    return tmp_path / "home"


@pytest.fixture
def receiver() -> Iterator[str]:
    """Address of a program that takes what it is told."""
    app = FastAPI()
    app.add_api_route("/alarms", lambda: None, methods=["POST"], status_code=204)
    with serving(app) as url:
        yield f"{url}/alarms"


def again(node: Node, bench: Bench) -> Node:
    """Return the same terminal as it speaks with the central that was started again."""
    node.http, node.clock = bench.client(), bench.clock
    return node


def test_what_stood_stands_after_a_restart_and_nothing_is_told_or_sounded_twice(
    home: Path, receiver: str
) -> None:
    with running_central(home, site=SOUNDING) as before:
        settings = {**WEBHOOK["settings"], "url": receiver}
        before.administrator.put(f"{PATH}/channels/webhook", json={"settings": settings})
        node = before.node()
        told = [
            node.event(1, fact=DURESS, time=node.clock()),
            node.event(2, fact=FORCED, time=node.clock()),
            node.event(3, fact=DeviceLost(device="gate-2", detail="-"), time=node.clock()),
            node.event(4, fact=FORCED.model_copy(update={"device": "gate-3"}), time=node.clock()),
            node.event(5, fact=SECURED.model_copy(update={"device": "gate-3"}), time=node.clock()),
        ]
        node.send(*told)
        node.report()
        by_source = {each["source"]: f"{PATH}/{each['id']}" for each in listed(before)}
        before.administrator.post(
            f"{by_source['device_lost:device:gate-2']}/shelve",
            json={"minutes": 30, "reason": "The cable is being replaced"},
        )
        before.administrator.post(f"{by_source['forced_open:device:gate-3']}/acknowledge")
        before.administrator.post(f"{by_source['forced_open:device:gate-1']}/acknowledge")
        for _ in range(3):
            let_time_pass(before, seconds=11)
            node.report()
        first, at, figures = stood(before), before.clock.now, counted(before)

    with running_central(home, site=SOUNDING) as after:
        after.clock.now = at + timedelta(seconds=3)
        again(node, after).report()
        # A terminal that got no answer sends everything again.
        node.send(*told)
        let_time_pass(after, seconds=1)

        assert stood(after) == first
        assert first["duress:access_point:lane"]["escalation"] == 1
        assert counted(after) == figures
        assert figures["commands"] == 1, "the siren was told once"
        assert set(first) == {
            "duress:access_point:lane", "forced_open:device:gate-1", "device_lost:device:gate-2",
        }  # fmt: skip

        until = datetime.fromisoformat(first["device_lost:device:gate-2"]["shelved"]["until"])
        after.clock.now = until - timedelta(seconds=1)
        let_time_pass(after, seconds=0)
        still = [each["source"] for each in listed(after, "shelved")]
        let_time_pass(after, seconds=1)

        assert still == ["device_lost:device:gate-2"]
        assert listed(after, "shelved") == []


def test_a_backlog_after_a_restart_is_history_and_opens_nothing_that_is_over(home: Path) -> None:
    with running_central(home) as before_it:
        node = before_it.node("gate-2")

    with running_central(home) as bench:
        again(node, bench)
        bench.clock.advance(days=2)
        bench.signed_in_again()
        past = node.clock() - timedelta(hours=1)
        before = {each["kind"] for each in listed(bench)} - {"node_lost", "channel", "device_lost"}
        passed = TailgatingDetected(access_point="lane", decision_id=uuid4(), count=1)

        node.send(
            node.event(1, fact=FORCED.model_copy(update={"device": "back"}), time=past),
            node.event(2, fact=SECURED.model_copy(update={"device": "back"}), time=past),
            node.event(3, fact=passed, time=past),
        )
        node.send(node.event(1, time=node.clock()))

        opened = {each["kind"] for each in listed(bench)} - {"node_lost", "channel", "device_lost"}
        assert opened == before
