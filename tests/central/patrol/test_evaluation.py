"""What rounds come to, minute by minute."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.patrol.assignment import Scan, assign
from central.patrol.evaluation import RoundResult, alarms_due, evaluate, next_look
from central.patrol.rounds import PlannedRound
from tests.central.patrol.planning import START, a_round, a_scan, minutes


def at(
    minute: float,
    scans: Sequence[Scan] = (),
    *,
    planned: PlannedRound | None = None,
    before: RoundResult | None = None,
) -> RoundResult:
    """Return what a round has come to so many minutes after its start."""
    planned = planned or a_round()
    assigned = assign([planned], scans)
    chosen = [assigned.get((planned.round_id, index)) for index in range(len(planned.stops))]
    return evaluate(planned, chosen, now=START + minutes(minute), before=before)


def statuses(result: RoundResult) -> list[str]:
    return [stop.status.value for stop in result.stops]


def kinds(result: RoundResult, minute: float, *, planned: PlannedRound | None = None) -> list[str]:
    return sorted(alarms_due(planned or a_round(), result, now=START + minutes(minute)))


def told(result: RoundResult, index: int, *names: str) -> RoundResult:
    """Return a result in which alarms were given for a stop."""
    stop = result.stops[index].model_copy(update={"told": dict.fromkeys(names, START)})
    return RoundResult(stops=(*result.stops[:index], stop, *result.stops[index + 1 :]))


WALK = (a_scan("gate", 5), a_scan("plant", 15), a_scan("roof", 25))


def test_a_round_that_is_walked_in_time_calls_for_nothing() -> None:
    result = at(26, WALK)

    assert statuses(result) == ["done", "done", "done"]
    assert (kinds(result, 26), next_look(a_round(), result, now=START)) == ([], None)
    assert not any(stop.is_abnormal for stop in result.stops)


@pytest.mark.parametrize(
    ("minute", "status", "alarms"),
    [
        (-3, "waiting", []),
        (0, "open", []),
        (12, "open", []),
        (12.1, "overdue", ["patrol_late"]),
        (22, "missed", ["patrol_missed"]),
    ],
)
def test_time_alone_makes_a_stop_overdue_and_then_missed(
    minute: float, status: str, alarms: list[str]
) -> None:
    result = at(minute, planned=a_round("gate"))

    assert statuses(result) == [status]
    assert kinds(result, minute, planned=a_round("gate")) == alarms


def test_time_is_looked_at_exactly_when_something_becomes_of_it() -> None:
    planned, now, seen = a_round("gate"), START - minutes(60), list[str]()
    while True:
        result = at((now - START).total_seconds() / 60, planned=planned)
        seen += statuses(result)
        look = next_look(planned, result, now=now)
        if look is None:
            break
        now = look

    assert seen == ["waiting", "open", "overdue", "missed"]
    assert now == planned.closes_at


def test_a_scan_after_its_time_is_late() -> None:
    result = at(13, [a_scan("gate", 13)], planned=a_round("gate"))

    assert statuses(result) == ["late"]
    assert kinds(result, 13, planned=a_round("gate")) == ["patrol_late"]


def test_a_scan_before_its_time_is_early_until_the_guard_comes_again() -> None:
    early = [a_scan("gate", 1), a_scan("plant", 2)]

    first, again = at(3, early), at(16, [*early, a_scan("plant", 16)])

    assert statuses(first)[:2] == ["done", "early"]
    assert kinds(first, 3) == ["patrol_early"]
    assert statuses(again)[:2] == ["done", "done"]


def test_whoever_skips_a_stop_is_out_of_order_until_the_skipped_one_is_missed() -> None:
    skipping = [a_scan("plant", 9)]

    skipped, over = at(9, skipping), at(22, skipping)

    assert [stop.is_out_of_order for stop in skipped.stops] == [False, True, False]
    assert kinds(skipped, 9) == ["patrol_order"]
    assert [stop.is_out_of_order for stop in over.stops] == [False, False, False]
    assert statuses(over)[:2] == ["missed", "done"]


def test_an_order_that_a_late_report_sets_right_was_right() -> None:
    seen = [a_scan("plant", 15)]
    wrong = told(at(15, seen), 1, "patrol_order")

    right = at(40, [*seen, a_scan("gate", 5, heard_min=40)], before=wrong)

    assert not right.stops[1].is_out_of_order
    assert "patrol_order" in right.stops[1].told, "that an alarm was given is not hidden"


def test_a_free_route_has_no_order() -> None:
    free = a_round(is_ordered=False)

    result = at(9, [a_scan("plant", 9)], planned=free)

    assert not any(stop.is_out_of_order for stop in result.stops)


@pytest.mark.parametrize(("holder_id", "guard"), [("ben", "wrong"), (None, "unknown")])
def test_another_guard_than_planned_is_an_alarm_and_was_there(
    holder_id: str | None, guard: str
) -> None:
    result = at(5, [a_scan("gate", 5, holder_id=holder_id)])

    assert (result.stops[0].status, result.stops[0].guard) == ("done", guard)
    assert kinds(result, 5) == ["patrol_guard"]


def test_where_anybody_may_walk_nobody_is_the_wrong_guard() -> None:
    anybody = a_round(guards=())

    result = at(5, [a_scan("gate", 5, holder_id=None)], planned=anybody)

    assert (result.stops[0].guard, kinds(result, 5, planned=anybody)) == (None, [])


def test_a_missed_stop_whose_scan_arrives_later_is_done_reported_late_and_was_alarmed() -> None:
    """Offline scans have honest time: the reader was away, not the guard."""
    missed = told(at(30, planned=a_round("gate")), 0, "patrol_late", "patrol_missed")

    revised = at(90, [a_scan("gate", 5, heard_min=90)], planned=a_round("gate"), before=missed)

    (stop,) = revised.stops
    assert (stop.status, stop.is_reported_late) == ("done", True)
    assert set(stop.told) == {"patrol_late", "patrol_missed"}
    assert kinds(revised, 90, planned=a_round("gate")) == []


def test_a_replayed_scan_is_history_and_opens_no_alarm() -> None:
    old = [a_scan("gate", 5, heard_min=300, holder_id="ben")]

    result = at(300, old, planned=a_round("gate"))

    assert result.stops[0].guard == "wrong"
    assert kinds(result, 300, planned=a_round("gate")) == []


def test_what_was_missed_while_central_was_away_for_long_is_history() -> None:
    planned = a_round("gate")

    soon, late = at(60, planned=planned), at(600, planned=planned)

    assert (kinds(soon, 60, planned=planned), kinds(late, 600, planned=planned)) == (
        ["patrol_missed"],
        [],
    )


def test_after_a_start_silence_proves_nothing_yet() -> None:
    planned = a_round("gate")
    missed, wrong = at(22, planned=planned), at(5, [a_scan("gate", 5, holder_id="ben")])

    held = alarms_due(planned, missed, now=START + minutes(22), is_settling=True)
    scan = alarms_due(a_round(), wrong, now=START + minutes(5), is_settling=True)

    assert (held, scan) == ({}, {"patrol_guard": (0,)})


def test_an_alarm_is_given_once_for_each_stop() -> None:
    planned = a_round("gate", "plant")
    first = at(22, planned=planned)
    due = alarms_due(planned, first, now=START + minutes(22))

    second = at(32, planned=planned, before=told(first, 0, "patrol_missed"))

    assert due == {"patrol_missed": (0,)}
    assert alarms_due(planned, second, now=START + minutes(32)) == {"patrol_missed": (1,)}


def test_a_clock_that_is_not_sure_proves_neither_order_nor_lateness() -> None:
    unsure = [a_scan("plant", 3, is_time_unsure=True), a_scan("gate", 13, is_time_unsure=True)]

    result = at(13, unsure)

    assert all(stop.is_time_unsure for stop in result.stops[:2])
    assert kinds(result, 13) == []


def test_twenty_points_in_less_than_15_minutes_are_all_done() -> None:
    """LiinooRF/Guard #10."""
    names = [f"p{n}" for n in range(20)]
    planned = a_round(*names, is_ordered=True)
    window = {"from_at": START, "until_at": START + minutes(15)}
    stops = tuple(stop.model_copy(update=window) for stop in planned.stops)
    planned = planned.model_copy(update={"stops": stops})

    result = at(15, [a_scan(name, 0.7 * n) for n, name in enumerate(names)], planned=planned)

    assert statuses(result) == ["done"] * 20
    assert not any(stop.is_abnormal for stop in result.stops)


@given(st.permutations(list(range(6))), st.integers(0, 6))
def test_the_order_in_which_scans_arrive_changes_nothing(order: list[int], count: int) -> None:
    scans = [*WALK, a_scan("gate", 11), a_scan("roof", 33), a_scan("plant", 1, holder_id="ben")]
    first = at(60, scans)
    partly = at(60, [scans[index] for index in order[:count]])

    again = at(60, [scans[index] for index in order], before=partly)

    assert again == first


def test_a_result_survives_the_database() -> None:
    result = told(at(16, WALK), 1, "patrol_late")

    assert RoundResult.model_validate_json(result.model_dump_json()) == result
