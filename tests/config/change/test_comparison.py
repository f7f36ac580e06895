"""What differs between two site files, and what is lost by it."""

from typing import Any

import pytest

from config.change.comparison import changes
from config.change.losses import Weight, losses
from config.site import Site

BASE: dict[str, Any] = {
    "site": {"id": "hall", "name": {"en": "Hall"}},
    "node": [{"id": "gate-1"}],
    "bus": [{"id": "line-1", "node": "gate-1", "port": "/dev/ttyUSB0"}],
    "device": [
        {"id": "gate", "driver": "speed_gate", "bus": "line-1", "settings": {"unit_id": 1}},
        {"id": "panel", "driver": "gbt26875", "bus": "line-1"},
    ],
    "camera": [{"id": "camera-1", "node": "gate-1", "url": "rtsp://admin:old@192.0.2.1/1"}],
    "access_point": [
        {"id": "in", "node": "gate-1", "device": "gate", "camera": "camera-1"},
        {
            "id": "out",
            "node": "gate-1",
            "device": "gate",
            "direction": "out",
            "free_egress": True,
        },
    ],
    "fire_zone": [{"id": "all"}],
    "fire_input": [{"zone": "all", "device": "panel"}],
    "merchant": [{"id": "canteen"}],
    "till": [{"id": "till-1", "node": "gate-1", "merchant": "canteen"}],
}


def site(**tables: Any) -> Site:  # noqa: ANN401 - as a site file has them
    """Return the site with other tables."""
    return Site.model_validate({**BASE, **tables})


def said(after: Site) -> list[str]:
    return [str(change) for change in changes(site(), after)]


def lost(after: Site, weight: Weight) -> list[str]:
    return [loss.message for loss in losses(site(), after) if loss.weight is weight]


def points(**out: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as a site file has them
    """Return the access points, the way out with other settings."""
    way_in, way_out = BASE["access_point"]
    return [way_in, {**way_out, **out}]


def test_the_same_file_changes_nothing() -> None:
    assert said(site()) == []
    assert list(losses(site(), site())) == []


def test_entries_are_added_removed_and_changed_by_their_settings() -> None:
    after = site(
        device=[
            {"id": "gate", "driver": "speed_gate", "bus": "line-1", "settings": {"unit_id": 2}},
            {"id": "panel", "driver": "gbt26875", "bus": "line-1"},
            {"id": "board", "driver": "waveshare_relay", "bus": "line-1"},
        ],
        till=[],
        recognition={"strangers": 0.01},
    )

    assert said(after) == [
        "recognition changed: strangers: 0.001 -> 0.01",
        "device gate changed: settings.unit_id: 1 -> 2",
        "device board added",
        "till till-1 removed",
    ]


def test_no_password_is_shown() -> None:
    camera = {"id": "camera-1", "node": "gate-1", "url": "rtsp://admin:new@192.0.2.9/1"}
    device = {"id": "panel", "driver": "gbt26875", "bus": "line-1", "settings": {"password": "new"}}
    after = site(camera=[camera], device=[BASE["device"][0], device])

    shown = "\n".join(said(after))

    assert 'url: "rtsp://***@192.0.2.1/1" -> "rtsp://***@192.0.2.9/1"' in shown
    assert "settings.password: none -> ***" in shown
    assert "new" not in shown


def test_another_password_alone_is_said() -> None:
    camera = {**BASE["camera"][0], "url": "rtsp://admin:new@192.0.2.1/1"}

    assert said(site(camera=[camera])) == [
        'camera camera-1 changed: url: "rtsp://***@192.0.2.1/1" -> "rtsp://***@192.0.2.1/1"'
        " (another one)"
    ]


def test_a_way_out_that_is_gone_must_be_meant() -> None:
    after = site(access_point=[BASE["access_point"][0]])

    assert lost(after, Weight.TO_ACCEPT) == [
        "nobody leaves at out any more",
        "no way out is left through the gate gate",
        "no way out is left at the whole site",
    ]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"access_point": points(free_egress=False)}, "leaving at out needs a face"),
        ({"fire_zone": [], "fire_input": []}, "no fire releases in any more"),
        ({"fire_zone": [{"id": "all", "releases": ["in"]}]}, "no fire releases out any more"),
        ({"fire_input": []}, "points '*' of panel are no fire in all any more"),
        ({"fire_zone": [{"id": "all", "confirm_by": ["panel"]}]}, "two_devices does not confirm"),
        ({"retention": {"alarms_days": 180}}, "retention.alarms_days 730 -> 180"),
        ({"policy": {"audit_kept_days": 180}}, "policy.audit_kept_days 730 -> 180"),
        ({"policy": {"has_separate_administrators": True}}, "security administrator"),
    ],
)
def test_people_kept_in_and_data_that_is_gone_must_be_meant(
    tables: dict[str, Any], words: str
) -> None:
    assert any(words in message for message in lost(site(**tables), Weight.TO_ACCEPT))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"access_point": points()[1:]}, "nobody comes in at in any more"),
        ({"till": []}, "nobody pays at till till-1 any more"),
        ({"recognition": {"strangers": 0.01}}, "more strangers are taken for somebody"),
        ({"recognition": {"masks": "ignore"}}, "recognition.masks: nobody looks for it"),
        ({"policy": {"second_factor_roles": []}}, "needs no second factor"),
        (
            {"access_point": [{"id": "in", "node": "gate-1", "device": "gate"}, points()[1]]},
            "no face opens in any more",
        ),
    ],
)
def test_what_else_is_lost_is_said(tables: dict[str, Any], words: str) -> None:
    after = site(**tables)

    assert any(words in message for message in lost(after, Weight.NOTED))
    assert lost(after, Weight.TO_ACCEPT) == []


def test_the_file_of_another_site_is_refused() -> None:
    after = site(site={"id": "pool", "name": {"en": "Pool"}})

    assert len(lost(after, Weight.REFUSED)) == 1
