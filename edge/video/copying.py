"""Keeps the last seconds of a camera's own stream by an external ``ffmpeg``, never encoding it.

The program is optional and runs as a process of its own; nothing is written to the disk. The
camera's address goes to it by its standard input, since the list of processes shows arguments to
everybody.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from config.contract.video_events import MediaFormat
from edge.backoff import BackOff
from edge.video.clips import Clip
from edge.video.content import Content, NothingSeenError
from edge.video.stream_ring import StreamRing

_log = logging.getLogger("edge.video")

_QUIET: Final = ("-hide_banner", "-loglevel", "error")
_READ: Final = (
    *_QUIET, "-protocol_whitelist", "pipe,fd,tcp,udp,rtp,rtsp,rtsps,tls,crypto",
    "-f", "concat", "-safe", "0", "-i", "pipe:0",
    "-map", "0:v:0", "-c", "copy", "-flush_packets", "1", "-muxdelay", "0",
    "-mpegts_flags", "+pat_pmt_at_frames", "-f", "mpegts", "pipe:1",
)  # fmt: skip
_TO_MP4: Final = (
    *_QUIET, "-f", "mpegts", "-i", "pipe:0", "-c", "copy",
    "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1",
)  # fmt: skip
_TO_JPEG: Final = (
    *_QUIET, "-f", "mpegts", "-i", "pipe:0", "-frames:v", "1", "-vf", "scale='min({0},iw)':-2",
    "-q:v", "5", "-c:v", "mjpeg", "-f", "image2pipe", "pipe:1",
)  # fmt: skip
READ_SIZE_BYTES: Final = 65_536
SILENT_AFTER_S: Final = 5.0
CONVERSION_S_MAX: Final = 20.0
END_S_MAX: Final = 2.0


def find_ffmpeg(program: str) -> str | None:
    """Return the path of the program; None where this machine has none."""
    return shutil.which(program)


def script_of(url: str) -> bytes:
    """Return what tells ``ffmpeg`` where the camera is.

    Raises:
        ValueError: The address has a line break, which no address has.
    """
    if any(ord(each) < 0x20 for each in url):
        raise ValueError("a camera's address is one line")
    quoted = url.replace("'", "'\\''")
    return f"ffconcat version 1.0\nfile '{quoted}'\noption rtsp_transport tcp\n".encode()


class CopyingEye:
    """A camera whose clips are cut from its own stream; for one event loop."""

    def __init__(
        self,
        camera: str,
        url: str,
        *,
        program: str,
        ring: StreamRing,
        length_px_max: int,
        now: Callable[[], datetime],
    ) -> None:
        """Copy from ``url`` with ``program``; nothing is started yet."""
        self._camera, self._script, self._program = camera, script_of(url), program
        self._ring, self._length_px_max, self._now = ring, length_px_max, now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to copy; whatever ends it, it is begun again."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_copying())

    async def stop(self) -> None:
        """End the program."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sample(self) -> None:
        """Do nothing: the stream comes by itself."""

    async def snapshot(self) -> Content:
        """Return the newest key picture.

        Raises:
            NothingSeenError: Nothing came.
        """
        newest = self._ring.newest_group()
        if newest is None:
            raise NothingSeenError
        stream, at = newest
        options = [each.format(self._length_px_max) for each in _TO_JPEG]
        return Content(await self._converted(stream, options), MediaFormat.JPEG, at, at)

    async def cut(self, clip: Clip) -> Content:
        """Return the stream in the time of a clip, as a film that browsers play.

        Raises:
            NothingSeenError: Nothing came then, or it cannot be cut.
        """
        found = self._ring.cut(clip.from_at, clip.to_at)
        if found is None:
            raise NothingSeenError
        stream, from_at, to_at = found
        return Content(await self._converted(stream, _TO_MP4), MediaFormat.MP4, from_at, to_at)

    async def _converted(self, stream: bytes, options: Sequence[str]) -> bytes:
        process = await self._run(options)
        try:
            async with asyncio.timeout(CONVERSION_S_MAX):
                content, complaint = await process.communicate(stream)
        except TimeoutError:
            await _end(process)
            raise NothingSeenError from None
        if not content:
            _log.warning("camera %s: no clip can be cut: %s", self._camera, _line(complaint))
            raise NothingSeenError
        return content

    async def _run(self, options: Sequence[str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            self._program,
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def _keep_copying(self) -> None:
        back_off, complaint = BackOff(), ""
        while True:
            began_at = self._now()
            try:
                said = await self._copy()
            except OSError as error:
                said = str(error)
            if said != complaint:
                _log.warning("camera %s: its stream ended: %s", self._camera, said)
            complaint = said
            newest_at = self._ring.newest_at
            if newest_at is not None and newest_at > began_at:
                back_off.reset()
            await asyncio.sleep(back_off.next_s())

    async def _copy(self) -> str:
        """Copy until the stream ends; returns what the program said last."""
        process = await self._run(_READ)
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise AssertionError("all three are pipes")
        try:
            process.stdin.write(self._script)
            process.stdin.close()
            self._ring.clear()
            while True:
                try:
                    async with asyncio.timeout(SILENT_AFTER_S):
                        data = await process.stdout.read(READ_SIZE_BYTES)
                except TimeoutError:
                    return f"nothing came for {SILENT_AFTER_S:.0f} s"
                if not data:
                    return _line(await process.stderr.read(READ_SIZE_BYTES))
                self._ring.feed(data, at=self._now())
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S_MAX):
                # To the end of what it said: pipes that nobody reads to their end stay open.
                await process.communicate()
                return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def _line(complaint: bytes) -> str:
    """Return the last line of what the program said, without addresses: they hold passwords."""
    lines = complaint.decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it said nothing"
    return " ".join("(address)" if "://" in word else word for word in last.split())[:200]
