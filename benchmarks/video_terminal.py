"""A terminal with one camera and nothing else, and that camera; for ``benchmarks.video``.

The terminal's station, journal, uplink and keys are the product's own, in this process.
"""

import asyncio
import contextlib
import dataclasses
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from config.contract.nodes import NodeStatus
from config.crypto.suites import SuiteSecret
from config.site import Site
from edge.alarms.sounders import Sounders
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Identity
from edge.installation import Installation
from edge.journal import Journal
from edge.uplink import Uplink
from edge.video.opening import open_station

NODE: Final = "gate-1"
SITE: Final = """
[site]
id = "bench"
name = {{ "zh-CN" = "测试", en = "Bench" }}
[video]
ffmpeg = "{ffmpeg}"
[[node]]
id = "gate-1"
[[bus]]
id = "line-1"
node = "gate-1"
port = "/dev/null"
[[device]]
id = "gate"
driver = "speed_gate"
bus = "line-1"
[[access_point]]
id = "east"
node = "gate-1"
device = "gate"
camera = "lobby"
[[camera]]
id = "lobby"
node = "gate-1"
url = "{url}"
"""
FILM_S: Final = 6
FILM_REPEATED: Final = 59
"""Six minutes: longer than the benchmark."""
SYSTEM_PYTHON: Final = "/usr/bin/python3"
SERVER: Final = Path(__file__).parents[1] / "tests" / "edge" / "vision" / "rtsp_server.py"


def make_film(folder: Path) -> Path:
    """Return an MP4 file as a camera's encoder would make it: a key picture every two seconds."""
    short, film = folder / "short.mp4", folder / "film.mp4"
    quiet = ("ffmpeg", "-loglevel", "error", "-y")
    picture = f"testsrc2=size=1920x1080:rate=25:duration={FILM_S},noise=alls=12:allf=t"
    encoder = (
        "-c:v libx264 -preset ultrafast -b:v 4M -maxrate 4M -bufsize 4M -g 50 -pix_fmt yuv420p"
    )
    encode = [*quiet, "-f", "lavfi", "-i", picture, *encoder.split(), str(short)]
    repeat = [*quiet, "-stream_loop", str(FILM_REPEATED), "-i", str(short), "-c", "copy", str(film)]
    for command in (encode, repeat):
        subprocess.run(command, check=True, timeout=120)
    return film


@contextlib.contextmanager
def rtsp_camera(film: Path) -> Iterator[str]:
    """Serve a film as a camera does; the value is its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([SYSTEM_PYTHON, SERVER, str(port), film], stdout=subprocess.PIPE)
    try:
        if process.stdout is None or process.stdout.readline() != b"listening\n":
            raise SystemExit("no RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0")
        yield f"rtsp://127.0.0.1:{port}/stream"
    finally:
        process.kill()
        process.communicate()


def write_site(path: Path, *, url: str, ffmpeg: str) -> Path:
    """Write a site file of one terminal with one camera; returns its path."""
    path.write_text(SITE.format(url=url, ffmpeg=ffmpeg), encoding="utf-8")
    return path


@dataclasses.dataclass(frozen=True, slots=True)
class Terminal:
    """At work. Attributes: journal: what is written there is told to its station and to central."""

    journal: Journal
    clock: NodeClock


@contextlib.asynccontextmanager
async def terminal(site: Site, identity: Identity, folder: Path) -> AsyncIterator[Terminal]:
    """Run a terminal's journal, uplink and station until the block ends."""
    clock = NodeClock()
    journal = Journal(
        folder / "journal.sqlite3",
        site=identity.site,
        node=identity.node,
        utc_now=clock.now,
        clockquality=lambda: clock.quality,
    )
    journal.start()
    central = CentralClient(identity, clock)
    uplink = Uplink(central, journal, status=lambda: _status(journal, clock))
    made = Installation(readers={}, sounders=Sounders((), {}, now=clock.now))
    station = open_station(
        site.for_node(NODE),
        made,
        secret=SuiteSecret(identity.sealing_key.private_bytes_raw(), identity.suite),
        central=central,
        folder=folder,
        journal=journal,
        now=clock.now,
    )
    work = [uplink.run(), *(run() for run in station.tasks.values())]
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield Terminal(journal, clock)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await station.close()
        await central.close()
        await asyncio.to_thread(journal.stop)


def _status(journal: Journal, clock: NodeClock) -> NodeStatus:
    state = journal.status
    return NodeStatus(
        at=clock.now(),
        version="0",
        epoch=state.epoch,
        clockquality=clock.quality,
        replica_version=0,
        last_sequences=state.last_sequences,
        unsent_count=state.unsent_count,
        is_journal_writable=state.is_writable,
        pipeline="builtin",
    )
