from datetime import timedelta

import pytest

from config.contract.fire_events import FireConfirmation
from config.contract.fire_status import RunningFireTest
from config.contract.identifiers import new_id
from config.site_fire import ConfirmedBy, FireInputEntry, FireZoneEntry
from drivers.base import PointChanged, PointCondition
from edge.fire.signals import POINT_COUNT_MAX, Signals
from tests.edge.conftest import NOW

FIRE, NORMAL = (PointCondition.FIRE,), ()
SMOKE, CALL_POINT = "smoke detector", "manual call point"


def signals(*confirm_by: ConfirmedBy, points: tuple[str, ...] = ("*",), **more: bool) -> Signals:
    zone = FireZoneEntry(id="a", confirm_by=confirm_by or ("panel", "two_devices"))
    return Signals([zone], [FireInputEntry(zone="a", device="panel", points=points, **more)])


def says(
    heard: Signals,
    point: str,
    conditions: tuple[PointCondition, ...] = FIRE,
    *,
    kind: str = SMOKE,
    device: str = "panel",
) -> FireConfirmation | None:
    heard.take(device, PointChanged(point, conditions, kind=kind))
    verdict = heard.verdict("a")
    return None if verdict is None else verdict.confirmed_by


def under_test(*points: str, minutes: int = 10) -> RunningFireTest:
    until = NOW + timedelta(minutes=minutes)
    return RunningFireTest(
        test_id=new_id(), zone="a", points=points, until=until, asked_by="user-1"
    )


@pytest.mark.parametrize("kind", ["system", "transmitter", "dry contacts", "panel"])
def test_the_panel_s_own_fire_is_one(kind: str) -> None:
    assert says(signals(), "1.1", kind=kind) is FireConfirmation.PANEL


def test_a_linkage_that_the_panel_has_started_is_a_fire() -> None:
    heard = signals()

    assert says(heard, "1.1/1.9", (PointCondition.STARTED,), kind="module") is (
        FireConfirmation.PANEL
    )


def test_two_independent_points_are_a_fire_and_the_same_one_twice_is_not() -> None:
    heard = signals()

    assert [says(heard, "1"), says(heard, "1"), says(heard, "2")] == [
        None,
        None,
        FireConfirmation.TWO_DEVICES,
    ]


def test_the_same_address_at_two_panels_is_two_points() -> None:
    zone = FireZoneEntry(id="a")
    heard = Signals([zone], [FireInputEntry(zone="a", device=d) for d in ("panel", "other")])
    says(heard, "1")

    assert says(heard, "1", device="other") is FireConfirmation.TWO_DEVICES


def test_a_prealarm_or_a_fault_is_no_fire() -> None:
    heard = signals("one_device")

    assert says(heard, "1", (PointCondition.PREALARM, PointCondition.FAULT)) is None


def test_bit_0_test_never_hides_a_fire() -> None:
    heard = signals()

    assert says(heard, "1.1", (PointCondition.FIRE, PointCondition.TEST), kind="system") is (
        FireConfirmation.PANEL
    )


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (("panel", "two_devices"), None),
        (("call_point",), FireConfirmation.CALL_POINT),
        (("one_device",), FireConfirmation.ONE_DEVICE),
    ],
)
def test_a_call_point_alone_is_the_site_s_choice(
    rules: tuple[ConfirmedBy, ...], expected: FireConfirmation | None
) -> None:
    assert says(signals(*rules), "9", kind=CALL_POINT) is expected


def test_a_call_point_and_a_detector_are_two_points() -> None:
    heard = signals()
    says(heard, "9", kind=CALL_POINT)

    assert says(heard, "1") is FireConfirmation.TWO_DEVICES


def test_a_site_may_leave_the_panel_s_own_state_out() -> None:
    assert says(signals("two_devices"), "1.1", kind="system") is None


def test_points_of_another_zone_do_not_count() -> None:
    heard = signals(points=("1.1/10.*",))
    says(heard, "1.1/10.1")

    assert says(heard, "1.1/11.1") is None
    assert heard.zones_of("panel", "1.1/11.1") == ()


def test_a_point_that_the_site_calls_confirmed_is_the_panel_s_own_state() -> None:
    assert says(signals(is_confirmed=True), "1234/1", kind="FA") is FireConfirmation.PANEL


def test_a_signal_that_was_taken_back_counts_no_more() -> None:
    heard = signals()
    says(heard, "1")
    says(heard, "1", NORMAL)

    assert says(heard, "2") is None


def test_what_a_panel_that_tells_all_does_not_say_again_is_over() -> None:
    heard = signals()
    says(heard, "1")
    says(heard, "2")

    heard.begin_round("panel")
    during = says(heard, "1")
    heard.end_round("panel")

    assert during is FireConfirmation.TWO_DEVICES
    assert heard.verdict("a") is None
    assert heard.alerts("a") == ("1",)


def test_points_under_test_confirm_nothing_and_all_others_still_do() -> None:
    heard = signals()
    heard.begin_test(under_test("1", "3?"))

    assert [says(heard, "1"), says(heard, "31"), says(heard, "2")] == [None, None, None]
    assert says(heard, "4") is FireConfirmation.TWO_DEVICES
    assert heard.test_of("panel", "1") is not None


def test_a_test_without_points_is_of_all_of_its_zone() -> None:
    heard = signals()
    heard.begin_test(under_test())

    assert says(heard, "1.1", kind="system") is None


def test_a_point_that_signals_still_counts_when_its_test_ends() -> None:
    heard, test = signals(), under_test()
    heard.begin_test(test)
    says(heard, "1.1", kind="system")

    over = heard.tests_over(NOW + timedelta(minutes=10))
    heard.end_test(test.test_id)

    assert over == [test]
    assert heard.verdict("a") is not None


def test_a_line_that_invents_points_fills_nothing_and_hides_no_fire() -> None:
    heard = signals()
    for number in range(POINT_COUNT_MAX + 10):
        heard.take("panel", PointChanged(f"invented {number}", (PointCondition.FAULT,)))

    assert says(heard, "1.1", kind="system") is FireConfirmation.PANEL
