"""Who arrived for whom, as a program or a page that tells hosts goes on reading it."""

from typing import Any

from config.contract.access_events import VisitorArrived
from tests.central.bench import Bench
from tests.central.visits.test_endpoints import invite


def arrivals(bench: Bench, **asked: object) -> list[dict[str, Any]]:
    reply = bench.administrator.get("/api/v1/visits/arrivals", params=asked)  # type: ignore[arg-type]  # as given
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


def test_a_host_hears_of_their_visitors_alone_and_of_each_once(any_bench: Bench) -> None:
    node, anna = any_bench.node(), any_bench.person("Anna")
    of_anna, of_host = invite(any_bench, host_id=anna), invite(any_bench)
    for sequence, visit in enumerate((of_host, of_anna), start=1):
        arrived = VisitorArrived(holder_id=visit["visit_id"], access_point="lane")
        node.send(node.event(sequence, fact=arrived))

    (heard,) = arrivals(any_bench, host_id=anna)

    assert (heard["visit_id"], heard["host"]) == (of_anna["visit_id"], "Anna")
    assert (heard["visitor"], heard["access_point"]) == ("周一平", "lane")
    assert [a["host"] for a in arrivals(any_bench)] == ["Host", "Anna"]
    assert arrivals(any_bench, after=heard["position"]) == []


def test_an_arrival_that_is_told_late_is_heard_after_the_others(bench: Bench) -> None:
    early, late = bench.node("gate-1"), bench.node("gate-2")
    first, second = invite(bench), invite(bench)
    early.send(
        early.event(1, fact=VisitorArrived(holder_id=first["visit_id"], access_point="lane"))
    )
    (known,) = arrivals(bench)

    before = VisitorArrived(holder_id=second["visit_id"], access_point="lane")
    late.send(late.event(1, fact=before, time="2026-11-23T07:00:00Z"))

    assert [a["visit_id"] for a in arrivals(bench, after=known["position"])] == [second["visit_id"]]


def test_a_guard_hears_of_arrivals_without_whole_names(bench: Bench) -> None:
    node, visit = bench.node(), invite(bench)
    node.send(node.event(1, fact=VisitorArrived(holder_id=visit["visit_id"], access_point="lane")))

    (heard,) = bench.operator("guard").get("/api/v1/visits/arrivals").json()["items"]

    assert (heard["visitor"], heard["host"]) == ("周**", "H***")
