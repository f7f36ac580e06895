"""How soon an alarm has its clip, what the clip shows, and what one 1080p camera costs a terminal.

``python -m benchmarks.video --json FILE``. A real RTSP server sends H.264 of 1920 x 1080, 25
pictures and 4 Mbit a second; a terminal's own station watches it, once with ``ffmpeg`` and once as
if there were none; central is a process of its own. Needs Debian's GStreamer server and ``ffmpeg``.
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.measure import write_json
from benchmarks.video_terminal import (
    NODE,
    Terminal,
    make_film,
    rtsp_camera,
    terminal,
    write_site,
)
from config.contract.access_events import UnauthorisedPassage
from config.contract.picture_sequence import decode_sequence
from config.contract.trust import NodeToken
from config.contract.video_events import MediaFormat
from config.demo.control import CentralControl
from config.demo.processes import Process
from config.demo.report import describe_machine
from config.settings import private_folder
from config.site import load_site
from edge.identity import Home, Identity
from edge.vision.reader import Reader

WATCHED_S: Final = 30.0
ALARMS: Final = 3
PATIENCE_S: Final = 60.0
SETTLED_S: Final = 3.0
"""The first pictures have come."""
LOOK_S: Final = 0.05
PASSED: Final = UnauthorisedPassage(access_point="east", count=1)


class Central:
    """A central of its own, as an operator asks it."""

    def __init__(self, control: CentralControl, identity: Identity) -> None:
        self.control, self.identity = control, identity
        self._known = set[str]()

    async def next_clip(self) -> dict[str, Any]:
        """Return the next clip of the gate's alarm as soon as an operator can see it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                alarms = (await self.control.ask("/alarms"))["items"]
                attached = {
                    medium["sha256"]
                    for alarm in alarms
                    if alarm["kind"] == "unauthorised"
                    for medium in alarm["media"]
                    if medium["kind"] == "clip"
                }
                for item in (await self.control.ask("/clips"))["items"]:
                    is_new = item["sha256"] in attached - self._known
                    if is_new and item["has_content"]:
                        self._known.add(item["sha256"])
                        return dict(item)
                await asyncio.sleep(LOOK_S)

    async def content(self, sha256: str) -> bytes:
        """Return a clip as a browser gets it."""
        return await self.control.download(f"/clips/{sha256}")


@contextlib.asynccontextmanager
async def central_at_work(site: Path, folder: Path) -> AsyncIterator[Central]:
    """Run a central process, with the terminal joined to it, until the block ends."""
    process = await Process.start(
        "central", "central", "--site", str(site), "--home", str(folder / "central"),
        "--port", "0", "--json", folder=folder,
    )  # fmt: skip
    control = CentralControl(process.ready["url"])
    try:
        await control.accept_invitation(
            process.ready["invitation_link"], username="bench", password=secrets.token_urlsafe(18)
        )
        token = NodeToken.from_line(await control.node_token(NODE))
        token = token.model_copy(update={"url": control.url})
        identity = await Home(folder / "terminal").enrol(token, site="bench", node=NODE)
        yield Central(control, identity)
    finally:
        await control.close()
        await process.stop()


class Load:
    """What this process, and the programs that it started by a name, take of a core."""

    def __init__(self, program: str) -> None:
        self._own, self._program = psutil.Process(), program

    async def over(self, seconds: float) -> dict[str, float]:
        """Return per cent of a core over the next seconds."""
        before, began_s = self._used(), time.monotonic()
        await asyncio.sleep(seconds)
        passed_s = time.monotonic() - began_s
        used = {name: after - before[name] for name, after in self._used().items()}
        return {name: round(100 * used_s / passed_s, 2) for name, used_s in used.items()}

    def _used(self) -> dict[str, float]:
        children = [p for p in self._own.children() if p.name() == self._program]
        return {
            "own": sum(self._own.cpu_times()[:2]),
            "program": sum(sum(p.cpu_times()[:2]) for p in children),
        }


async def alarms(here: Terminal, central: Central) -> list[dict[str, float]]:
    """Let people walk through without a grant; returns of each clip what it shows and when it came.

    It came when an operator's browser could play it from the alarm. Seconds.
    """
    found = list[dict[str, float]]()
    for _ in range(ALARMS):
        event_at = here.clock.now()
        await here.journal.append(PASSED, subject="east", now=event_at)
        clip = await central.next_clip()
        available_s = (here.clock.now() - event_at).total_seconds()
        length_s = _length_s(clip["format"], await central.content(clip["sha256"]))
        after_s = (datetime.fromisoformat(clip["to_at"]) - event_at).total_seconds()
        found.append(
            {
                "before_s": round(length_s - after_s, 2),
                "after_s": round(after_s, 2),
                "available_s": round(available_s, 2),
                "kilobytes": round(clip["size_bytes"] / 1000),
            }
        )
    return found


def _length_s(media_format: str, content: bytes) -> float:
    """Return how long a clip is, by what is in it and not by what is said of it."""
    if media_format == MediaFormat.PICTURES:
        pictures = decode_sequence(content)
        return (pictures[-1].taken_at - pictures[0].taken_at).total_seconds()
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(content)
        file.flush()
        entries = ["-show_entries", "packet=pts_time,duration_time", "-of", "json"]
        probe = ["ffprobe", "-v", "error", "-select_streams", "v", *entries, file.name]
        packets = json.loads(subprocess.check_output(probe, timeout=30))["packets"]
    times = sorted(float(packet["pts_time"]) for packet in packets)
    return times[-1] - times[0]


def summary(found: Sequence[dict[str, float]], load: dict[str, float]) -> dict[str, Any]:
    """Return the worst of all alarms, and the load."""
    return {
        "before_s_min": min(each["before_s"] for each in found),
        "after_s_max": max(each["after_s"] for each in found),
        "available_s_max": max(each["available_s"] for each in found),
        "kilobytes_max": max(each["kilobytes"] for each in found),
        "alarms": len(found),
        "cpu_percent_own": load["own"],
        "cpu_percent_ffmpeg": load["program"],
        "cpu_percent": round(load["own"] + load["program"], 2),
    }


async def _watched(central: Central, site: Path, state: Path) -> dict[str, Any]:
    async with terminal(load_site(site), central.identity, state) as here:
        await asyncio.sleep(SETTLED_S)
        load = await Load("ffmpeg").over(WATCHED_S)
        return summary(await alarms(here, central), load)


async def _decoded(url: str) -> float:
    """Return what decoding alone takes of a core, as recognition does it anyway."""
    reader = Reader("lobby", url)
    reader.start()
    try:
        await asyncio.sleep(SETTLED_S)
        return (await Load("none").over(WATCHED_S))["own"]
    finally:
        await asyncio.to_thread(reader.stop)


async def _measure(folder: Path) -> dict[str, Any]:
    with rtsp_camera(make_film(folder)) as url:
        sites = {
            name: write_site(folder / f"{name}.toml", url=url, ffmpeg=program)
            for name, program in (("copy", "ffmpeg"), ("pictures", "no-ffmpeg-here"))
        }
        result = dict[str, Any]()
        async with central_at_work(sites["copy"], folder) as central:
            for name, site in sites.items():
                result[name] = await _watched(central, site, private_folder(folder / name))
        result["decoding_cpu_percent"] = await _decoded(url)
    return {**result, "machine": describe_machine(), "began_at": time.strftime("%Y-%m-%d %H:%M")}


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.video", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="menshen-video-") as folder:
        result = asyncio.run(_measure(Path(folder)))
    write_json(arguments.json, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
