from datetime import UTC, datetime, timedelta

from config.contract.identifiers import new_id
from edge.video.clips import LENGTH_MAX, Clip, ClipBook

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_book(*, per_hour: int = 60) -> ClipBook:
    return ClipBook(before=6 * SECOND, after=4 * SECOND, per_hour=per_hour)


def want(book: ClipBook, at_s: float, *, camera: str = "c") -> Clip | None:
    return book.want(camera, at=NOW + at_s * SECOND, about=new_id(), subjects=["east"])


def test_a_clip_has_at_least_five_seconds_before_its_fact() -> None:
    clip = want(a_book(), 0)

    assert clip is not None
    assert clip.at - clip.from_at >= 5 * SECOND


def test_a_clip_is_due_once_when_its_end_is_over() -> None:
    book = a_book()
    want(book, 0)

    assert [len(book.due(now=NOW + s * SECOND)) for s in (3.9, 4, 5)] == [0, 1, 0]


def test_a_further_fact_prolongs_the_clip_that_shows_it_and_is_named_in_it() -> None:
    book = a_book()
    want(book, 0)

    assert want(book, 2) is None
    (clip,) = book.due(now=NOW + 6 * SECOND)
    assert (len(clip.about), clip.to_at) == (2, NOW + 6 * SECOND)


def test_a_flood_makes_a_bounded_number_of_bounded_clips_and_counts_the_rest() -> None:
    book, lengths = a_book(per_hour=5), list[timedelta]()

    for at_s in range(600):
        want(book, at_s)
        lengths += [clip.to_at - clip.from_at for clip in book.due(now=NOW + at_s * SECOND)]

    assert len(lengths) == 5
    assert max(lengths) <= LENGTH_MAX
    assert book.limited_count > 0


def test_cameras_do_not_share_their_hourly_number() -> None:
    book = a_book(per_hour=1)

    assert [want(book, s, camera=c) is not None for s, c in ((0, "a"), (0, "b"))] == [True, True]


def test_an_hour_later_clips_are_made_again() -> None:
    book = a_book(per_hour=1)
    want(book, 0)
    book.due(now=NOW + 60 * SECOND)

    assert want(book, 1_800) is None
    assert want(book, 3_601) is not None
