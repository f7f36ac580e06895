"""Who is inside: as passages tell it, in whatever order they arrive, by name for few."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from config.contract.access_events import (
    AreaFactRecorded,
    AreasForgivenRecorded,
    UnnamedCountRecorded,
)
from config.contract.areas import AreaFact, AreasForgiven, UnnamedCount
from config.contract.events import EventData
from tests.central.access.models import put
from tests.central.bench import Bench, Node, messages

AREAS = {"areas": [{"id": "hall", "name": {"en": "Hall"}, "occupancy_max": 50}, {"id": "lab"}]}
START = datetime(2026, 11, 28, 8, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def moved(holder_id: str, area: str | None, *, minute: int, node: str = "gate-1") -> EventData:
    fact = AreaFact(at=at(minute), node=node, sequence=minute + 1, holder_id=holder_id, area=area)
    return AreaFactRecorded(fact=fact)


def counted(area: str, count: int, *, minute: int, node: str = "gate-1") -> EventData:
    fact = UnnamedCount(at=at(minute), node=node, sequence=minute + 1, area=area, count=count)
    return UnnamedCountRecorded(fact=fact)


def forgiven(*, minute: int) -> EventData:
    return AreasForgivenRecorded(
        fact=AreasForgiven(at=at(minute), node="gate-1", sequence=minute + 1)
    )


def tell(node: Node, *facts: EventData, first: int = 1) -> None:
    node.send(*(node.event(first + index, fact=fact) for index, fact in enumerate(facts)))


def seen(client: httpx.Client) -> dict[str, Any]:
    reply = client.get("/api/v1/muster")
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def inside(client: httpx.Client) -> dict[str, list[str]]:
    areas = seen(client)["areas"]
    return {area["area"]: [person["name"] for person in area["people"]] for area in areas}


def counts(client: httpx.Client) -> dict[str, int]:
    return {area["area"]: area["count"] for area in seen(client)["areas"]}


def test_who_passed_into_an_area_is_inside_until_they_pass_out(any_bench: Bench) -> None:
    put(any_bench.administrator, AREAS)
    anna, bert, node = any_bench.person("Anna"), any_bench.person("Bert"), any_bench.node()

    tell(node, moved(bert, "hall", minute=1), moved(anna, "hall", minute=2))
    tell(node, moved(bert, None, minute=3), moved(anna, "lab", minute=4), first=3)
    tell(node, moved(bert, "hall", minute=5), first=5)

    assert inside(any_bench.administrator) == {"hall": ["Bert"], "lab": ["Anna"]}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_facts_come_to_the_same_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    put(bench.administrator, AREAS)
    anna, node = bench.person("Anna"), bench.node()
    facts = [
        moved(anna, "hall", minute=1),
        moved(anna, None, minute=2),
        moved(anna, "lab", minute=3),
    ]

    for sequence, index in enumerate(order, start=1):
        tell(node, facts[index], first=sequence)

    assert inside(bench.administrator) == {"hall": [], "lab": ["Anna"]}


def test_people_without_a_name_are_counted_by_every_node(any_bench: Bench) -> None:
    put(any_bench.administrator, AREAS)
    anna, one, other = any_bench.person("Anna"), any_bench.node(), any_bench.node("gate-2")

    tell(one, moved(anna, "hall", minute=1), counted("hall", 2, minute=2))
    tell(one, counted("hall", 3, minute=3), first=3)
    tell(other, counted("hall", -1, minute=4, node="gate-2"))

    (hall, _) = seen(any_bench.administrator)["areas"]
    assert (hall["count"], hall["unnamed_count"], hall["occupancy_max"]) == (3, 2, 50)


def test_when_everybody_is_forgiven_nobody_is_known_to_be_inside(any_bench: Bench) -> None:
    put(any_bench.administrator, AREAS)
    anna, node = any_bench.person("Anna"), any_bench.node()

    tell(node, moved(anna, "hall", minute=1), counted("hall", 2, minute=2), forgiven(minute=3))

    assert counts(any_bench.administrator) == {"hall": 0, "lab": 0}


def test_a_fact_that_comes_late_moves_nobody_backwards(any_bench: Bench) -> None:
    put(any_bench.administrator, AREAS)
    anna, one, other = any_bench.person("Anna"), any_bench.node(), any_bench.node("gate-2")

    tell(one, moved(anna, "lab", minute=9))
    tell(other, moved(anna, "hall", minute=1, node="gate-2"))

    assert inside(any_bench.administrator) == {"hall": [], "lab": ["Anna"]}


def test_a_guard_sees_masked_names(bench: Bench) -> None:
    put(bench.administrator, AREAS)
    tell(bench.node(), moved(bench.person("王小明"), "hall", minute=1))

    assert inside(bench.operator("guard"))["hall"] == ["王**"]


def test_an_area_that_the_model_lost_is_listed_while_somebody_is_in_it(bench: Bench) -> None:
    tell(bench.node(), moved(bench.person("Anna"), "cellar", minute=1))

    assert inside(bench.administrator) == {"cellar": ["Anna"]}


def test_somebody_removed_is_counted_without_a_name(bench: Bench) -> None:
    put(bench.administrator, AREAS)
    holder_id = bench.person("Anna")
    tell(bench.node(), moved(holder_id, "hall", minute=1))

    bench.administrator.delete(f"/api/v1/people/{holder_id}")

    assert inside(bench.administrator)["hall"] == [None]


def test_nodes_that_are_not_heard_are_named(bench: Bench) -> None:
    bench.node().report()

    silent = seen(bench.administrator)["silent_nodes"]

    assert [node["node"] for node in silent] == ["gate-2"]


def test_a_site_without_areas_says_so(bench: Bench) -> None:
    answer = seen(bench.administrator)

    assert (answer["is_configured"], answer["areas"]) == (False, [])


def test_pages_are_told_when_somebody_moves(any_bench: Bench) -> None:
    anna, node, page = any_bench.person("Anna"), any_bench.node(), any_bench.administrator

    with page.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        next(told)
        tell(node, moved(anna, "hall", minute=1))

        assert next(data for name, data in told if name == "muster") == {}


@pytest.mark.parametrize("holder_id", ["x" * 65, "a\0b"], ids=["too long", "a zero byte"])
def test_a_fact_that_the_database_cannot_take_holds_up_no_event(
    any_bench: Bench, holder_id: str
) -> None:
    put(any_bench.administrator, AREAS)
    anna, node = any_bench.person("Anna"), any_bench.node()

    tell(node, moved(holder_id, "hall", minute=1), moved(anna, "hall", minute=2))

    assert inside(any_bench.administrator)["hall"] == ["Anna"]
