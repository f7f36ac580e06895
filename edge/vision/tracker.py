"""Faces over time: which face of this picture is the person of the last one. Pure.

Association is by overlap and by distance of centres, never by looks. Whoever compares embeddings
calls ``split`` when another person stands in the same place, and ``merge`` when a person moved
faster than association can follow.
"""

import dataclasses
import math
from collections.abc import Sequence

from models.face.types import Box, Face

LOST_AFTER_S = 0.4
PASSED_LOST_AFTER_S = 0.15
"""The same for somebody whom the gate has counted; more than one frame that missed the face."""
BLIND_AFTER_S = 2.0
"""Who was not looked for during so long is nobody that we know any more."""
OVERLAP_MIN = 0.3
SHIFT_MAX = 0.6
"""Longest way of a centre between two sightings, in widths of the face."""
GROWTH_MAX = 1.6
"""A face does not grow or shrink by more between two sightings."""
FORESIGHT_S = 0.3
"""A speed says where a face is for so long."""
NEARER_BY = 1.15
"""Another face must be so much larger than the active one to be the nearer person."""


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union, 0..1."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)


def centre(box: Box) -> tuple[float, float]:
    """Return the middle, x and y in pixels."""
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def contains(region: Box, point: tuple[float, float]) -> bool:
    """Return whether a point lies in a region."""
    x, y = point
    return region.left <= x < region.right and region.top <= y < region.bottom


@dataclasses.dataclass(slots=True, eq=False)
class Track:
    """One person as long as the person is in view.

    Attributes:
        face: As last seen.
        seen_at_s: Capture of the last frame with the face; monotonic.
        missing_since_s: Capture of the first frame since then that lacked it, or None.
        velocity: Of the face's middle, x and y in pixels a second.
        has_passed: The person went through; a shorter absence ends the track.
    """

    track_id: int
    face: Face
    seen_at_s: float
    missing_since_s: float | None = None
    velocity: tuple[float, float] = (0.0, 0.0)
    has_passed: bool = False

    def expected_box(self, *, now_s: float) -> Box:
        """Return where the face would be by now, had it kept its speed."""
        ahead_s = min(max(now_s - self.seen_at_s, 0.0), FORESIGHT_S)
        dx, dy = (speed * ahead_s for speed in self.velocity)
        box = self.face.box
        return Box(box.left + dx, box.top + dy, box.right + dx, box.bottom + dy)

    def see(self, face: Face, *, now_s: float) -> None:
        """Take the next sighting."""
        (x, y), (x_now, y_now) = centre(self.face.box), centre(face.box)
        elapsed_s = now_s - self.seen_at_s
        if 0 < elapsed_s <= FORESIGHT_S:
            self.velocity = ((x_now - x) / elapsed_s, (y_now - y) / elapsed_s)
        else:
            self.velocity = (0.0, 0.0)
        self.face, self.seen_at_s, self.missing_since_s = face, now_s, None


