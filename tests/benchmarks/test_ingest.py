"""The document that other programs read: what is in it, by which names."""

from typing import Any

from benchmarks.ingest import document
from benchmarks.ingest_growth import note


def grown(*, slower: float) -> dict[str, dict[str, Any]]:
    """Return what is noted of few and of many events, where all takes so much longer with many."""
    result: dict[str, dict[str, Any]] = {"100000": {}, "10000000": {}}
    for name in ("ingest", "alarm_list", "search"):
        note(result, name, [([10.0] * 20, [4.0] * 20), ([10.0 * slower] * 20, [4.0] * 20)])
    return result


def test_rates_and_what_growth_costs_have_the_names_that_other_programs_read() -> None:
    rates = {
        "sqlite": {"events_per_s": 25_000, "is_exactly_once": True},
        "postgresql": {"events_per_s": 20_000, "is_exactly_once": True},
    }

    said = document(rates, {"sqlite": grown(slower=1.2), "postgresql": grown(slower=2)})

    assert (said["sqlite_events_per_s"], said["postgresql_events_per_s"]) == (25_000, 20_000)
    assert {"batch", "clients"} <= set(said)
    assert set(said["growth"]) == {"100000", "10000000"}
    for name in ("ingest_p95_ms", "alarm_list_p95_ms", "search_p95_ms"):
        few, many = (said["growth"][size][name] for size in ("100000", "10000000"))
        assert (few, many) == (10.0, 12.0)
        assert said["growth_ratio"][name] == 1.2
        assert said["growth_postgresql_ratio"][name] == 2


def test_of_many_rounds_the_slowest_twentieth_is_left_out() -> None:
    result: dict[str, dict[str, Any]] = {"100000": {}}

    note(result, "search", [([*[30.0] * 96, *[900.0] * 4], [6.0] * 100)])

    assert (result["100000"]["search_median_ms"], result["100000"]["search_p95_ms"]) == (30, 30)
