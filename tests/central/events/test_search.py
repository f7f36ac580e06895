"""Events of the past: found by time, type, place, person and class; taken away as tables."""

import asyncio
import csv
import dataclasses
import io
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Select, delete
from sqlalchemy import text as sql
from sqlalchemy.dialects import sqlite

from central.events.reading import hidden_from
from central.events.repository import place_of
from central.events.schemas import StoredEvent
from central.events.search import (
    Wanted,
    in_order,
    known_by_index,
    needed,
    page,
    query_of,
)
from central.events.search_endpoints import wanted_of
from central.tables import events
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted, DeviceLost, EventClass
from config.contract.identifiers import new_id
from tests.central.audit.log import entries, in_transaction
from tests.central.bench import Bench, Node

API = "/api/v1/events"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def granted(node: Node, sequence: int, holder_id: str) -> None:
    fact = AccessGranted(
        decision_id=new_id(), access_point="lane", direction=Direction.IN, holder_id=holder_id,
        credential=CredentialKind.CARD,
    )  # fmt: skip
    node.send(node.event(sequence, fact=fact, time=NOON + timedelta(minutes=sequence)))


def lost(node: Node, sequence: int) -> None:
    fact = DeviceLost(device="gate", detail="no answer")
    node.send(node.event(sequence, fact=fact, time=NOON + timedelta(minutes=sequence)))


def found(client: httpx.Client, **wanted: str | list[str]) -> list[int]:
    reply = client.get(f"{API}/search", params=wanted)
    assert reply.status_code == 200, reply.text
    return [item["event"]["sequence"] for item in reply.json()["items"]]


def explained(bench: Bench, question: Select[Any]) -> str:
    """Return how SQLite goes about a question."""
    text = question.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    services = bench.app.state.services

    async def ask() -> str:
        async with services.database.read() as transaction:
            rows = await transaction.execute(sql(f"EXPLAIN QUERY PLAN {text}"))
            return "\n".join(row.detail for row in rows)

    return asyncio.run_coroutine_threadsafe(ask(), services.loop).result(60)


def pages(
    bench: Bench, wanted: Wanted, *, limit: int = 100, looked_at: int = 100
) -> list[StoredEvent]:
    """Return what is on all pages, one after the other."""
    services = bench.app.state.services

    async def ask() -> list[StoredEvent]:
        items, before = list[StoredEvent](), None
        while True:
            async with services.database.read() as transaction:
                found = await page(
                    transaction, wanted, before=before, limit=limit, has_names=True,
                    has_candidates=True, looked_at=looked_at,
                )  # fmt: skip
            assert len(found.items) <= limit
            items += found.items
            if found.next is None:
                return items
            before = found.next

    return asyncio.run_coroutine_threadsafe(ask(), services.loop).result(60)


def is_wanted(stored: StoredEvent, wanted: Wanted) -> bool:
    event = stored.event
    return (
        (not wanted.node or stored.node == wanted.node)
        and (not wanted.holder_id or event.data.get("holder_id") == wanted.holder_id)
        and (not wanted.places or place_of(event, stored.node) in wanted.places)
        and (not wanted.types or event.type.startswith(tuple(wanted.types)))
        and (not wanted.classes or event.event_class in wanted.classes)
        and event.event_class not in wanted.hidden
    )


def test_events_are_found_by_what_happened_where_when_and_to_whom(any_bench: Bench) -> None:
    node, holder = any_bench.node(), any_bench.person()
    granted(node, 1, holder)
    lost(node, 2)
    granted(node, 3, "0192a1b2-0000-7000-8000-00000000000a")
    client = any_bench.administrator

    assert found(client) == [3, 2, 1]
    assert found(client, place="lane") == [3, 1]
    assert found(client, place=["lane", "gate"]) == [3, 2, 1]
    assert found(client, type="menshen.device.lost.v1") == [2]
    assert found(client, type=["menshen.access."], person=holder) == [1]
    assert found(client, **{"class": "access"}) == [3, 1]
    assert found(client, node="gate-2") == []
    since = {"since": (NOON + timedelta(minutes=2)).isoformat()}
    assert found(client, **since) == [3, 2]
    assert found(client, **since, until=(NOON + timedelta(minutes=3)).isoformat()) == [2]


def test_an_event_that_came_late_stands_where_it_happened(bench: Bench) -> None:
    node = bench.node()
    lost(node, 5)
    lost(node, 2)

    assert found(bench.administrator) == [5, 2]


def test_pages_follow_each_other_without_a_gap_or_a_repetition(bench: Bench) -> None:
    node, client = bench.node(), bench.administrator
    same = [node.event(n, time=NOON) for n in range(1, 6)]
    node.send(*same)

    seen, before = list[int](), None
    for _ in range(3):
        reply = client.get(
            f"{API}/search", params={"limit": 2, **({"before": before} if before else {})}
        )
        seen += [item["event"]["sequence"] for item in reply.json()["items"]]
        before = reply.json()["next"]

    assert (seen, before) == ([5, 4, 3, 2, 1], None)


def test_a_page_goes_on_behind_an_event_that_retention_took_meanwhile(any_bench: Bench) -> None:
    node, client = any_bench.node(), any_bench.administrator
    for sequence in range(1, 6):
        granted(node, sequence, "anna")
    first = client.get(f"{API}/search", params={"limit": 2}).json()
    in_transaction(
        any_bench, lambda t: t.execute(delete(events).where(events.c.position == first["next"]))
    )

    behind = {"before": first["next"], "before_at": first["next_at"]}
    refused = client.get(f"{API}/search", params={"before": first["next"]})

    assert [each["event"]["sequence"] for each in first["items"]] == [5, 4]
    assert first["next_at"] == first["items"][-1]["event"]["time"]
    assert found(client, **behind) == [3, 2, 1]
    assert (refused.status_code, refused.json()["code"]) == (410, "position_unknown")


