"""A moment of the past is played from the simulated recorder, whatever it speaks."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from config.cameras import CameraEntry, CameraRecorder
from config.contract.picture_sequence import Picture
from config.site import Node, Site, SiteIdentity
from drivers.simulation import Simulation
from drivers.simulators.replay_server import grey_of
from edge.alarms.sounders import Sounders
from edge.installation import Installation
from edge.video.equipment import equip
from edge.video.replaying import positioned
from tests.edge.video.test_station import Central

PROTOCOLS = ["isapi", "onvif"]
Protocol = Literal["isapi", "onvif"]


def a_site(simulation: Simulation, protocol: Protocol) -> Site:
    recorder = CameraRecorder(
        url=simulation.address.replace("://", "://admin:p%40ss@"),
        protocol=protocol,
        rtsp_port=simulation.state()["rtsp_port"],
    )
    return Site(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        node=(Node(id="n"),),
        camera=(CameraEntry(id="c", node="n", url="http://192.0.2.1", recorder=recorder),),
    )


def opened(site: Site, folder: Path, at: datetime) -> AsyncGenerator[Picture | None, None]:
    """Return the pictures of a recording from a moment on."""

    def now() -> datetime:
        return datetime.now(UTC)

    made = Installation(readers={}, sounders=Sounders((), {}, now=now))
    equipment = equip(site, made, central=Central(), folder=folder, secret=None, now=now)
    pictures = equipment.recorded(site.camera[0], at)
    assert pictures is not None
    return pictures()


async def next_of(pictures: AsyncGenerator[Picture | None, None]) -> Picture | None:
    """Return the next picture; None where the view ends."""
    async for picture in pictures:
        if picture is not None:
            return picture
    return None


async def first_picture(site: Site, folder: Path, at: datetime) -> Picture | None:
    """Return the first picture of a recording; None where none comes in time, or ever."""
    async with contextlib.aclosing(opened(site, folder, at)) as pictures, asyncio.timeout(30):
        return await next_of(pictures)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recording_is_played_from_the_moment_that_was_asked_for(
    protocol: Protocol, tmp_path: Path
) -> None:
    # Two days ago, at the half hour: its pictures are of one grey, and none near it is.
    at = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - timedelta(days=2)

    with Simulation("video_recorder", {"password": "p@ss"}) as simulation:
        site = a_site(simulation, protocol)
        picture = asyncio.run(first_picture(site, tmp_path, at))
        played = simulation.state()["played"]

    assert picture is not None
    assert set(played) == {at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert abs(float(np.median(image)) - grey_of(at)) < 4
    assert timedelta(0) <= picture.taken_at - at < timedelta(seconds=30)


def test_a_recording_that_ends_is_not_begun_again_under_another_time(tmp_path: Path) -> None:
    at = datetime.now(UTC) - timedelta(days=2)

    async def act(simulation: Simulation) -> list[Picture | None]:
        site = a_site(simulation, "isapi")
        async with contextlib.aclosing(opened(site, tmp_path, at)) as pictures:
            await next_of(pictures)
            simulation.act("end_replay", {})
            # Twenty turns are three seconds: a reader opens a camera again after a quarter of one.
            return [await anext(pictures) for _ in range(20)]

    with Simulation("video_recorder", {"password": "p@ss"}) as simulation:
        last = asyncio.run(act(simulation))[-5:]
        played = simulation.state()["played"]

    assert last == [None] * 5
    assert len(played) == 1


def test_a_recorder_that_refuses_ends_the_view(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Simulation("video_recorder", {"password": "other"}) as simulation:
        site = a_site(simulation, "onvif")
        picture = asyncio.run(first_picture(site, tmp_path, datetime.now(UTC)))

    assert picture is None
    assert "its recording is not played: the recorder refuses the user" in caplog.text
    assert "p@ss" not in caplog.text


def test_nobody_else_on_this_machine_sees_a_replay() -> None:
    async def act(simulation: Simulation) -> bytes:
        uri = f"rtsp://127.0.0.1:{simulation.state()['rtsp_port']}/replay/1"
        at = datetime.now(UTC) - timedelta(days=1)
        async with positioned(uri, at, user="admin", password="p@ss") as address:
            port = int(address.split(":")[2].partition("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            url = f"rtsp://127.0.0.1:{port}/replay/1"
            writer.write(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
            said = await reader.read()
            writer.close()
            return said

    with Simulation("video_recorder", {"password": "p@ss"}) as simulation:
        assert asyncio.run(act(simulation)) == b""
