"""The cameras of one node: what they saw around an alarm, what central asked to see, and who turns.

Facts come from the journal, after they are durable; nothing here is waited for by anybody.
"""

import asyncio
import contextlib
import dataclasses
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from config.cameras import CameraEntry, covering
from config.contract.command_events import CommandOutcome, CommandRefusal
from config.contract.commands import NodeCommand
from config.contract.events import ClipKept, ClipsLost, Event, EventData
from config.contract.video_commands import CallPreset, KeepClip, WatchCamera
from config.contract.video_events import MediaFormat, MediaKind
from config.site import Site
from edge.backoff import BackOff, wait_until_set
from edge.central_client import CentralError, CentralRefusedError
from edge.commands.carrying import DONE
from edge.commands.desk import Carried
from edge.video.clips import Clip, ClipBook
from edge.video.content import Content, NothingSeenError
from edge.video.live import LiveViews, Pictures
from edge.video.shelf import Shelf, Waiting

_log = logging.getLogger("edge.video")

LATE_MAX: Final = timedelta(seconds=20)
"""An older fact was told late: no camera remembers its time."""
LOSSES_INTERVAL: Final = timedelta(minutes=1)
_NOT_HERE: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.NOT_HERE)
_BUSY: Final = Carried(CommandOutcome.REFUSED, CommandRefusal.DEVICE_REFUSES)


class Eye(Protocol):
    """One camera; see ``PictureEye`` and ``CopyingEye``."""

    def start(self) -> None:
        """Begin to look."""

    async def stop(self) -> None:
        """Let go of the camera."""

    async def sample(self) -> None:
        """Remember what is seen now."""

    async def snapshot(self) -> Content:
        """Return what is seen now; raises ``NothingSeenError``."""
        ...

    async def cut(self, clip: Clip) -> Content:
        """Return what was seen in the time of a clip; raises ``NothingSeenError``."""
        ...


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class Central(Protocol):
    """The part of central that is needed here."""

    async def put_clip(
        self, sha256: str, content: bytes, kind: MediaKind, media_format: MediaFormat
    ) -> None:
        """See ``CentralClient.put_clip``."""
        ...


class Turner(Protocol):
    """Turns cameras; see ``edge.video.turning``."""

    async def call(self, device: str, preset: int) -> Carried:
        """Turn to a stored position."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a station works with.

    Attributes:
        eyes: By camera, of those whose clips are not off.
        pictures: By camera: opens a live view.
        recorded: Opens a recording at a moment; None where the camera has no recorder.
    """

    eyes: Mapping[str, Eye]
    pictures: Mapping[str, Pictures]
    recorded: Callable[[CameraEntry, datetime], Pictures | None]
    turner: Turner
    shelf: Shelf
    views: LiveViews


