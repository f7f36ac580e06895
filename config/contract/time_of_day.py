"""A time of the site's day, by its wall clock."""

from datetime import time
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _of_the_wall_clock(value: time) -> time:
    if value.tzinfo is not None:
        raise PydanticCustomError(
            "time_with_offset", "a time of the site's clock has no offset: write 11:30"
        )
    if value.microsecond:
        raise PydanticCustomError("time_too_fine", "a time of the day has no parts of a second")
    return value


TimeOfDay = Annotated[
    time,
    AfterValidator(_of_the_wall_clock),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": PATTERN,
            "description": "HH:MM or HH:MM:SS of the site's clock, without an offset",
        }
    ),
]
"""``HH:MM`` or ``HH:MM:SS``. JSON Schema's ``time`` is another thing: it demands an offset."""
