"""A recording as a test: the driver runs again, and the far end says what it said then.

Time costs none. A request that was not made then is a difference, and so is one that is not made
now, and every observation or error that is another.
"""

import asyncio
import dataclasses
import difflib
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.base import Driver, DriverError, Observation
from drivers.driving import drive
from drivers.protocols.jsonl_recording import Entry, Failed, Observed
from drivers.recorder import observation_fields
from drivers.recording import Recording, load
from drivers.redaction import REDACTED
from drivers.registry import driver_class, make_settings
from drivers.replay_bus import DIFFERENCE_COUNT_MAX, ReplayBus


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay showed.

    Attributes:
        differences: None is what a test wants.
        reported: What the driver reported now, a line each.
        exchange_count: Requests that were made then and now.
    """

    differences: tuple[str, ...]
    reported: tuple[str, ...]
    exchange_count: int


def replay(
    recording: Recording, *, driver: str = "", settings: Mapping[str, Any] | None = None
) -> Outcome:
    """Run a driver on a recording.

    Args:
        recording: Of a line that its driver asked, or listened to.
        driver: Another one than the recording names.
        settings: Added to the recording's, or instead of them.

    Raises:
        ValueError: No such driver or setting, one that cannot be replayed, or none is named.
    """
    name = driver or recording.header.driver
    if not name:
        raise ValueError(f"{recording.path} names no driver: give one with --driver")
    if recording.path.suffix == ".osdpcap" or name == "osdp_reader":
        raise ValueError(
            "an OSDP recording is not replayed to a driver: numbers of its secure channel are drawn"
            " anew each time; without --driver its frames are checked"
        )
    is_same = name == recording.header.driver
    given = {**(recording.header.settings if is_same else {}), **(settings or {})}
    if missing := [key for key, value in given.items() if value == REDACTED]:
        raise ValueError(f"{', '.join(missing)} was taken out of the recording: give --set")
    bus = ReplayBus(recording)
    reported = list[str]()

    def tell(what: Observation | DriverError) -> None:
        if not bus.is_past_end:
            reported.append(_text_of(what))
        if isinstance(what, DriverError):
            bus.failed()

    asyncio.run(
        drive(
            _made(name, bus, given),
            tell=tell,
            is_over=lambda: bus.is_over,
            pause=lambda: bus.advance(recording.header.poll_s),
        )
    )
    differences = list(bus.differences)
    if is_same and not bus.differences:
        differences += _compared([_text(entry) for entry in recording.entries], reported)
    return Outcome(tuple(differences), tuple(reported), bus.exchange_count)


def assert_replays(path: Path) -> None:
    """Assert, for pytest, that a recording's driver asks and reports what it did then.

    Raises:
        AssertionError: It does not; the differences, a line each.
        ValueError: It is no sound recording.
    """
    differences = replay(load(path)).differences
    if differences:
        raise AssertionError("\n".join([f"{path.name} does not replay:", *differences]))


def _made(name: str, bus: ReplayBus, given: Mapping[str, Any]) -> Driver:
    """Return a driver whose clock is the recording's, if it takes one."""
    found: Any = driver_class(name)
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
    settings = make_settings(name, found.Settings, values)
    clock = (
        {"monotonic": bus.monotonic} if "monotonic" in inspect.signature(found).parameters else {}
    )
    driver: Driver = found(bus, settings, **clock)
    return driver


def _text_of(what: Observation | DriverError) -> str:
    if isinstance(what, DriverError):
        return type(what).__name__
    return f"{type(what).__name__} {_sorted_json(observation_fields(what))}"


def _text(entry: Entry) -> str:
    match entry:
        case Observed():
            return f"{entry.kind} {_sorted_json(entry.fields)}"
        case Failed():
            return entry.kind
    return ""


def _sorted_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, ensure_ascii=False)


def _compared(then: list[str], now: list[str]) -> list[str]:
    lines = difflib.unified_diff(
        _once([line for line in then if line]), _once(now), lineterm="", n=0
    )
    words = {"-": "not reported any more: ", "+": "reported now: "}
    return [
        words[line[0]] + line[1:]
        for line in lines
        if line[0] in words and not line.startswith(("---", "+++"))
    ][:DIFFERENCE_COUNT_MAX]


def _once(lines: list[str]) -> list[str]:
    """Return lines without repeated errors: how often one comes is a matter of milliseconds."""
    return [
        line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1] or " " in line
    ]
