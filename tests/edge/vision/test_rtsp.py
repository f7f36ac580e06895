"""A real RTSP stream, H.264 over TCP, from GStreamer's server."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.vision.errors import CameraError
from edge.vision.reader import Reader
from edge.vision.source import open_source
from tests.conftest import skip_or_fail
from tests.edge.vision.conftest import holds, wait_until
from tests.serving import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parent / "rtsp_server.py"


class RtspCamera:
    """The server process. Attributes: url: of its stream."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"rtsp://127.0.0.1:{port}/stream"
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, SERVER, str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.is_listening = self._process.stdout.readline() == b"listening\n"

    def stall(self) -> None:
        """Let it stand still with its connections open."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it, in whatever state it is."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def rtsp() -> Iterator[RtspCamera]:
    """A camera with a bouncing ball, 640 x 360, 15 frames a second."""
    if not Path(SYSTEM_PYTHON).exists():
        skip_or_fail(f"no {SYSTEM_PYTHON} to run the RTSP server with")
    camera = RtspCamera()
    if not camera.is_listening:
        camera.kill()
        skip_or_fail("no RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0 and its plugins")
    yield camera
    camera.kill()


def test_an_rtsp_camera_is_read_live_and_its_faults_are_told(rtsp: RtspCamera) -> None:
    reader = Reader("test", rtsp.url)
    reader.start()
    wait_until(lambda: reader.health().is_current)
    first = reader.newest()
    assert first is not None
    # A second of video, or less: frames that waited for a busy machine come out at once.
    wait_until(lambda: reader.newest(after=first.sequence + 14) is not None)

    rtsp.stall()
    wait_until(lambda: not reader.health().is_current)
    # What the decoder still held comes out after its time-out, and must not count as now.
    stays_silent = holds(lambda: not reader.health().is_current, for_s=1.5)
    rtsp.go_on()
    wait_until(lambda: reader.health().is_current)
    rtsp.kill()
    wait_until(lambda: "no camera answers" in reader.health().detail)
    reader.stop()

    assert first.image.shape == (360, 640, 3)
    assert stays_silent


def test_a_path_that_the_camera_does_not_have_is_said(rtsp: RtspCamera) -> None:
    url = rtsp.url.replace("/stream", "/nothing").replace("://", "://ada:secret@")

    with pytest.raises(CameraError, match="answers but sends no video") as caught:
        open_source(url)

    assert "secret" not in str(caught.value)
