import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from config.contract.identifiers import new_id
from config.contract.picture_sequence import JPEG_BEGIN, Picture
from config.contract.video_commands import WATCH_MAX
from edge.central_client import CentralUnreachableError
from edge.video.live import FAILURES_MAX, LiveViews, Pictures, paced
from tests.edge.conftest import eventually

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
LONG = NOW + timedelta(days=1)


class Looking:
    """The part of central that a view needs. Attributes: wanted: pictures until nobody looks."""

    def __init__(self, *, wanted: int = 1_000_000, is_away: bool = False) -> None:
        self.wanted, self.is_away = wanted, is_away
        self.taken: list[Picture] = []
        self.asked = 0

    async def put_picture(self, stream_id: UUID, picture: Picture) -> bool:
        assert stream_id
        self.asked += 1
        if self.is_away:
            raise CentralUnreachableError("no answer")
        self.taken.append(picture)
        return len(self.taken) < self.wanted


class Clock:
    """Turns on by a second at each picture."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def pictures_of(clock: Clock, *, has_pictures: bool = True) -> Pictures:
    async def opened() -> AsyncGenerator[Picture | None, None]:
        while True:
            clock.now += timedelta(seconds=1)
            yield Picture(JPEG_BEGIN, clock.now) if has_pictures else None
            await asyncio.sleep(0)

    return opened


def watch(central: Looking, *, until: datetime = LONG, has_pictures: bool = True) -> Clock:
    """Send one view to its end; returns the time then."""
    clock = Clock()

    async def run() -> None:
        views = LiveViews(central, count_max=1, now=clock, failure_pause_s=0)
        pictures = pictures_of(clock, has_pictures=has_pictures)
        assert views.watch(new_id(), until=until, pictures=pictures)
        await eventually(lambda: len(views) == 0)

    asyncio.run(run())
    return clock


def test_a_view_ends_when_nobody_looks() -> None:
    central = Looking(wanted=5)

    watch(central)

    assert len(central.taken) == 5


def test_a_view_ends_by_its_time_whatever_central_says() -> None:
    assert watch(Looking(), until=NOW + timedelta(seconds=9)).now == NOW + timedelta(seconds=9)


def test_no_command_makes_a_view_longer_than_it_may_be() -> None:
    assert watch(Looking(), until=LONG).now == NOW + WATCH_MAX


def test_a_view_of_a_camera_without_pictures_ends_too() -> None:
    central = Looking()

    assert watch(central, has_pictures=False).now == NOW + WATCH_MAX
    assert central.taken == []


def test_a_view_does_not_go_on_without_central() -> None:
    central = Looking(is_away=True)

    watch(central)

    assert central.asked == FAILURES_MAX


def test_a_node_sends_a_bounded_number_of_views() -> None:
    async def ask() -> list[bool]:
        clock = Clock()
        views = LiveViews(Looking(), count_max=2, now=clock)
        asked = [views.watch(new_id(), until=LONG, pictures=pictures_of(clock)) for _ in range(3)]
        await views.close()
        return asked

    assert asyncio.run(ask()) == [True, True, False]


def test_the_same_picture_is_not_sent_twice() -> None:
    picture = Picture(JPEG_BEGIN, NOW)

    async def look() -> Picture:
        return picture

    async def first_three() -> list[Picture | None]:
        turns = paced(look, interval_s=0)
        return [await anext(turns) for _ in range(3)]

    assert asyncio.run(first_three()) == [picture, None, None]