def test_what_is_rare_is_found_piece_by_piece_and_nothing_is_left_out(any_bench: Bench) -> None:
    gates = [any_bench.node(name) for name in ("gate-1", "gate-2")]
    for n in range(1, 9):
        node = gates[n % 3 == 0]
        granted(node, n, "somebody" if n % 4 else "else")
        lost(node, n + 10)
    everything = Wanted()
    rare = [
        Wanted(node="gate-2"),
        Wanted(node="gate-2", places=["lane"]),
        Wanted(holder_id="else", node="gate-1"),
        Wanted(types=["menshen.device.", "menshen.access."], node="gate-2"),
        Wanted(classes=["access", "telemetry"], places=["lane", "gate"], since=NOON),
        Wanted(places=["lane"], hidden={EventClass.TELEMETRY}),
        Wanted(classes=["access"], hidden={EventClass.ACCESS}),
    ]

    there = pages(any_bench, everything)
    assert len(there) == 16
    for wanted, limit, looked_at in itertools.product(rare, (2, 50), (1, 3, 100)):
        expected = [each for each in there if is_wanted(each, wanted)]
        assert pages(any_bench, wanted, limit=limit, looked_at=looked_at) == expected


def test_looking_for_a_person_needs_the_right_to_see_people(bench: Bench) -> None:
    technician = bench.planted("technician").client

    assert technician.get(f"{API}/search").status_code == 200
    assert technician.get(f"{API}/search", params={"person": "x"}).status_code == 403


def test_a_search_says_why_and_what_was_looked_for_is_not_recorded(bench: Bench) -> None:
    guard = bench.planted("guard").client
    guard.get(f"{API}/search", params={"person": "0192a1b2"})
    del guard.headers["Menshen-Purpose"]

    refused = guard.get(f"{API}/search")

    assert (refused.status_code, refused.json()["code"]) == (422, "purpose_needed")
    (entry,) = [e for e in entries(bench) if e["action"] == "events_search_get"]
    assert (entry["purpose"], "0192a1b2" in json.dumps(entry)) == ("incident", False)


def test_a_table_holds_everything_and_no_cell_is_a_formula(bench: Bench) -> None:
    node, holder = bench.node(), bench.person("=HYPERLINK(1)")
    granted(node, 1, holder)
    lost(node, 2)

    reply = bench.administrator.get(f"{API}/export.csv")

    rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
    assert [row["place"] for row in rows] == ["lane", "lane"]
    assert rows[1]["name"] == "'=HYPERLINK(1)"
    assert reply.headers["content-disposition"] == 'attachment; filename="events.csv"'
    assert [e["purpose"] for e in entries(bench) if e["action"] == "events_export_get"] == [
        "incident"
    ]


def test_lines_of_json_are_the_events_themselves(bench: Bench) -> None:
    node = bench.node()
    lost(node, 1)

    reply = bench.administrator.get(f"{API}/export.jsonl", params={"type": "menshen.device."})

    (line,) = reply.text.splitlines()
    assert json.loads(line)["event"]["data"]["device"] == "gate"


def test_a_guard_takes_away_masked_names(bench: Bench) -> None:
    granted(bench.node(), 1, bench.person("王小明"))

    text = bench.planted("guard").client.get(f"{API}/export.csv").text

    assert "王**" in text
    assert "王小明" not in text


def test_every_question_walks_along_an_index(bench: Bench) -> None:
    questions = {
        "ix_events_occurred_at": Wanted(since=NOON),
        "ix_events_type": Wanted(types=["menshen.device.lost.v1"]),
        "ix_events_place": Wanted(places=["lane"], since=NOON),
        "ix_events_holder_id": Wanted(holder_id="x"),
    }
    for index, wanted in questions.items():
        plan = explained(bench, query_of(wanted).limit(100))

        assert index in plan, plan
        assert "TEMP B-TREE" not in plan, plan


@pytest.mark.parametrize("is_postgresql", [False, True])
def test_a_question_that_an_index_knows_is_asked_in_one_piece(is_postgresql: bool) -> None:
    for asked in (
        wanted_of(person="x"),
        wanted_of(place=("lane",), since=NOON),
        wanted_of(type_=("menshen.device.lost.v1",)),
        dataclasses.replace(
            wanted_of(event_class=(EventClass.ACCESS,)), hidden=hidden_from(frozenset())
        ),
        wanted_of(),
    ):
        part = needed(asked)
        assert known_by_index(part, is_postgresql=is_postgresql) == part
    for asked in (wanted_of(node="gate-1"), wanted_of(person="x", place=("lane",))):
        part = needed(asked)
        assert known_by_index(part, is_postgresql=is_postgresql) != part


def test_what_no_index_knows_is_looked_for_along_one_all_the_same(bench: Bench) -> None:
    questions = {
        "ix_events_occurred_at": Wanted(node="gate-2"),
        "ix_events_type": Wanted(types=["menshen.device.lost.v1"], node="gate-2"),
        "ix_events_holder_id": Wanted(holder_id="x", places=["lane"], node="gate-2"),
        "ix_events_place": Wanted(places=["lane"], hidden={EventClass.MONEY}),
    }
    for index, wanted in questions.items():
        known = known_by_index(wanted, is_postgresql=False)
        plan = explained(bench, in_order(wanted, known, None, (NOON, 1)).limit(100))

        assert index in plan, plan
        assert "TEMP B-TREE" not in plan, plan