class Tracker:
    """Gives the faces of one camera their tracks and says which of them decides.

    Args:
        lost_after_s: A face that frames lacked for so long has left; the same person is then a new
            track. Time without frames does not count: a machine that stalls loses nobody.
    """

    def __init__(self, *, lost_after_s: float = LOST_AFTER_S) -> None:
        self._lost_after_s = lost_after_s
        self._tracks: dict[int, Track] = {}
        self._last_id = 0
        self._active_id: int | None = None

    @property
    def tracks(self) -> Sequence[Track]:
        """All tracks, the largest face first; some may be out of view for a moment."""
        return sorted(self._tracks.values(), key=lambda track: -_size(track.face.box))

    @property
    def active(self) -> Track | None:
        """The nearest person: the largest face; it stays so until another is clearly larger."""
        return None if self._active_id is None else self._tracks.get(self._active_id)

    def update(
        self, faces: Sequence[Face], *, now_s: float, region: Box | None = None
    ) -> Sequence[Track]:
        """Take the faces of one frame; returns the tracks seen in it, largest first.

        Args:
            faces: All faces of the frame, or of ``region``.
            now_s: Capture of the frame, monotonic; not before the last call's.
            region: Where was looked; nobody outside it is counted as gone because of this frame.
        """
        self._drop_lost(now_s)
        seen = self._associate(faces, now_s)
        for track in list(self._tracks.values()):
            if track.track_id in seen:
                continue
            if region is not None and not contains(region, centre(track.face.box)):
                continue
            if track.missing_since_s is None:
                track.missing_since_s = now_s
        self._choose(seen)
        return sorted((self._tracks[i] for i in seen), key=lambda track: -_size(track.face.box))

    def split(self, track: Track, *, now_s: float) -> Track:
        """Return a new track for another person who stands where the track's person stood."""
        self._tracks.pop(track.track_id, None)
        successor = self._begin(track.face, now_s)
        if self._active_id == track.track_id:
            self._active_id = successor.track_id
        return successor

    def merge(self, track: Track, earlier: Track, *, now_s: float) -> None:
        """Let a new track be the person of an earlier one, who is out of view."""
        self._tracks.pop(track.track_id, None)
        earlier.see(track.face, now_s=now_s)
        if self._active_id == track.track_id:
            self._active_id = earlier.track_id

    def person_has_passed(self) -> None:
        """Let the active track end after a short absence: its person went through."""
        if self.active is not None:
            self.active.has_passed = True

    def clear(self) -> None:
        """Forget everybody: the picture was interrupted."""
        self._tracks.clear()
        self._active_id = None

    def _drop_lost(self, now_s: float) -> None:
        for track in list(self._tracks.values()):
            missing_since_s = track.missing_since_s
            lost_after_s = PASSED_LOST_AFTER_S if track.has_passed else self._lost_after_s
            is_lost = missing_since_s is not None and now_s - missing_since_s >= lost_after_s
            if is_lost or now_s - track.seen_at_s > BLIND_AFTER_S:
                del self._tracks[track.track_id]

    def _associate(self, faces: Sequence[Face], now_s: float) -> set[int]:
        pairs = sorted(
            (
                (likeness, track.track_id, index)
                for track in self._tracks.values()
                for index, face in enumerate(faces)
                if (likeness := _track_likeness(track, face, now_s)) > 0
            ),
            reverse=True,
        )
        seen: set[int] = set()
        taken: set[int] = set()
        for _, track_id, index in pairs:
            if track_id in seen or index in taken:
                continue
            self._tracks[track_id].see(faces[index], now_s=now_s)
            seen.add(track_id)
            taken.add(index)
        for index, face in enumerate(faces):
            if index not in taken:
                seen.add(self._begin(face, now_s).track_id)
        return seen

    def _begin(self, face: Face, now_s: float) -> Track:
        self._last_id += 1
        track = Track(self._last_id, face, seen_at_s=now_s)
        self._tracks[track.track_id] = track
        return track

    def _choose(self, seen: set[int]) -> None:
        candidates = [self._tracks[i] for i in seen]
        active = self.active
        if active is not None and active.track_id not in seen:
            # Out of view for a moment: nobody else takes the turn before this person is lost,
            # unless somebody larger stands there.
            candidates = [
                t for t in candidates if _size(t.face.box) > NEARER_BY * _size(active.face.box)
            ]
        if not candidates:
            if active is None:
                self._active_id = None
            return
        nearest = max(candidates, key=lambda track: _size(track.face.box))
        if active is None or _size(nearest.face.box) > NEARER_BY * _size(active.face.box):
            self._active_id = nearest.track_id


def _size(box: Box) -> float:
    return math.sqrt(max(box.width, 0.0) * max(box.height, 0.0))


def _track_likeness(track: Track, face: Face, now_s: float) -> float:
    expected = track.expected_box(now_s=now_s)
    return max(_likeness(track.face.box, face.box), _likeness(expected, face.box))


def _likeness(before: Box, now: Box) -> float:
    """Return how well two boxes may be one face; 0 when they may not."""
    size_before, size_now = _size(before), _size(now)
    if min(size_before, size_now) <= 0:
        return 0.0
    growth = max(size_before, size_now) / min(size_before, size_now)
    if growth > GROWTH_MAX:
        return 0.0
    (x_before, y_before), (x_now, y_now) = centre(before), centre(now)
    shift = math.hypot(x_now - x_before, y_now - y_before) / max(size_before, size_now)
    shared = overlap(before, now)
    if shared < OVERLAP_MIN and shift > SHIFT_MAX:
        return 0.0
    return shared + max(0.0, 1.0 - shift) + 1.0 / growth
