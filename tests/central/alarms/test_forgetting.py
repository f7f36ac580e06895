"""Alarms that are closed go after their days; what stands stays, and versions go on."""

from tests.central.alarms.raising import DURESS, PATH, SECURED, listed, tell
from tests.central.bench import Bench, Node
from tests.central.retention.timers import run_timers


def closed(bench: Bench, node: Node, sequence: int) -> None:
    """Let a door be forced, seen to and closed."""
    tell(node, sequence)
    bench.signed_in_again().post(f"{PATH}/acknowledge", json={"ids": [listed(bench)[0]["id"]]})
    tell(node, sequence + 1, SECURED)


def test_what_became_of_an_alarm_goes_after_its_days_and_what_stands_stays(
    any_bench: Bench,
) -> None:
    node = any_bench.node()
    closed(any_bench, node, 1)
    tell(node, 3, DURESS)
    any_bench.clock.advance(days=731)
    any_bench.signed_in_again()

    run_timers(any_bench)

    assert listed(any_bench, "closed") == []
    assert "duress" in [each["kind"] for each in listed(any_bench)]
    assert any_bench.row("SELECT count(*) FROM alarm_history WHERE act = 'closed'") == (0,)


def test_a_source_whose_alarm_was_forgotten_is_raised_anew_with_a_later_version(
    bench: Bench,
) -> None:
    node = bench.node()
    closed(bench, node, 1)
    before = bench.row("SELECT max(version) FROM alarms")
    bench.clock.advance(days=731)
    run_timers(bench)

    tell(node, 3)

    bench.signed_in_again()
    (alarm,) = [each for each in listed(bench) if each["kind"] == "forced_open"]
    assert (alarm["count"], alarm["version"] > before[0]) == (1, True)
