"""Which of several came first: in one room, or at one terminal whose equipment fails together."""

from datetime import UTC, datetime, timedelta

from central.alarms.first import Begun, first_up

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def begun(
    name: str, second: float, place: str = "gate-1", *, kind: str = "tamper", node: str = "gate-1"
) -> Begun:
    at = NOW + timedelta(seconds=second)
    return Begun(alarm_id=name, kind=kind, raised_at=at, place=place, terminal=node)


def test_one_alone_is_not_the_first_of_anything() -> None:
    assert first_up([begun("a", 0), begun("b", 31)]) == []


def test_what_follows_within_half_a_minute_in_one_room_has_a_first_whatever_tells_of_it() -> None:
    lines = [
        begun("a", 0, "room:lobby", node="gate-1"),
        begun("b", 20, "room:lobby", node="gate-2"),
        begun("c", 45, "room:lobby", node="gate-2"),
    ]

    assert first_up(lines) == ["a"]


def test_two_rooms_of_one_terminal_have_nothing_to_do_with_each_other() -> None:
    assert first_up([begun("a", 0, "room:lobby"), begun("b", 5, "room:roof")]) == []


def test_equipment_of_one_terminal_fails_together_whatever_the_rooms() -> None:
    lost = [
        begun("a", 0, "room:lobby", kind="device_lost"),
        begun("b", 1, "room:roof", kind="device_lost"),
        begun("c", 2, "room:roof", kind="tamper"),
        begun("d", 3, "room:lobby", kind="device_lost", node="gate-2"),
    ]

    assert first_up(lost) == ["a"], "one line or one supply, and what is in those rooms, too"


def test_what_stands_in_no_room_belongs_to_any_of_its_terminal() -> None:
    lines = [begun("a", 0, "room:lobby"), begun("b", 5, "room:roof"), begun("c", 10)]

    assert first_up(lines) == ["a"]
    assert first_up([begun("c", 0), begun("b", 5, "room:roof")]) == ["c"]


def test_a_row_has_one_first_and_keeps_it() -> None:
    marked = Begun(
        alarm_id="a", kind="tamper", raised_at=NOW, place="room:x", terminal="n", is_marked=True
    )

    assert first_up([marked, begun("b", 1, "room:x"), begun("c", 2, "room:x")]) == []
