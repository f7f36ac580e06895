"""What Prometheus is told by real processes, and that the dashboard and the rules ask for it."""

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from config.contract.events import AccessGranted, AccessTaken, Event
from tests.central.metrics.scraping import samples_of, value
from tests.system.running_site import RunningSite, running_site, until

DOCS: Final = Path(__file__).parents[2] / "docs" / "grafana"
RULES: Final = DOCS / "menshen.rules.yml"
NAME: Final = re.compile(r"\b(?:menshen|process|python)_\w+")
SUFFIXES: Final = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
HOLDER: Final = ("王小明", "0006547886")


def names(family: Metric) -> set[str]:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return {name + suffix for suffix in SUFFIXES[family.type]}


def expressions() -> Iterator[str]:
    """Yield every expression of the dashboard and of the rules."""
    dashboard = json.loads((DOCS / "menshen.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (each.get("definition", "") for each in dashboard["templating"]["list"])
    yield from re.findall(r"^ +expr: (.+)$", RULES.read_text(encoding="utf-8"), re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Passage:
    """What was left of one. Attributes: logs: of each process, as objects."""

    central: str
    edge: str
    events: list[Event]
    logs: dict[str, list[dict[str, str]]]
    holder: str


async def passage(folder: Path) -> Passage:
    """Let somebody pass while a console watches; return what central and the terminal then say."""
    async with running_site(folder) as site:
        holder = await site.add_card_holder()
        watching = asyncio.ensure_future(watched(site))
        await until(lambda: site.knows(HOLDER[1]))
        await site.gate.act("walk", unit_id=1, side="in")
        await until(site.everything_has_arrived)
        events = await site.events()
        await watching
        ready = site.running["edge"].ready
        url, bearer = ready["kiosk"], {"Authorization": f"Bearer {ready['local_key']}"}
        page = f"{url.partition('?')[0].rstrip('/')}/metrics"
        async with httpx.AsyncClient() as http:
            central = await http.get(f"{site.central.url}/metrics")
            unknown = await http.get(page)
            edge = await http.get(page, headers=bearer)
        logs = {name: read_log(site.running[name].log) for name in ("central", "edge")}
    assert unknown.status_code == 401
    return Passage(central.text, edge.text, events, logs, holder)


async def watched(site: RunningSite) -> None:
    """Watch as a console does until a passage is on the screen."""
    async for seen in site.central.watch():
        if seen.event.type == AccessTaken.type_name:
            return


def read_log(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Passage:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENSHEN_LOG", "json")
        patch.setenv("MENSHEN_LOG_LEVEL", "debug")
        return asyncio.run(passage(tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def scraped(passed: Passage) -> tuple[str, str]:
    return passed.central, passed.edge


def test_a_passage_is_counted_at_the_terminal_and_at_central(scraped: tuple[str, str]) -> None:
    central = samples_of(scraped[0], without=frozenset({"site"}))
    edge = samples_of(scraped[1], without=frozenset({"site", "node"}))

    assert value(edge, "menshen_edge_decisions_total", outcome="granted") == 1
    assert value(edge, "menshen_edge_decision_seconds_count", credential="card") == 1
    assert value(edge, "menshen_edge_gate_seconds_count", outcome="confirmed") == 1
    assert value(edge, "menshen_edge_exchanges_total", line="line-1", outcome="answered") > 1
    assert value(edge, "menshen_edge_poll_cycle_seconds", line="line-1", device="gate") > 0
    assert value(edge, "menshen_edge_unsent_events", **{"class": "access"}) == 0
    assert value(central, "menshen_ingest_events_total", **{"class": "access"}) >= 2
    assert value(central, "menshen_node_online", node="gate-1") == 1


def test_dashboard_and_rules_ask_for_what_there_is(scraped: tuple[str, str]) -> None:
    known = {
        name
        for text in scraped
        for family in text_string_to_metric_families(text)
        for name in names(family)
    }

    asked = {name for expression in expressions() for name in NAME.findall(expression)}

    assert len(asked) > 30
    assert asked - known == set()


def test_no_label_says_who(scraped: tuple[str, str]) -> None:
    for text in scraped:
        assert not any(word in text for word in HOLDER)
        count = sum(1 for line in text.splitlines() if not line.startswith("#"))
        assert count < 600


def test_one_trace_leads_from_the_card_to_the_screen(passed: Passage) -> None:
    [granted] = [event for event in passed.events if event.type == AccessGranted.type_name]
    trace = str(granted.data["decision_id"]).replace("-", "")

    said = [
        (process, line["logger"], line["message"])
        for process in ("edge", "central")
        for line in passed.logs[process]
        if line.get("trace") == trace
    ]

    steps = [
        ("edge", "edge.access", "granted, by card"),
        ("edge", "edge.access", "answered the command: confirmed"),
        ("edge", "edge.journal", f"event {granted.id} is durable"),
        ("edge", "edge.uplink", f"event {granted.id} is held by central"),
        ("central", "central.events", f"event {granted.id} is stored"),
        ("central", "central.feed", f"event {granted.id} is told to 1 readers"),
    ]
    for process, logger, words in steps:
        assert any((p, n) == (process, logger) and words in m for p, n, m in said), words


def test_a_log_names_no_person_and_no_card(passed: Passage) -> None:
    text = json.dumps(passed.logs, ensure_ascii=False)

    assert len(passed.logs["edge"]) > 5
    assert not any(word in text for word in (*HOLDER, passed.holder, "1001"))
