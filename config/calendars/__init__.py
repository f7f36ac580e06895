"""Official calendars as data: one TOML file for each, named by its id."""

import functools
import tomllib
from pathlib import Path
from typing import Final

from config.contract.schedules import Calendar

FOLDER: Final = Path(__file__).parent
BY_TIME_ZONE: Final = {"Asia/Shanghai": "cn"}


@functools.cache
def shipped_calendar(time_zone: str) -> Calendar | None:
    """Return the calendar that this version brings for a site's zone, or None."""
    name = BY_TIME_ZONE.get(time_zone)
    if name is None:
        return None
    return Calendar.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")))
