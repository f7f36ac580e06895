from datetime import UTC, datetime, timedelta

from config.contract.picture_sequence import JPEG_BEGIN, Picture
from edge.video.ring import PictureRing

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def picture(at_s: float, *, size_bytes: int = 100) -> Picture:
    return Picture(JPEG_BEGIN + bytes(size_bytes - 3), NOW + at_s * SECOND)


def ring_of(*pictures: Picture, span_s: int = 10, size_bytes_max: int = 100_000) -> PictureRing:
    ring = PictureRing(span=span_s * SECOND, size_bytes_max=size_bytes_max)
    for each in pictures:
        ring.add(each)
    return ring


def test_pictures_that_are_older_than_the_span_give_way() -> None:
    ring = ring_of(*(picture(s) for s in range(60)))

    assert len(ring) == 11
    assert ring.newest == picture(59)


def test_the_ring_is_bounded_in_bytes_however_large_a_picture_is() -> None:
    ring = ring_of(*(picture(s, size_bytes=400) for s in range(10)), size_bytes_max=1_000)

    assert len(ring) == 2


def test_a_single_picture_stays_even_if_it_is_too_large() -> None:
    assert len(ring_of(picture(0, size_bytes=400), size_bytes_max=100)) == 1


def test_a_span_has_its_ends_and_nothing_else() -> None:
    ring = ring_of(*(picture(s) for s in range(9)))

    assert ring.between(NOW + 2 * SECOND, NOW + 4 * SECOND) == [picture(s) for s in (2, 3, 4)]


def test_a_clock_that_is_set_back_costs_no_picture_and_mixes_no_times() -> None:
    ring = ring_of(picture(5), picture(6), picture(-100))

    times = [p.taken_at for p in ring.between(NOW - 200 * SECOND, NOW)]
    assert times == [NOW + s * SECOND for s in (-101, -100, -100)]
