"""The live stream: each changed alarm, the urgent first, in a flood no more than is read."""

import json
from collections.abc import Iterator
from typing import Any

from config.contract.events import DeviceLost, DoorForcedOpen, RefusalsRepeated
from tests.central.alarms.raising import DURESS, FORCED, PATH, listed, tell
from tests.central.bench import Bench, messages

FLOOD_COUNT = 1_000
BATCH_COUNT = 500


def changed(told: Iterator[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the alarms of a stream."""
    return (json.loads(data) if isinstance(data, str) else data for kind, data in told
            if kind == "alarm")  # fmt: skip


def test_a_page_is_told_of_each_change_of_an_alarm(any_bench: Bench) -> None:
    node = any_bench.node()
    with any_bench.administrator.stream("GET", "/api/v1/stream") as console:
        told = changed(messages(console))
        tell(node, 1)
        raised = next(told)
        any_bench.administrator.post(f"{PATH}/{raised['id']}/acknowledge")
        seen = next(told)

    assert (raised["kind"], raised["acknowledged_by"]) == ("forced_open", None)
    assert (seen["id"], seen["acknowledged_by"]) == (raised["id"], "admin")
    assert seen["version"] > raised["version"]


def test_who_may_not_see_alarms_is_told_of_none(bench: Bench) -> None:
    node, reader = bench.node(), bench.planted("personnel").client
    with reader.stream("GET", "/api/v1/stream") as console:
        told = messages(console)
        next(told)
        tell(node, 1)
        bench.person()

        kinds = [next(told)[0]]

    assert "alarm" not in kinds


def test_a_flood_loses_nothing_and_hides_no_duress(bench: Bench) -> None:
    node = bench.node()
    with bench.administrator.stream("GET", "/api/v1/stream") as console:
        told = changed(messages(console))
        facts = [RefusalsRepeated(access_point=f"lane-{n}", count=5) for n in range(FLOOD_COUNT)]
        for start in range(0, FLOOD_COUNT, BATCH_COUNT):
            some = facts[start : start + BATCH_COUNT]
            events = [node.event(start + n, fact=fact, time=node.clock())
                      for n, fact in enumerate(some, start=1)]  # fmt: skip
            node.send(*events)
        tell(node, FLOOD_COUNT + 1, DURESS)
        while (alarm := next(told))["kind"] != "duress":
            pass

    body = bench.administrator.get(PATH).json()
    shown = sum(each["kind"] == "refusals" for each in body["items"])
    assert alarm["is_gathered"] is False
    assert shown + body["flood"]["gathered"]["refusals"] == FLOOD_COUNT


def test_an_alarm_that_chatters_is_one_line_and_every_raise_counts(bench: Bench) -> None:
    node = bench.node()

    for sequence in range(1, 21):
        tell(node, sequence, FORCED if sequence % 2 else DoorForcedOpen(device="gate-9"))
    node.send(
        *(node.event(20 + n, fact=DeviceLost(device=f"d-{n}", detail=""), time=node.clock())
          for n in range(1, 4))
    )  # fmt: skip

    assert [each["kind"] for each in listed(bench)].count("forced_open") == 2
