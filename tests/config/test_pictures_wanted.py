from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from config.contract.events import EVENT_TYPES, ClockQuality, Event
from config.contract.identifiers import new_id
from config.pictures_wanted import WANTED, Scene
from config.site import Site, load_site
from tests.config.test_site import SMALL

POINTS = """
zone = "Lobby"
[[access_point]]
id = "east"
node = "n"
device = "d"
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    path = tmp_path / "site.toml"
    path.write_text(SMALL + POINTS, encoding="utf-8")
    return load_site(path)


def fact(name: str, **data: JsonValue) -> Event:
    model = EVENT_TYPES[f"menshen.{name}.v1"]
    return Event.model_validate(
        {
            "id": new_id(),
            "source": "/s/n",
            "type": model.type_name,
            "time": datetime(2026, 11, 29, tzinfo=UTC),
            "subject": "",
            "epoch": new_id(),
            "class": model.event_class,
            "sequence": 1,
            "clockquality": ClockQuality.SYNCHRONISED,
            "data": data,
        }
    )


def test_every_type_that_wants_pictures_is_one_of_the_contract() -> None:
    assert set(WANTED) <= set(EVENT_TYPES)


def test_a_forced_gate_is_about_its_points_and_its_place(site: Site) -> None:
    subjects = Scene(site).subjects(fact("door.forced_open", device="d"))

    assert subjects == ("d", "east", "Lobby")


def test_a_fire_is_about_its_zone_and_the_devices_that_told_of_it(site: Site) -> None:
    points: list[JsonValue] = [{"device": "d", "point": "10-2"}, "garbage"]

    subjects = Scene(site).subjects(fact("fire.confirmed", zone="a1", points=points))

    assert subjects == ("a1", "d", "east", "Lobby")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("door.tampered", {"device": "d", "active": False}),
        ("door.secured", {"device": "d"}),
        ("fire.confirmed", {"zone": "a1", "is_drill": True}),
        ("intrusion.changed", {"device": "d", "point": "1", "conditions": []}),
        ("access.granted", {"access_point": "east"}),
        ("video.clip_kept", {"camera": "c"}),
    ],
)
def test_what_is_over_normal_or_a_drill_wants_no_pictures(
    site: Site, name: str, data: dict[str, JsonValue]
) -> None:
    assert Scene(site).subjects(fact(name, **data)) == ()
