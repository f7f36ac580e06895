"""Where the things of a site stand: what the site file calls the place, else their terminal."""

from central.alarms.rooms import rooms_of
from central.alarms.sources import Key
from config.site import Site
from tests.central.bench import SITE

_DUMP = SITE.model_dump()
FURNISHED = Site.model_validate(
    {
        **_DUMP,
        "device": [
            {"id": "gate", "driver": "speed_gate", "bus": "line-1", "zone": "大厅"},
            {"id": "dome", "driver": "pelco_d", "bus": "line-1"},
            {"id": "panel", "driver": "gbt26875", "bus": "line-1", "zone": "消防控制室"},
        ],
        "panic_button": [{"id": "desk", "device": "gate", "input": 1}],
        "fire_input": [{"zone": "building", "device": "panel", "points": ["10-*"]}],
    }
)
ROOMS = rooms_of(FURNISHED)


def test_a_lane_and_a_button_are_where_their_gate_or_board_stands() -> None:
    keys = [
        Key("tailgating", "access_point", "lane", "gate-1"),
        Key("forced_open", "device", "gate", "gate-1"),
        Key("panic", "device", "desk", "gate-2"),
    ]

    assert {ROOMS.place(key) for key in keys} == {"room:大厅"}


def test_what_the_site_file_gives_no_place_is_where_its_terminal_is() -> None:
    assert ROOMS.place(Key("device_lost", "device", "dome", "gate-1")) == "gate-1"
    assert ROOMS.place(Key("node_lost", node="gate-2")) == "gate-2"
    assert ROOMS.place(Key("channel", "channel", "mail")) == "central"


def test_a_point_of_a_panel_is_where_its_fire_zone_is_and_not_where_the_panel_hangs() -> None:
    point = Key("fire_point", "device", "panel/10-7", "gate-1")
    other = Key("fire_point", "device", "panel/99-1", "gate-1")

    assert ROOMS.place(point) == ROOMS.place(Key("fire", "zone", "building", "gate-2"))
    assert ROOMS.place(other) == "gate-1"
    assert ROOMS.place(Key("fire_panel", "device", "panel", "gate-1")) == "room:消防控制室"
