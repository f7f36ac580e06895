import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.video.relay import STREAM_COUNT_MAX, UNWATCHED_MAX, Relay, Stream, TooManyError
from config.contract.picture_sequence import JPEG_BEGIN, Picture
from config.contract.video_commands import WATCH_MAX

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def watched(relay: Relay, camera: str = "c", *, at_s: float = 0) -> Stream:
    return relay.watch(camera, "gate-1", recorded_at=None, now=NOW + at_s * SECOND)


def picture(number: int) -> Picture:
    return Picture(JPEG_BEGIN + bytes([number]), NOW + number * SECOND)


def test_several_viewers_of_a_camera_share_one_stream() -> None:
    relay = Relay()

    assert watched(relay) is watched(relay)
    assert len(relay) == 1


def test_a_slow_viewer_sees_the_newest_picture_and_none_that_came_before_it() -> None:
    relay = Relay()
    stream = watched(relay)
    for number in range(1, 9):
        assert relay.put(stream.stream_id, "gate-1", picture(number), now=NOW)

    assert asyncio.run(stream.newer(1, timeout_s=1)) == (8, picture(8))


def test_a_viewer_who_waits_is_told_of_each_picture_at_once() -> None:
    async def wait_and_put() -> object:
        relay = Relay()
        stream = watched(relay)
        waiting = asyncio.create_task(stream.newer(0, timeout_s=60))
        await asyncio.sleep(0)
        relay.put(stream.stream_id, "gate-1", picture(1), now=NOW)
        return await waiting

    assert asyncio.run(wait_and_put()) == (1, picture(1))


def test_another_node_cannot_put_its_pictures_into_a_stream() -> None:
    relay = Relay()

    assert not relay.put(watched(relay).stream_id, "gate-2", picture(1), now=NOW)


def test_a_node_is_told_to_stop_when_nobody_came_or_everybody_left() -> None:
    relay = Relay()
    stream, later = watched(relay), NOW + UNWATCHED_MAX + SECOND
    with relay.viewing(stream, now=lambda: later):
        assert relay.put(stream.stream_id, "gate-1", picture(1), now=later)

    assert relay.put(stream.stream_id, "gate-1", picture(2), now=later + SECOND)
    assert not relay.put(stream.stream_id, "gate-1", picture(3), now=later + 2 * UNWATCHED_MAX)


def test_a_stream_ends_by_its_time_however_many_look() -> None:
    relay = Relay()
    stream = watched(relay)

    with relay.viewing(stream, now=lambda: NOW):
        assert not relay.put(stream.stream_id, "gate-1", picture(1), now=NOW + WATCH_MAX)


def test_asking_again_prolongs_a_stream() -> None:
    relay = Relay()
    stream = watched(relay)
    with relay.viewing(stream, now=lambda: NOW):
        watched(relay, at_s=300)

        assert stream.until == NOW + 300 * SECOND + WATCH_MAX


def test_one_central_carries_a_bounded_number_of_streams() -> None:
    relay = Relay()
    for number in range(STREAM_COUNT_MAX):
        watched(relay, f"c{number}")

    with pytest.raises(TooManyError):
        watched(relay, "one-more")