class Station:
    """One node's; all of it belongs to the event loop's thread but for the disk."""

    def __init__(
        self,
        site: Site,
        equipment: Equipment,
        *,
        subjects: Callable[[Event], tuple[str, ...]],
        central: Central,
        recorder: Recorder,
        now: Callable[[], datetime],
    ) -> None:
        """Watch what stands at this node.

        Args:
            site: With only what stands at this node.
            equipment: Its cameras, disk and views.
            subjects: What a fact that wants pictures is about; see ``Scene.subjects``.
            central: Takes pictures and clips.
            recorder: Told what was kept and what was lost.
            now: Aware UTC, as the journal's.
        """
        self._site, self._made, self._subjects = site, equipment, subjects
        self._central, self._recorder, self._now = central, recorder, now
        self._cameras = {camera.id: camera for camera in site.camera}
        video = self._video = site.video
        self._book = ClipBook(
            before=timedelta(seconds=video.before_s),
            after=timedelta(seconds=video.after_s),
            per_hour=video.clips_per_hour,
        )
        self._commanded: list[Clip] = []
        self._unseen_count, self._limited_told = 0, 0
        self._losses_told_at: datetime | None = None
        self.losses_interval = LOSSES_INTERVAL
        self._disk = asyncio.Lock()
        self._has_waiting = asyncio.Event()
        self._doing = set[asyncio.Task[None]]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[Event] = []
        self._hearing = threading.Lock()
        self.tasks: dict[str, Callable[[], Awaitable[None]]] = {
            "clips": self.run,
            "clips to central": self.send,
        }

    def hear(self, events: Sequence[Event]) -> None:
        """Take facts that became durable; called in the journal's thread."""
        wanted = [event for event in events if self._subjects(event)]
        if not wanted:
            return
        with self._hearing:
            if self._loop is None:
                self._early.extend(wanted)
                return
        with contextlib.suppress(RuntimeError):
            # The journal may outlive the loop by its last words.
            self._loop.call_soon_threadsafe(self._take, wanted)

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            subjects = self._subjects(event)
            for camera in covering(self._site.camera, self._site.access_point, subjects):
                self._turn(camera, subjects)
                if camera.id in self._made.eyes:
                    self._begin(camera.id, event, subjects)

    def _turn(self, camera: CameraEntry, subjects: Sequence[str]) -> None:
        preset = next((camera.presets[s] for s in subjects if s in camera.presets), None)
        if preset is not None and camera.ptz is not None:
            self._spawn(self._turned(camera.ptz, preset))

    async def _turned(self, device: str, preset: int) -> None:
        carried = await self._made.turner.call(device, preset)
        if carried is not DONE:
            _log.warning("%s was not turned to position %d", device, preset)

    def _begin(self, camera: str, event: Event, subjects: Sequence[str]) -> None:
        if self._now() - event.time > LATE_MAX:
            self._unseen_count += 1
            return
        clip = self._book.want(camera, at=event.time, about=event.id, subjects=subjects)
        if clip is not None:
            self._spawn(self._keep_snapshot(clip))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_said(work))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def run(self) -> None:
        """Look at the cameras and finish clips, for ever."""
        for eye in self._made.eyes.values():
            eye.start()
        with self._hearing:
            self._loop = asyncio.get_running_loop()
            early, self._early = self._early, []
        self._take(early)
        async with self._disk:
            await asyncio.to_thread(self._made.shelf.load)
        self._has_waiting.set()
        interval_s = 1.0 / self._video.frames_per_second
        while True:
            began_s = self._loop.time()
            await self.turn()
            await asyncio.sleep(max(0.01, began_s + interval_s - self._loop.time()))

    async def turn(self) -> None:
        """Look once at every camera, and finish what is due."""
        await asyncio.gather(*(eye.sample() for eye in self._made.eyes.values()))
        now = self._now()
        over = [clip for clip in self._commanded if clip.to_at <= now]
        self._commanded = [clip for clip in self._commanded if clip.to_at > now]
        for clip in (*self._book.due(now=now), *over):
            self._spawn(self._keep_clip(clip))
        self._tell_losses(now)

    async def close(self) -> None:
        """End views and let go of the cameras."""
        await self._made.views.close()
        for task in list(self._doing):
            task.cancel()
        await asyncio.gather(*self._doing, return_exceptions=True)
        for eye in self._made.eyes.values():
            await eye.stop()

    async def _keep_snapshot(self, clip: Clip) -> None:
        await self._keep(clip, MediaKind.SNAPSHOT, self._made.eyes[clip.camera].snapshot())

    async def _keep_clip(self, clip: Clip) -> None:
        await self._keep(clip, MediaKind.CLIP, self._made.eyes[clip.camera].cut(clip))

    async def _keep(self, clip: Clip, kind: MediaKind, getting: Awaitable[Content]) -> None:
        try:
            content = await getting
        except NothingSeenError:
            self._unseen_count += 1
            return
        now = self._now()
        async with self._disk:
            sha256 = await asyncio.to_thread(
                self._made.shelf.put, content.data, kind, content.format, now=now
            )
        if sha256 is None:
            return
        self._has_waiting.set()
        kept = ClipKept(
            clip_id=clip.clip_id,
            camera=clip.camera,
            kind=kind,
            format=content.format,
            sha256=sha256,
            size_bytes=len(content.data),
            from_at=content.from_at,
            to_at=content.to_at,
            about=clip.about,
            subjects=clip.subjects,
            command_id=clip.command_id,
        )
        self._recorder.note(kept, subject=clip.camera, now=now)

    def _tell_losses(self, now: datetime) -> None:
        told_at = self._losses_told_at
        if told_at is not None and timedelta(0) <= now - told_at < self.losses_interval:
            return
        self._losses_told_at = now
        losses = self._made.shelf.losses()
        limited = self._book.limited_count
        lost = ClipsLost(
            expired=losses.expired,
            displaced=losses.displaced,
            unwritten=losses.unwritten,
            limited=limited - self._limited_told,
            unseen=self._unseen_count,
        )
        self._limited_told, self._unseen_count = limited, 0
        if lost != ClipsLost():
            self._recorder.note(lost, subject=None, now=now)

    async def send(self) -> None:
        """Give central what waits, for ever."""
        back_off = BackOff()
        while True:
            self._has_waiting.clear()
            try:
                has_more = await self.send_next()
            except CentralError:
                # The uplink says that central is lost.
                await asyncio.sleep(back_off.next_s())
                continue
            back_off.reset()
            if not has_more:
                await wait_until_set(self._has_waiting, timeout_s=60.0)

    async def send_next(self) -> bool:
        """Give central one content; returns whether more may wait.

        Raises:
            CentralError: Central cannot be reached; it waits until it expires.
        """
        async with self._disk:
            waiting, content = await asyncio.to_thread(self._read_next)
        if waiting is None:
            return False
        if content is not None:
            try:
                await self._central.put_clip(waiting.sha256, content, waiting.kind, waiting.format)
            except CentralRefusedError as error:
                _log.warning("%s a %s of an alarm", error, waiting.kind)
        async with self._disk:
            await asyncio.to_thread(self._made.shelf.remove, waiting.name)
        return True

    def _read_next(self) -> tuple[Waiting | None, bytes | None]:
        waiting = self._made.shelf.next(now=self._now())
        return waiting, None if waiting is None else self._made.shelf.content(waiting)

    def follow_disk(self, *, is_short: bool) -> None:
        """See ``Shelf.follow_disk``; any thread may call."""
        self._made.shelf.follow_disk(is_short=is_short)

    async def carry_out(self, command: NodeCommand) -> Carried:
        """Do what central asks about a camera; see ``Hands.cameras``."""
        match command.what:
            case WatchCamera() as what:
                return self._watch(what)
            case KeepClip() as what:
                return self._want(what, command)
            case CallPreset(device=device, preset=preset):
                return await self._made.turner.call(device, preset)
            case _:
                return _NOT_HERE

    def _watch(self, what: WatchCamera) -> Carried:
        camera = self._cameras.get(what.camera)
        if camera is None:
            return _NOT_HERE
        if what.recorded_at is None:
            pictures = self._made.pictures.get(camera.id)
        else:
            pictures = self._made.recorded(camera, what.recorded_at)
        if pictures is None:
            return _NOT_HERE
        is_sent = self._made.views.watch(what.stream_id, until=what.until, pictures=pictures)
        return DONE if is_sent else _BUSY

    def _want(self, what: KeepClip, command: NodeCommand) -> Carried:
        if what.camera not in self._made.eyes:
            return _NOT_HERE
        clip = Clip(
            clip_id=what.clip_id,
            camera=what.camera,
            at=what.at,
            from_at=what.at - timedelta(seconds=what.before_s),
            to_at=what.at + timedelta(seconds=what.after_s),
            about=() if what.about is None else (what.about,),
            subjects=what.subjects,
            command_id=command.id,
        )
        self._commanded.append(clip)
        self._spawn(self._keep_snapshot(clip))
        return DONE


async def _said(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception:
        # Nobody awaits these: whatever a camera or the disk does ends no other clip in silence.
        _log.exception("a picture of an alarm was not kept")
