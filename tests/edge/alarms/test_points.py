"""What contacts and panels say of panic and intruders, told once."""

import pytest

from config.contract.alarms_events import IntrusionChanged, PanicPressed
from config.site_alarms import PanicButtonEntry
from drivers.base import InputChanged, PointChanged, PointCondition
from edge.alarms.points import POINT_COUNT_MAX, AlarmPoints

DESK = PanicButtonEntry(id="desk", device="board", input=3)
WIRED = PanicButtonEntry(id="till", device="board", input=4, opens=True)


def panel(point: str, *conditions: PointCondition) -> PointChanged:
    return PointChanged(point, conditions)


def test_a_button_is_told_when_it_is_pressed_and_when_it_is_let_go() -> None:
    points = AlarmPoints("board", [DESK])

    told = [points.observe(InputChanged(3, active=active)) for active in (True, True, False)]

    assert told == [
        PanicPressed(button="desk", active=True), None, PanicPressed(button="desk", active=False),
    ]  # fmt: skip


def test_a_cut_wire_of_a_button_that_opens_is_a_panic() -> None:
    points = AlarmPoints("board", [WIRED])

    assert points.observe(InputChanged(4, active=False)) == PanicPressed(button="till", active=True)


def test_contacts_of_nobody_are_no_panic() -> None:
    assert AlarmPoints("board", [DESK]).observe(InputChanged(0, active=True)) is None


def test_what_a_button_says_after_its_board_was_lost_is_told_again() -> None:
    points = AlarmPoints("board", [DESK])
    points.observe(InputChanged(3, active=True))

    points.forget()

    assert points.observe(InputChanged(3, active=True)) == PanicPressed(button="desk", active=True)


def test_a_panels_point_is_told_when_what_holds_there_changes() -> None:
    points = AlarmPoints("panel")
    burglary, tamper = PointCondition.BURGLARY, PointCondition.TAMPER

    told = [points.observe(panel("1234/1/5", *c)) for c in ((burglary,), (tamper, burglary), ())]

    assert [fact.conditions for fact in told if isinstance(fact, IntrusionChanged)] == [
        ("burglary",), ("burglary", "tamper"), (),
    ]  # fmt: skip


def test_an_intruder_of_before_the_start_is_ended_and_a_fire_panel_is_left_in_peace() -> None:
    ended = AlarmPoints("panel").observe(panel("5"))
    fire = AlarmPoints("panel", tells_fire=True).observe(panel("5", PointCondition.FIRE))

    assert ended == IntrusionChanged(device="panel", point="5", conditions=())
    assert fire is None


@pytest.mark.parametrize("address", ["", "x" * 500, "a\x00b\n", "\ud800"])
def test_any_address_of_a_hostile_panel_fits_an_event(address: str) -> None:
    fact = AlarmPoints("panel").observe(panel(address, PointCondition.PANIC))

    assert isinstance(fact, IntrusionChanged)
    assert fact.point.isprintable()
    assert fact.model_dump_json()


def test_a_panel_that_makes_up_points_fills_no_memory() -> None:
    points = AlarmPoints("panel")

    for number in range(POINT_COUNT_MAX + 10):
        points.observe(panel(str(number), PointCondition.BURGLARY))

    assert len(points) == POINT_COUNT_MAX
