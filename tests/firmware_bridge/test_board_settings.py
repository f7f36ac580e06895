"""What the site file may say of a board, and what becomes of it on the board."""

from typing import Any

import pytest

from firmware_bridge.board_gate import BoardGateSettings
from firmware_bridge.board_settings import BoardSettings
from firmware_bridge.group import NO_FIRE_INPUT, Configuration

NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"address": 248}, "address is 0..247, not 248"),
    ({"hw": -1}, "hw is 0..4294967295, not -1"),
    ({"input_count": 33}, "input_count is 0..32, not 33"),
    ({"fire_input": 4}, "fire_input is 0..3 or -1, not 4"),
    ({"fire_input": 1, "input_tamper": 1}, "fire_input and input_tamper are the same input"),
    ({"fire_on": [2]}, "fire_on is a list of channels 0..1, not [2]"),
    ({"fire_on": 1}, "fire_on is a list of channels 0..1, not 1"),
    ({"inverted_inputs": [True]}, "inverted_inputs is a list of channels 0..3, not [True]"),
    ({"fire_on": [0, 1], "fire_off": [1]}, "a fire cannot switch output 1 on and off"),
    ({"safe": ["open"]}, "safe is a list of off, on, keep, not ['open']"),
    ({"safe": "on"}, "safe is a list of off, on, keep, not 'on'"),
    ({"safe": ["on"] * 3}, "safe names 3 outputs, output_count is less"),
    ({"watchdog_s": 0.1}, "watchdog_s is 0.5..60, or 0 for never, not 0.1"),
    ({"heartbeat_s": 2.0}, "heartbeat_s is at most 1.5, half of watchdog_s"),
    ({"debounce_s": 2.0}, "debounce_s is 0..1, not 2.0"),
    ({"trial_s": 5.0}, "trial_s is 10..3600, not 5.0"),
]
NONSENSE_OF_A_GATE: list[tuple[dict[str, Any], str]] = [
    ({"output_in": 2}, "output_in is 0..1, not 2"),
    ({"output_in": 1}, "two contacts are on the same channel"),
    ({"input_in": 1}, "two contacts are on the same channel"),
    ({"fire_input": 0}, "two contacts are on the same channel"),
    ({"input_out": 4}, "input_out is 0..3 or -1, not 4"),
    ({"pulse_s": 61.0}, "pulse_s is 0.05..60, not 61.0"),
    ({"safe_in": "open"}, "safe_in is shut, free or keep, not 'open'"),
    ({"fire_off": [1]}, "output 1 is the gate's: a fire sets it free by itself"),
]


@pytest.mark.parametrize(("given", "why"), NONSENSE)
def test_nonsense_is_refused_in_one_line(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=r"^board: ") as caught:
        BoardSettings(**given)

    assert why in str(caught.value)


@pytest.mark.parametrize(("given", "why"), NONSENSE_OF_A_GATE)
def test_nonsense_about_a_gate_is_refused_in_one_line(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=r"^board_gate: ") as caught:
        BoardGateSettings(**given)

    assert why in str(caught.value)


def test_a_board_as_delivered_need_not_be_written() -> None:
    assert BoardSettings().configuration(2) == Configuration(safe=(0, 0))


def test_what_the_site_file_says_is_what_the_board_must_have() -> None:
    settings = BoardSettings(
        watchdog_s=1.5, safe=["keep", "on"], fire_input=2, is_fire_open=False, fire_on=[0],
        fire_off=[1], inverted_inputs=[0, 3], debounce_s=0.05, trial_s=60.0,
    )  # fmt: skip

    assert settings.configuration(3) == Configuration(
        watchdog_ms=1500, safe=(2, 1, 0), fire_input=2, is_fire_inverted=False, fire_on=1,
        fire_off=2, inverted_inputs=9, stable_ms=50, trial_ms=60_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "beat_s"),
    [
        ({}, 0.75),
        ({"watchdog_s": 0.0}, 2.0),
        ({"heartbeat_s": 0.2}, 0.2),
        ({"watchdog_s": 60.0}, 2),
    ],
)
def test_several_heartbeats_fit_into_the_board_s_time(given: dict[str, Any], beat_s: float) -> None:
    assert BoardSettings(**given).beat_s == beat_s


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ({}, (0, 1, 0)),
        ({"safe_in": "free"}, (1, 1, 0)),
        ({"safe_in": "keep"}, (2, 1, 0)),
        ({"opens_when_off": True}, (1, 0, 0)),
        ({"opens_when_off": True, "safe_in": "free"}, (0, 0, 0)),
        ({"safe": ["on", "off", "on"]}, (0, 1, 1)),
    ],
)
def test_without_its_node_a_gate_s_way_out_is_free(
    given: dict[str, Any], safe: tuple[int, ...]
) -> None:
    settings = BoardGateSettings(output_count=3, **given)

    assert settings.configuration(3).safe == safe


@pytest.mark.parametrize(("is_lock", "masks"), [(False, (0b111, 0)), (True, (0b100, 0b011))])
def test_a_fire_at_the_board_opens_both_sides(is_lock: bool, masks: tuple[int, int]) -> None:
    settings = BoardGateSettings(output_count=3, fire_input=2, fire_on=[2], opens_when_off=is_lock)
    configuration = settings.configuration(3)

    assert (configuration.fire_on, configuration.fire_off) == masks


def test_without_a_fire_input_a_gate_s_fire_outputs_are_none() -> None:
    configuration = BoardGateSettings().configuration(2)

    assert (configuration.fire_input, configuration.fire_on) == (NO_FIRE_INPUT, 0)


def test_inputs_of_a_gate_are_not_free() -> None:
    settings = BoardGateSettings(input_count=8, input_fault=4, fire_input=5, input_tamper=7)

    assert settings.free_inputs == {2, 3, 6}
