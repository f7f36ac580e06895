"""One lane's eyes: a thread that takes the newest picture to the recognition and reports.

Everything that is decided is decided by ``recogniser``; here are the thread, the camera's health
and the live picture.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import cv2

from config.site import Recognition
from edge.vision.attempt import CameraHealth, FaceAttempt, View, ViewBox
from edge.vision.live import LivePicture
from edge.vision.liveness import LivenessPolicy
from edge.vision.reader import Reader
from edge.vision.recogniser import Appraisal, Demand, FaceGallery, Recogniser
from models.face.quality import assess as assess_for_gate
from models.face.types import Face, Image, Pipeline

FRAME_AGE_S_MAX = 1.0
"""Older pictures decide nothing."""
WAIT_S = 0.2
FAILURE_PAUSE_S = 0.5

_log = logging.getLogger("edge.vision")


class Watcher:
    """Watches one camera for one access point.

    Args:
        camera: Its id, for the log.
        access_point: Its id, for the log.
        reader: Of the camera; started and stopped with the watcher.
        pipeline: Of this lane alone; used in the watcher's thread.
        gallery: People who may pass here; of the same pipeline.
        recognition: The site's setting.
        demand: What is demanded of a face, by the number of people searched.
        liveness: The access point's rule; None does not ask for it.
        elsewhere: People who may not pass here.
        on_attempt: Called in the watcher's thread, once per person and visit; must not block.
        on_health: Called in the watcher's thread when the camera is lost or back.
        assess: The quality gate.

    Attributes:
        recognised_s: How long it worked at pictures, since the start.
        captured_at_s: When the newest picture came that it took, monotonic; None before the first.
    """

    def __init__(
        self,
        *,
        camera: str,
        access_point: str,
        reader: Reader,
        pipeline: Pipeline,
        gallery: FaceGallery,
        recognition: Recognition,
        demand: Callable[[int], Demand],
        liveness: LivenessPolicy | None = None,
        elsewhere: FaceGallery | None = None,
        on_attempt: Callable[[FaceAttempt], None],
        on_health: Callable[[CameraHealth], None],
        assess: Callable[[Image, Face], Appraisal] = assess_for_gate,
    ) -> None:
        self.camera, self.access_point = camera, access_point
        self._reader, self._live = reader, LivePicture(reader)
        self._on_attempt, self._on_health = on_attempt, on_health
        self._recogniser = Recogniser(
            pipeline=pipeline,
            gallery=gallery,
            recognition=recognition,
            demand=demand,
            liveness=liveness,
            elsewhere=elsewhere,
            assess=assess,
        )
        self.recognised_s, self.captured_at_s = 0.0, None  # type: float, float | None
        self._sequence, self.turned_at_s = 0, time.monotonic()
        self._failure: CameraHealth | None = None
        self._health_reported: CameraHealth | None = None
        self._has_passed, self._is_stopped = threading.Event(), threading.Event()
        self._was_let_through, self._must_look_again = threading.Event(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"vision {access_point}", daemon=True
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """What the recognition did, and ``damaged`` pictures, since the start."""
        return {**self._recogniser.counts, "damaged": self._reader.damaged_count}

    def start(self) -> None:
        """Begin to watch; once."""
        # OpenCV would take all cores for each small picture; a lane has its one thread.
        cv2.setNumThreads(1)
        self._reader.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns within about a second, whatever the camera does."""
        self._is_stopped.set()
        self._reader.stop()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def person_has_passed(self) -> None:
        """Say that the gate counted a passage: who appears next is a new attempt at once."""
        self._has_passed.set()

    def person_was_let_through(self) -> None:
        """Say that the gate was told to open: nobody is asked any more to uncover the face."""
        self._was_let_through.set()

    def look_again(self) -> None:
        """Let whoever stands there make another attempt: what was seen of them is forgotten."""
        self._must_look_again.set()

    def boxes(self) -> Sequence[ViewBox]:
        """Return the faces of the newest picture that was searched; none of an old one."""
        return self._live.boxes()

    def view(self) -> View:
        """Return the live picture; encodes only when asked, at most ten times a second."""
        return self._live.view()

    def health(self) -> CameraHealth:
        """Return whether the camera's picture, and what is read from it, can be trusted."""
        return self._failure or self._reader.health()

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            self.turned_at_s = time.monotonic()
            try:
                self._turn()
            except Exception:
                # Whatever one picture does to a network must not end the lane's only eyes.
                _log.exception("access point %s: recognition failed", self.access_point)
                self._failure = self._failure or CameraHealth(
                    is_current=False, detail="recognition failed", since_s=time.monotonic()
                )
                self._is_stopped.wait(FAILURE_PAUSE_S)

    def _turn(self) -> None:
        self._report_health()
        frame = self._reader.newest(after=self._sequence, timeout_s=WAIT_S)
        if self._has_passed.is_set():
            self._has_passed.clear()
            self._recogniser.person_has_passed()
        if self._was_let_through.is_set():
            self._was_let_through.clear()
            self._recogniser.person_was_let_through()
        if self._must_look_again.is_set():
            self._must_look_again.clear()
            self._recogniser.interrupt()
        now_s = time.monotonic()
        if frame is None:
            attempt = self._recogniser.conclude(now_s=now_s)
        else:
            self._sequence, self.captured_at_s = frame.sequence, frame.captured_at_s
            if now_s - frame.captured_at_s > FRAME_AGE_S_MAX:
                return
            attempt = self._recogniser.examine(frame)
            self.recognised_s += time.monotonic() - now_s
            self._failure = None
            self._live.show(self._recogniser.boxes, captured_at_s=frame.captured_at_s)
        if attempt is not None:
            self._on_attempt(attempt)

    def _report_health(self) -> None:
        health, reported = self.health(), self._health_reported
        if health.is_awaited or (reported and reported.is_current == health.is_current):
            return
        self._health_reported = health
        if not health.is_current:
            self._recogniser.interrupt()
        self._on_health(health)
