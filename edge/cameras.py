"""What a camera's watcher says becomes facts, a status, and a screen that tells people."""

import contextlib
from asyncio import AbstractEventLoop
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from config.contract.events import DeviceLost, DeviceReturned, EventData
from edge.devices import DeviceTable
from edge.vision.attempt import CameraHealth, FaceAttempt


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        """See ``Journal.note``."""
        ...


class Screen(Protocol):
    """What says whether faces are recognised there now."""

    def camera_is_able(self, *, is_able: bool) -> None:
        """See ``edge.access.screen.Screen.camera_is_able``."""
        ...


class Sighted(Protocol):
    """A lane or a till with a camera."""

    @property
    def screen(self) -> Screen:
        """What people see there."""
        ...

    def show_face(self, face: FaceAttempt) -> None:
        """Take what the camera saw."""
        ...


class CameraReports:
    """Carries what one watcher says from its thread into the event loop."""

    def __init__(
        self,
        camera: str,
        *,
        lane: Sighted,
        recorder: Recorder,
        table: DeviceTable,
        now: Callable[[], datetime],
        loop: AbstractEventLoop,
    ) -> None:
        """Tell ``lane``, ``recorder`` and ``table`` what the camera does."""
        self._camera, self._lane, self._loop = camera, lane, loop
        self._recorder, self._table, self._now = recorder, table, now
        self._lost_at_s: float | None = None

    def attempt(self, attempt: FaceAttempt) -> None:
        """Somebody stood before the camera; called in the watcher's thread."""
        self._in_loop(lambda: self._lane.show_face(attempt))

    def health(self, health: CameraHealth) -> None:
        """The camera is lost or back; called in the watcher's thread."""
        self._in_loop(lambda: self._take(health))

    def _in_loop(self, call: Callable[[], None]) -> None:
        # A watcher may outlive the loop by its last picture.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _take(self, health: CameraHealth) -> None:
        self._lane.screen.camera_is_able(is_able=health.is_current)
        if not health.is_current:
            if self._lost_at_s is None:
                self._note(DeviceLost(device=self._camera, detail=health.detail))
                self._lost_at_s = health.since_s
            self._table.set_lost(self._camera, health.detail)
            return
        if self._lost_at_s is not None:
            absence_s = round(max(0.0, health.since_s - self._lost_at_s), 3)
            self._note(DeviceReturned(device=self._camera, absence_s=absence_s))
        self._lost_at_s = None
        self._table.set_current(self._camera)

    def _note(self, data: EventData) -> None:
        self._recorder.note(data, subject=self._camera, now=self._now())
