import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from config.demo.photographs import find_photographs
from drivers.simulators.camera import Simulator
from drivers.simulators.corridor import APPROACH_S, FACE_PX_STANDING, Corridor, Image

ASTRONAUT, ADMIRAL = (f"{p.key}={p.path}" for p in find_photographs().values())


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(Simulator.Settings(photo=[ASTRONAUT, ADMIRAL], frames_per_second=30))


@pytest.fixture
def corridor(simulator: Simulator) -> Corridor:
    return simulator.corridor


def pass_time(corridor: Corridor, seconds: float) -> None:
    for _ in range(round(seconds * 30)):
        corridor.step(1 / 30)


def doings(corridor: Corridor) -> dict[str, str]:
    return {person.name: person.doing for person in corridor.people}


def test_a_person_walks_up_stands_and_walks_on_out_of_the_picture(corridor: Corridor) -> None:
    seen = []

    corridor.approach("astronaut")
    seen.append(doings(corridor))
    pass_time(corridor, 1.3)
    seen.append(doings(corridor))
    corridor.walk_on()
    seen.append(doings(corridor))
    pass_time(corridor, 0.8)

    assert [d["astronaut"] for d in seen] == ["walking_up", "standing", "walking_on"]
    assert corridor.people == []


def test_a_standing_face_is_as_wide_as_at_a_gate(corridor: Corridor) -> None:
    corridor.approach("admiral")

    pass_time(corridor, 1.3)

    assert 150 <= corridor.people[0].pose.face_px <= 200


def test_the_person_behind_steps_up_when_the_first_has_left(corridor: Corridor) -> None:
    corridor.approach("astronaut")
    corridor.follow("admiral")
    pass_time(corridor, 1.3)
    assert doings(corridor) == {"astronaut": "standing", "admiral": "waiting"}

    corridor.leave()
    pass_time(corridor, 1.5)

    assert doings(corridor) == {"admiral": "standing"}


def test_no_two_pictures_are_the_same_even_of_an_empty_corridor(corridor: Corridor) -> None:
    pictures = {corridor.render().tobytes() for _ in range(5)}

    assert len(pictures) == 5


def test_a_person_changes_the_picture_far_more_than_noise_does(corridor: Corridor) -> None:
    def difference(one: Image, other: Image) -> float:
        return float(np.abs(one.astype(int) - other).mean())

    empty, empty_again = corridor.render(), corridor.render()
    corridor.approach("astronaut")
    pass_time(corridor, 1.3)

    assert difference(empty, corridor.render()) > 5 * difference(empty, empty_again)


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("approach", {"photo": "nobody"}, "no photograph is called 'nobody'"),
        ("walk_on", {}, "nobody stands there"),
        ("leave", {}, "nobody stands there"),
        ("dance", {}, "no action 'dance'"),
        ("freeze", {"how": "solid"}, "how is 'silent' or 'repeat'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    simulator: Simulator, name: str, arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        simulator.act(name, arguments)


def test_only_one_person_can_stand_there(simulator: Simulator) -> None:
    simulator.act("approach", {"photo": "astronaut"})

    with pytest.raises(ValueError, match="somebody stands there"):
        simulator.act("approach", {"photo": "admiral"})


@pytest.mark.parametrize("entry", ["astronaut", "x=/nowhere.png", ASTRONAUT + "@1,2"])
def test_a_photograph_that_cannot_be_used_is_refused_at_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match=r"photo is NAME=PATH|the face is @X,Y,WIDTH"):
        Simulator(Simulator.Settings(photo=[entry]))


@asynccontextmanager
async def served(simulator: Simulator) -> AsyncIterator[str]:
    url = await simulator.serve("127.0.0.1", 0)
    try:
        yield url
    finally:
        await simulator.close()


async def parts(url: str) -> AsyncIterator[bytes]:
    """Yield what stands between the marks of a stream, headers included."""
    rest = b""
    async with httpx.AsyncClient() as client, client.stream("GET", url) as reply:
        async for piece in reply.aiter_raw():
            *whole, rest = (rest + piece).split(b"--menshen-frame\r\n")
            for part in whole:
                if part:
                    yield part


async def read_all(stream: AsyncIterator[bytes]) -> None:
    async for _ in stream:
        pass


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


def test_the_stream_is_whole_jpeg_pictures_that_differ(simulator: Simulator) -> None:
    async def test() -> None:
        async with served(simulator) as url:
            pictures = []
            async for part in parts(url):
                pictures.append(part)
                if len(pictures) == 4:
                    break

        assert len(set(pictures)) == 4
        assert all(b"\r\n\r\n\xff\xd8" in p and p.endswith(b"\xff\xd9\r\n") for p in pictures)

    run(test)


def test_a_truncated_picture_ends_early_and_the_next_is_whole(simulator: Simulator) -> None:
    simulator.act("truncate", {"on": True, "every": 2})

    async def test() -> None:
        async with served(simulator) as url:
            ends = []
            async for part in parts(url):
                ends.append(part.endswith(b"\xff\xd9\r\n"))
                if len(ends) == 6:
                    break

        assert {True, False} == set(ends)

    run(test)


def test_a_silent_camera_keeps_the_line_and_sends_nothing(simulator: Simulator) -> None:
    async def test() -> None:
        async with served(simulator) as url:
            stream = parts(url)
            await anext(stream)
            simulator.act("freeze", {"on": True})

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(read_all(stream), timeout=0.5)

    run(test)


def test_a_repeating_camera_sends_one_picture_again_and_again(simulator: Simulator) -> None:
    async def test() -> None:
        async with served(simulator) as url:
            pictures = []
            async for part in parts(url):
                simulator.act("freeze", {"on": True, "how": "repeat"})
                pictures.append(part)
                if len(pictures) == 6:
                    break

        assert len(set(pictures[3:])) == 1

    run(test)


def test_a_still_is_one_jpeg_and_other_paths_are_not_found(simulator: Simulator) -> None:
    async def test() -> None:
        async with served(simulator) as url, httpx.AsyncClient() as client:
            still = await client.get(url.replace("stream.mjpeg", "still.jpg"))
            other = await client.get(url.replace("stream.mjpeg", "admin"))

        assert still.content.startswith(b"\xff\xd8")
        assert other.status_code == httpx.codes.NOT_FOUND

    run(test)


def test_nonsense_from_a_viewer_leaves_the_camera_well(simulator: Simulator) -> None:
    async def test() -> None:
        async with served(simulator) as url:
            host, port = httpx.URL(url).host, httpx.URL(url).port
            for nonsense in (b"\r\n\r\n", b"\x00" * 20_000, b"GET"):
                _, writer = await asyncio.open_connection(host, port)
                writer.write(nonsense)
                writer.close()

            assert await anext(parts(url))

    run(test)


def test_a_sheet_is_held_up_whole(tmp_path: Path) -> None:
    photo = np.full((200, 160, 3), (0, 0, 250), np.uint8)
    cv2.imwrite(str(tmp_path / "red.png"), photo)
    settings = Simulator.Settings(sheet=[f"red={tmp_path / 'red.png'}@80,90,64"])
    corridor = Simulator(settings).corridor

    corridor.approach("red")
    corridor.step(APPROACH_S + 0.1)

    red = (corridor.render()[..., 2] > 150) & (corridor.render()[..., 0] < 60)
    width_px = FACE_PX_STANDING * 160 / 64
    assert red.sum() > 0.5 * width_px * min(480, width_px * 200 / 160)
