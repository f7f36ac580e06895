"""Drivers and simulators by name."""

import dataclasses

import pytest

from drivers.bus import Bus
from drivers.registry import create, driver_class, make_settings, names, simulator_names
from drivers.speed_gate import SpeedGate


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    unit_id: int = 1
    timeout_s: float = 0.25
    label: str = ""

    def __post_init__(self) -> None:
        if self.unit_id > 247:
            raise ValueError("example: unit_id is 1..247")


def test_drivers_in_the_tree_are_found_by_their_module_s_name() -> None:
    assert {"speed_gate", "waveshare_relay"} <= set(names())


def test_every_driver_has_a_simulator_of_the_same_name() -> None:
    in_the_tree = {name for name in names() if driver_class(name).__module__ == f"drivers.{name}"}

    assert in_the_tree <= set(simulator_names())


def test_a_driver_is_made_from_the_site_file_s_settings() -> None:
    assert isinstance(create("speed_gate", Bus("none"), {"unit_id": 7}), SpeedGate)


@pytest.mark.parametrize("name", ["", "nonesuch", "../speed_gate", "drivers.speed_gate", "base"])
def test_a_name_that_is_no_driver_is_one_line_that_names_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"no driver .*speed_gate, .*waveshare_relay") as caught:
        create(name, Bus("none"), {})

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"speed": 3}, "no setting 'speed'; it has: unit_id, timeout_s, label"),
        ({"unit_id": "3"}, "unit_id is int, not '3'"),
        ({"unit_id": True}, "unit_id is int, not True"),
        ({"unit_id": 3.5}, r"unit_id is int, not 3\.5"),
        ({"timeout_s": "soon"}, "timeout_s is float, not 'soon'"),
        ({"timeout_s": False}, "timeout_s is float, not False"),
        ({"label": 3}, "label is str, not 3"),
        ({"unit_id": 248}, r"unit_id is 1\.\.247"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    given: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        make_settings("example", Settings, given)

    assert "\n" not in str(caught.value)


def test_a_whole_number_is_a_number_of_seconds() -> None:
    assert make_settings("example", Settings, {"timeout_s": 1}) == Settings(timeout_s=1)


@pytest.mark.parametrize(
    "given",
    [
        {"unit_id": 0},
        {"unit_id": 248},
        {"timeout_s": 0.0},
        {"timeout_s": 6.0},
        {"attempt_count": 0},
        {"open_time_s": 0},
        {"watchdog_s": -1},
    ],
)
def test_a_gate_s_settings_have_their_limits(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"speed_gate: {next(iter(given))} is"):
        create("speed_gate", Bus("none"), given)
