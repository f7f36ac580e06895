"""One lane's eyes: newest picture, faces, tracks, one attempt per person. One thread."""

import dataclasses
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from config.site import Recognition
from edge.vision.approach import Look, Visit
from edge.vision.attempt import CameraHealth, FaceAttempt, View, ViewBox
from edge.vision.live import LivePicture, encode_crop
from edge.vision.motion import Motion
from edge.vision.reader import Frame, Reader
from edge.vision.tracker import Track, Tracker
from models.face.types import Box, Candidate, Embedding, Face, Image, Pipeline

IDLE_INTERVAL_S = 1 / 12
"""Shortest time between two searches for faces while nobody is there."""
IDLE_LOOK_INTERVAL_S = 1.0
"""Longest time between two searches while nothing moves."""
DECIDED_INTERVAL_S = 0.15
"""Between two frames of somebody whose attempt is made."""
FULL_FRAME_INTERVAL_S = 0.5
"""How long only the neighbourhood of the person is searched; then the whole frame once."""
REGION_MARGIN = 0.8
"""Of the face's size, added on each side of it."""
FRAME_AGE_S_MAX = 1.0
"""Older pictures decide nothing."""
SAME_PERSON_FALSE_POSITIVE_RATE = 0.01
FAILURE_PAUSE_S = 0.5

_log = logging.getLogger("edge.vision")


@dataclasses.dataclass(frozen=True, slots=True)
class Appraisal:
    """The quality gate's answer. Attributes: reason: why not, None when good. score: 0..1."""

    reason: str | None
    score: float


