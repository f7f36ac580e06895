from itertools import pairwise
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.machine import DiskStatus
from edge.machine.disk import (
    CALM_FACTOR,
    DAY_S,
    WRITTEN_AFTER_S,
    Written,
    card_years,
    is_short,
    kind_of,
    status,
    written_mb_a_day,
)


@given(st.lists(st.floats(0, 1_000), min_size=2, max_size=50))
def test_around_the_limit_a_disk_does_not_flap(frees_mb: list[float]) -> None:
    was_short, told = False, list[bool]()
    for free_mb in frees_mb:
        was_short = is_short(free_mb, limit_mb=300, was_short=was_short)
        told.append(was_short)

    for (free_before, before), (free_mb, now) in pairwise(zip(frees_mb, told, strict=True)):
        assert now == (free_mb < 300 if not before else free_mb < 300 * CALM_FACTOR)
        assert before == now or abs(free_mb - free_before) > 0


def test_it_is_short_below_the_limit_until_a_fifth_more_is_free() -> None:
    assert not is_short(300, limit_mb=300, was_short=False)
    assert is_short(299.9, limit_mb=300, was_short=False)
    assert is_short(359.9, limit_mb=300, was_short=True)
    assert not is_short(360, limit_mb=300, was_short=True)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("journal.sqlite3-wal", "journal"),
        ("journal.reserve", "journal"),
        ("journal.sqlite3.damaged-20261123T080000Z", "set_aside"),
        ("replica.sqlite3", "replica"),
        ("clips/0-clip-mp4-00", "clips"),
        ("signing.key", "other"),
    ],
)
def test_every_file_is_counted_as_something(path: str, kind: str) -> None:
    assert kind_of(PurePath(path)) == kind


def test_what_is_written_a_day_needs_an_hour() -> None:
    first = Written(0.0, 5_000_000)

    assert written_mb_a_day(first, Written(WRITTEN_AFTER_S - 1, 9_000_000)) is None
    assert written_mb_a_day(first, Written(DAY_S, 1_239_000_000)) == 1_200


@pytest.mark.parametrize(
    ("written_mb", "endurance_tb", "years"),
    [(1_000, 30.0, 82.1), (0, 30.0, 99.0), (1, 30.0, 99.0), (None, 30.0, None), (1, None, None)],
)
def test_how_long_a_card_lasts(
    written_mb: float | None, endurance_tb: float | None, years: float | None
) -> None:
    assert card_years(written_mb, endurance_tb=endurance_tb) == years


def report(free_bytes: int, before: DiskStatus | None = None) -> DiskStatus:
    return status(
        free_bytes=free_bytes,
        size_bytes=8_000_000_000,
        used_bytes={"journal": 1, "clips": 0},
        before=before,
        limit_mb=300,
        written_mb=1_000,
        endurance_tb=30.0,
    )


def test_a_report_says_nothing_new_for_a_few_megabytes() -> None:
    before = report(1_234_567_890)

    assert before == report(1_231_000_000, before)
    assert (before.free_mb, before.size_mb, before.used_mb) == (1_230, 8_000, {"journal": 1})


def test_a_short_disk_is_reported_until_it_is_calm() -> None:
    short = report(299_000_000)

    assert short.is_short
    assert report(350_000_000, short).is_short
    assert not report(361_000_000, short).is_short
