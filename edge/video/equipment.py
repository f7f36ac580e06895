"""Which camera is looked at how: by its reader's pictures, or by copying its stream."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from config.cameras import CameraEntry, CameraRecorder
from config.contract.picture_sequence import Picture
from config.site import Site, SiteError
from edge.installation import Installation
from edge.video.clips import LENGTH_MAX
from edge.video.copying import CopyingEye, find_ffmpeg
from edge.video.eye import PictureEye
from edge.video.live import Central, LiveViews, Pictures, paced
from edge.video.recorder import RecorderError
from edge.video.recorders import recorder_of
from edge.video.ring import PictureRing
from edge.video.shelf import Shelf
from edge.video.station import Equipment, Eye
from edge.video.stream_ring import StreamRing
from edge.video.turning import Heads
from edge.vision.errors import CameraError
from edge.vision.reader import Reader
from edge.vision.source import Source, open_source

_log = logging.getLogger("edge.video")

MARGIN: Final = timedelta(seconds=5)
"""A ring reaches back longer than the longest clip, so that a busy moment loses none of it."""
FOLDER: Final = "clips"
MEGABYTE: Final = 1_000_000


def equip(
    site: Site,
    made: Installation,
    *,
    central: Central,
    folder: Path,
    secret: bytes | None,
    now: Callable[[], datetime],
) -> Equipment:
    """Return what a node's station works with; nothing is opened yet.

    Args:
        site: With only what stands at this node.
        made: Its readers and devices.
        central: Takes live views.
        folder: The node's state folder.
        secret: That clips on the disk are encrypted with; None keeps them in memory.
        now: Aware UTC.

    Raises:
        SiteError: A camera's clips are to be copied, and there is no ffmpeg; or its head has no
            presets.
    """
    video = site.video
    program = find_ffmpeg(video.ffmpeg)
    for camera in site.camera:
        _check(camera, made, program)
    looking = {
        camera.id: PictureEye(
            made.readers.get(camera.id) or _reader(camera),
            is_own=camera.id not in made.readers,
            ring=PictureRing(span=LENGTH_MAX + MARGIN, size_bytes_max=video.memory_mb * MEGABYTE),
            length_px_max=video.picture_px,
            now=now,
        )
        for camera in site.camera
        if _is_looked_at(camera, made, program)
    }
    eyes: dict[str, Eye] = {**looking}
    for camera in site.camera:
        if camera.id not in looking and camera.clips != "off" and program is not None:
            eyes[camera.id] = CopyingEye(
                camera.id,
                camera.url,
                program=program,
                ring=StreamRing(
                    span=LENGTH_MAX + MARGIN, size_bytes_max=video.memory_mb * MEGABYTE
                ),
                length_px_max=video.picture_px,
                now=now,
            )
    interval_s = 1.0 / video.live_frames_per_second
    pictures: dict[str, Pictures] = {}
    for camera in site.camera:
        eye = looking.get(camera.id)
        pictures[camera.id] = (
            functools.partial(_opened, site, made.readers.get(camera.id), camera, now)
            if eye is None
            else functools.partial(paced, eye.look, interval_s=interval_s)
        )
    return Equipment(
        eyes=eyes,
        pictures=pictures,
        recorded=functools.partial(_recorded, site, now),
        turner=Heads(made.devices),
        shelf=Shelf(
            folder / FOLDER,
            secret=secret,
            size_bytes_max=video.disk_mb * MEGABYTE,
            lifetime=timedelta(hours=video.wait_h),
        ),
        views=LiveViews(central, count_max=video.live_per_node, now=now),
    )


def _check(camera: CameraEntry, made: Installation, program: str | None) -> None:
    if camera.clips == "copy" and program is None:
        raise SiteError(
            f"camera {camera.id!r}: clips = 'copy' needs ffmpeg on this machine; install it, name"
            " it in video.ffmpeg, or take clips = 'pictures'"
        )
    if camera.ptz is not None and not made.devices[camera.ptz].has_presets:
        raise SiteError(f"camera {camera.id!r}: device {camera.ptz!r} has no stored positions")


def _is_looked_at(camera: CameraEntry, made: Installation, program: str | None) -> bool:
    """Return whether its clips are pictures of a reader."""
    if camera.clips == "auto":
        can_copy = program is not None and not camera.masks
        return camera.id in made.readers or not (can_copy and camera.url.startswith("rtsp"))
    return camera.clips == "pictures"


def _reader(camera: CameraEntry) -> Reader:
    return Reader(camera.id, camera.url, masks=camera.masks)


def _recorded(
    site: Site, now: Callable[[], datetime], camera: CameraEntry, at: datetime
) -> Pictures | None:
    """Return what plays a recording from a moment on; None where the camera has no recorder."""
    if camera.recorder is None:
        return None
    return functools.partial(_replayed, site, camera, camera.recorder, at, now)


async def _replayed(
    site: Site,
    camera: CameraEntry,
    recorder: CameraRecorder,
    at: datetime,
    now: Callable[[], datetime],
) -> AsyncGenerator[Picture | None, None]:
    """Yield the pictures of a recording for as long as somebody looks."""
    try:
        async with recorder_of(recorder).replay(at, now=now()) as url:
            replay, began_at = camera.model_copy(update={"url": url}), now()
            # A picture of the past bears its own time, as far as the replay runs evenly.
            reader = Reader(camera.id, url, opener=_Once(), masks=camera.masks)
            pictures = _opened(site, reader, replay, lambda: at + (now() - began_at), is_own=True)
            async with contextlib.aclosing(pictures):
                async for picture in pictures:
                    yield picture
    except RecorderError as error:
        _log.warning("camera %s: its recording is not played: %s", camera.id, error)


class _Once:
    """Opens a recording that plays once: begun again, it would show the past at a wrong time."""

    def __init__(self) -> None:
        self._is_played = False

    def __call__(self, url: str) -> Source:
        if self._is_played:
            raise CameraError("the recording has ended")
        source = open_source(url)
        self._is_played = True
        return source


async def _opened(
    site: Site,
    known: Reader | None,
    camera: CameraEntry,
    now: Callable[[], datetime],
    *,
    is_own: bool = False,
) -> AsyncGenerator[Picture | None, None]:
    """Yield the pictures of a camera for as long as somebody looks; one that is read is shared."""
    eye = PictureEye(
        known or _reader(camera),
        is_own=is_own or known is None,
        ring=PictureRing(span=timedelta(0), size_bytes_max=0),
        length_px_max=site.video.picture_px,
        now=now,
    )
    eye.start()
    try:
        interval_s = 1.0 / site.video.live_frames_per_second
        async for picture in paced(eye.look, interval_s=interval_s):
            yield picture
    finally:
        await asyncio.shield(eye.stop())
