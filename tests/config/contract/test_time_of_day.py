"""A time of the day is the site's, and is described as what it is."""

import re
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.contract.time_of_day import PATTERN, TimeOfDay

TIMES = TypeAdapter[time](TimeOfDay)


@pytest.mark.parametrize(
    ("said", "kind"),
    [("22:00Z", "time_with_offset"), ("22:00+08:00", "time_with_offset")],
)
def test_what_is_no_time_of_the_sites_clock_is_refused(said: str, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TIMES.validate_python(said)

    assert kind in refused.value.errors()[0]["type"]


def test_parts_of_a_second_are_refused() -> None:
    with pytest.raises(ValidationError, match="no parts of a second"):
        TIMES.validate_python("22:00:00.5")


@given(st.from_regex(PATTERN, fullmatch=True).map(str.strip))
def test_whatever_is_described_is_taken(said: str) -> None:
    assert TIMES.validate_python(said).isoformat().startswith(said)


@given(st.times(timezones=st.none()).map(lambda each: each.replace(microsecond=0)))
def test_whatever_is_told_is_described(told: time) -> None:
    said = TIMES.dump_python(told, mode="json")

    assert re.search(PATTERN, said)
    assert TIMES.json_schema()["pattern"] == PATTERN
