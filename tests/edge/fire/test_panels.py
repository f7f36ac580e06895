import pytest

from config.contract.fire_events import PanelMode
from drivers.base import PointChanged, PointCondition
from edge.fire.panels import LISTED_COUNT_MAX, Panel


def system(*conditions: PointCondition) -> PointChanged:
    return PointChanged("1.1", conditions, kind="system")


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ([], PanelMode.UNKNOWN),
        ([PointChanged("transmitter", (), kind="transmitter")], PanelMode.UNKNOWN),
        ([system()], PanelMode.AUTO),
        ([system(PointCondition.MANUAL)], PanelMode.MANUAL),
        ([system(PointCondition.MANUAL), system()], PanelMode.AUTO),
    ],
)
def test_a_panel_is_automatic_only_once_it_has_said_so(
    said: list[PointChanged], mode: PanelMode
) -> None:
    panel = Panel("panel")
    for change in said:
        panel.take(change)

    assert panel.mode is mode


def test_supplies_are_the_panel_s_own_and_a_fire_is_none_of_them() -> None:
    panel = Panel("panel")
    panel.take(system(PointCondition.MAINS_FAULT, PointCondition.FIRE))
    panel.take(PointChanged("transmitter", (PointCondition.BATTERY_FAULT,), kind="transmitter"))

    assert panel.conditions == ("battery_fault", "mains_fault")


def test_disabled_and_faulty_points_are_listed_until_they_are_well_again() -> None:
    panel = Panel("panel")
    panel.take(PointChanged("1", (PointCondition.DISABLED, PointCondition.FAULT)))
    panel.take(PointChanged("2", (PointCondition.FAULT,)))
    panel.take(PointChanged("1", (PointCondition.DISABLED,)))

    assert (panel.fact().disabled, panel.fact().faulty) == (("1",), ("2",))


def test_a_hundred_points_are_listed_at_most() -> None:
    panel = Panel("panel")
    for number in range(LISTED_COUNT_MAX + 5):
        panel.take(PointChanged(f"{number:03}", (PointCondition.FAULT,)))

    assert len(panel.status().faulty) == LISTED_COUNT_MAX
