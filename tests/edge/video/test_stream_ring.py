from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.video.stream_ring import PACKET_SIZE_BYTES, StreamRing

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PMT_PID, VIDEO_PID = 0x1000, 0x0100


def packet(pid: int, body: bytes = b"", *, is_key: bool = False) -> bytes:
    """Return a transport packet; a key picture's first one has its random access indicator."""
    head = bytes([0x47, 0x40 | pid >> 8, pid & 0xFF])
    adaptation = bytes([0x30, 7, 0x40, *bytes(6)]) if is_key else bytes([0x10])
    return (head + adaptation + body).ljust(PACKET_SIZE_BYTES, b"\xff")


def pat() -> bytes:
    # pointer, table 0, length, stream, version, sections; programme 1 has its table at PMT_PID
    entry = bytes([0, 1, 0xE0 | PMT_PID >> 8, PMT_PID & 0xFF])
    return packet(0, bytes([0, 0, 0xB0, 13, 0, 1, 0xC1, 0, 0]) + entry)


def group(number: int, *, length: int = 3) -> bytes:
    key = packet(VIDEO_PID, bytes([number]), is_key=True)
    rest = [packet(VIDEO_PID, bytes([number, n])) for n in range(1, length)]
    return pat() + packet(PMT_PID) + key + b"".join(rest)


def ring_of(*, span_s: float = 100, size_bytes_max: int = 1_000_000) -> StreamRing:
    return StreamRing(span=span_s * SECOND, size_bytes_max=size_bytes_max)


def fed(ring: StreamRing, count: int = 5) -> StreamRing:
    for number in range(count):
        ring.feed(group(number), at=NOW + number * SECOND)
    return ring


def test_a_cut_begins_with_its_tables_and_the_key_picture_before_it() -> None:
    found = fed(ring_of()).cut(NOW + 2 * SECOND, NOW + 3 * SECOND)

    assert found == (group(2) + group(3), NOW + 2 * SECOND, NOW + 3 * SECOND)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_pieces_of_any_size_make_the_same_groups(sizes: list[int]) -> None:
    ring, data = ring_of(), b"".join(group(n) for n in range(4))
    for size in [*sizes, len(data)]:
        ring.feed(data[:size], at=NOW)
        data = data[size:]

    assert ring.cut(NOW, NOW) == (b"".join(group(n) for n in range(4)), NOW, NOW)


def test_a_stream_that_has_no_key_picture_yet_gives_nothing() -> None:
    ring = ring_of()
    ring.feed(packet(VIDEO_PID) * 9, at=NOW)

    assert ring.cut(NOW, NOW) is None
    assert ring.newest_group() is None


def test_old_groups_give_way() -> None:
    ring = fed(ring_of(span_s=1.5), count=60)

    assert ring.cut(NOW, NOW + 100 * SECOND) == (
        group(58) + group(59),
        NOW + 58 * SECOND,
        NOW + 59 * SECOND,
    )


def test_a_stream_without_key_pictures_does_not_fill_the_memory() -> None:
    ring = ring_of(size_bytes_max=10_000)
    ring.feed(group(0), at=NOW)
    for _ in range(200):
        ring.feed(packet(VIDEO_PID) * 10, at=NOW)

    assert ring.cut(NOW, NOW) is None


def test_noise_between_packets_is_passed_over_and_counted() -> None:
    ring = ring_of()
    ring.feed(b"\x00\x01\x02" + group(0), at=NOW)

    assert ring.cut(NOW, NOW) == (group(0), NOW, NOW)
    assert ring.noise_count == 3


@given(st.binary(max_size=2_000))
def test_garbage_breaks_nothing(data: bytes) -> None:
    ring = ring_of()
    ring.feed(data, at=NOW)
    ring.feed(bytes(PACKET_SIZE_BYTES) + group(7), at=NOW)

    assert ring.newest_at in (None, NOW)


def test_the_newest_whole_group_is_not_the_one_that_still_comes() -> None:
    newest = fed(ring_of()).newest_group()

    assert newest == (group(3), NOW + 3 * SECOND)
