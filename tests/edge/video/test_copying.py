"""Clips cut from a camera's own stream, by the real ffmpeg where this machine has one."""

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.contract.identifiers import new_id
from config.contract.video_events import MediaFormat
from edge.video.clips import Clip
from edge.video.content import NothingSeenError
from edge.video.copying import CopyingEye, find_ffmpeg, script_of
from edge.video.stream_ring import StreamRing
from tests.conftest import skip_or_fail

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FFMPEG = find_ffmpeg("ffmpeg")


def an_eye(ring: StreamRing, *, url: str = "rtsp://192.0.2.1/1") -> CopyingEye:
    return CopyingEye(
        "c", url, program=FFMPEG or "none", ring=ring, length_px_max=320, now=lambda: NOW
    )


def a_ring() -> StreamRing:
    return StreamRing(span=60 * SECOND, size_bytes_max=10_000_000)


def a_clip() -> Clip:
    return Clip(clip_id=new_id(), camera="c", at=NOW, from_at=NOW, to_at=NOW + 3 * SECOND)


@pytest.fixture
def filled(tmp_path: Path) -> StreamRing:
    """Four seconds of a stream with a key picture in each, as a camera sends them."""
    if FFMPEG is None:
        skip_or_fail("no ffmpeg: apt-get install ffmpeg")
    path, source = tmp_path / "s.ts", "testsrc=size=320x240:rate=10:duration=4"
    options = ["-c:v", "mpeg2video", "-g", "10", "-mpegts_flags", "+pat_pmt_at_frames"]
    quiet = [FFMPEG or "ffmpeg", "-loglevel", "error"]
    command = [*quiet, "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True, timeout=60)
    ring, data = a_ring(), path.read_bytes()
    for index in range(4):
        size = len(data) // 4 + 1
        ring.feed(data[index * size : (index + 1) * size], at=NOW + index * SECOND)
    return ring


def test_a_clip_is_a_film_and_a_snapshot_a_picture(filled: StreamRing) -> None:
    eye = an_eye(filled)

    async def both() -> tuple[bytes, bytes, MediaFormat]:
        clip, snapshot = await eye.cut(a_clip()), await eye.snapshot()
        return clip.data, snapshot.data, clip.format

    film, picture, media_format = asyncio.run(both())
    assert (film[4:8], media_format) == (b"ftyp", MediaFormat.MP4)
    assert picture.startswith(b"\xff\xd8\xff")


def test_a_camera_that_sent_nothing_has_no_clip() -> None:
    eye = an_eye(a_ring())

    for getting in (eye.snapshot(), eye.cut(a_clip())):
        with pytest.raises(NothingSeenError):
            asyncio.run(getting)


def test_a_password_is_not_among_the_program_s_arguments() -> None:
    assert b"file 'rtsp://u:it'\\''s@192.0.2.1/1'" in script_of("rtsp://u:it's@192.0.2.1/1")


def test_an_address_cannot_bring_lines_of_its_own() -> None:
    with pytest.raises(ValueError, match="one line"):
        script_of("rtsp://192.0.2.1/1\nfile '/etc/passwd'")