class FaceGallery(Protocol):
    """The part of a gallery that is needed here; another thread may change its people."""

    def __len__(self) -> int:
        """Return the number of people."""
        ...

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first."""
        ...


class Watcher:
    """Watches one camera for one access point.

    Args:
        camera: Its id, for the log.
        access_point: Its id, for the log.
        reader: Of the camera; started and stopped with the watcher.
        pipeline: Of this lane alone; used in the watcher's thread.
        gallery: Of the same pipeline.
        recognition: The site's setting.
        assess: The quality gate, for recognition.
        on_attempt: Called in the watcher's thread, once per person and visit; must not block.
        on_health: Called in the watcher's thread when the camera is lost or back.
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
        assess: Callable[[Image, Face], Appraisal],
        on_attempt: Callable[[FaceAttempt], None],
        on_health: Callable[[CameraHealth], None],
    ) -> None:
        self.camera, self.access_point = camera, access_point
        self._reader, self._pipeline, self._gallery = reader, pipeline, gallery
        self._recognition, self._assess = recognition, assess
        self._on_attempt, self._on_health = on_attempt, on_health
        self._tracker, self._motion, self._live = Tracker(), Motion(), LivePicture(reader)
        self._visits: dict[int, Visit] = {}
        self._crops: dict[int, dict[float, tuple[Image, Box]]] = {}
        self._hint: str | None = None
        self._thresholds: dict[int, float] = {}
        self._same_person_similarity = pipeline.threshold(
            gallery_size=1, false_positive_rate=SAME_PERSON_FALSE_POSITIVE_RATE
        )
        self._counts: Counter[str] = Counter()
        self._sequence = 0
        self._searched_at_s = self._whole_searched_at_s = float("-inf")
        self._failure: CameraHealth | None = None
        self._health_reported: CameraHealth | None = None
        self._has_passed, self._is_stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"vision {access_point}", daemon=True
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """Frames skipped, frames searched, faces embedded and attempts, since the start."""
        return dict(self._counts)

    def start(self) -> None:
        """Begin to watch; once."""
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

    def view(self) -> View:
        """Return the live picture; encodes only when asked, at most ten times a second."""
        return self._live.view()

    def health(self) -> CameraHealth:
        """Return whether the camera's picture, and what is read from it, can be trusted."""
        return self._failure or self._reader.health()

    def _run(self) -> None:
        while not self._is_stopped.is_set():
            try:
                self._turn()
                self._failure = None
            except Exception:
                # Whatever one picture does to a network must not end the lane's only eyes.
                _log.exception("access point %s: recognition failed", self.access_point)
                self._failure = CameraHealth(
                    is_current=False, detail="recognition failed", since_s=time.monotonic()
                )
                self._is_stopped.wait(FAILURE_PAUSE_S)

    def _turn(self) -> None:
        self._report_health()
        pause_s = self._searched_at_s + self._interval_s() - time.monotonic()
        if pause_s > 0:
            self._is_stopped.wait(pause_s)
        frame = self._reader.newest(after=self._sequence, timeout_s=0.2)
        if self._has_passed.is_set():
            self._has_passed.clear()
            self._tracker.person_has_passed()
        if frame is not None:
            self._sequence = frame.sequence
            if time.monotonic() - frame.captured_at_s < FRAME_AGE_S_MAX:
                self._examine(frame)
        self._decide(now_s=time.monotonic() if frame is None else frame.captured_at_s)

    def _interval_s(self) -> float:
        active = self._tracker.active
        if active is None:
            return IDLE_INTERVAL_S
        visit = self._visits.get(active.track_id)
        return DECIDED_INTERVAL_S if visit is not None and visit.is_decided else 0.0

    def _report_health(self) -> None:
        health, reported = self.health(), self._health_reported
        if health.is_current or health.detail != "starting":
            if reported is not None and reported.is_current == health.is_current:
                return
            self._health_reported = health
            if not health.is_current:
                # Nobody was watched meanwhile, so whoever stands there next is a new person.
                self._tracker.clear()
                self._forget_lost()
            self._on_health(health)

    def _examine(self, frame: Frame) -> None:
        now_s, active = frame.captured_at_s, self._tracker.active
        if active is None and not self._is_worth_searching(frame):
            self._counts["skipped"] += 1
            return
        region = None
        if active is not None and now_s - self._whole_searched_at_s < FULL_FRAME_INTERVAL_S:
            region = _around(active.face.box)
        else:
            self._whole_searched_at_s = now_s
        self._searched_at_s = time.monotonic()
        self._counts["searched"] += 1
        faces = self._pipeline.detect(
            frame.image,
            face_size_px_min=self._recognition.face_size_px_min,
            region=region,
        )
        seen = self._tracker.update(faces, now_s=now_s, region=region)
        self._motion.examined(frame.image)
        self._forget_lost()
        active = self._tracker.active
        if active is not None and active in seen:
            self._look(frame, active)
        self._show(frame, seen)

    def _is_worth_searching(self, frame: Frame) -> bool:
        quiet_s = frame.captured_at_s - self._whole_searched_at_s
        return quiet_s >= IDLE_LOOK_INTERVAL_S or self._motion.is_seen(frame.image)

    def _look(self, frame: Frame, track: Track) -> None:
        now_s, visit = frame.captured_at_s, self._visit_of(track)
        self._hint = None
        if visit.is_decided and not visit.must_check(now_s=now_s):
            return
        appraisal = self._appraise(frame.image, track.face)
        if appraisal.reason is not None:
            self._hint = appraisal.reason
            visit.drop(appraisal.reason)
            return
        embedding = self._pipeline.embed(frame.image, track.face)
        self._counts["embedded"] += 1
        if visit.is_somebody_else(embedding, now_s=now_s):
            track = self._tracker.split(track, now_s=now_s)
            self._forget_lost()
            visit = self._visit_of(track)
        if visit.is_decided:
            return
        size = len(self._gallery)
        visit.add(
            Look(
                captured_at_s=now_s,
                embedding=embedding,
                candidates=self._gallery.search(embedding, count=2),
                threshold=self._threshold(size),
                gallery_size=size,
                quality=appraisal.score,
            )
        )
        self._crops.setdefault(track.track_id, {})[now_s] = (frame.image, track.face.box)

    def _appraise(self, image: Image, face: Face) -> Appraisal:
        if min(face.box.width, face.box.height) < self._recognition.face_size_px_min:
            return Appraisal("too_small", 0.0)
        return self._assess(image, face)

    def _decide(self, *, now_s: float) -> None:
        track = self._tracker.active
        visit = None if track is None else self._visits.get(track.track_id)
        if track is None or visit is None:
            return
        look = visit.decide(now_s=now_s)
        if look is None:
            return
        image, box = self._crops.pop(track.track_id)[look.captured_at_s]
        self._counts["attempts"] += 1
        decided_at_s = time.monotonic()
        self._on_attempt(
            FaceAttempt(
                track_id=track.track_id,
                first_captured_at_s=visit.looks[0].captured_at_s,
                captured_at_s=track.seen_at_s,
                decided_at_s=decided_at_s,
                candidates=tuple(look.candidates),
                threshold=look.threshold,
                gallery_size=look.gallery_size,
                frame_count=len(visit.looks),
                network=self._pipeline.network,
                crop_jpeg=encode_crop(image, box),
                dropped=visit.dropped,
            )
        )

    def _visit_of(self, track: Track) -> Visit:
        visit = self._visits.get(track.track_id)
        if visit is None:
            visit = self._visits[track.track_id] = Visit(
                similarity=self._pipeline.similarity,
                same_person_similarity=self._same_person_similarity,
            )
        return visit

    def _forget_lost(self) -> None:
        here = {track.track_id for track in self._tracker.tracks}
        for track_id in [i for i in self._visits if i not in here]:
            del self._visits[track_id]
            self._crops.pop(track_id, None)

    def _threshold(self, size: int) -> float:
        if size not in self._thresholds:
            self._thresholds.clear()
            self._thresholds[size] = self._pipeline.threshold(
                gallery_size=size, false_positive_rate=self._recognition.false_positive_rate
            )
        return self._thresholds[size]

    def _show(self, frame: Frame, seen: Sequence[Track]) -> None:
        active = self._tracker.active
        boxes = []
        for track in seen:
            visit, is_active = self._visits.get(track.track_id), track is active
            boxes.append(
                ViewBox(
                    box=track.face.box,
                    is_active=is_active,
                    is_decided=visit is not None and visit.is_decided,
                    hint=self._hint if is_active else None,
                )
            )
        self._live.show(boxes, captured_at_s=frame.captured_at_s)


def _around(box: Box) -> Box:
    margin = REGION_MARGIN * max(box.width, box.height)
    return Box(box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
