"""One lane's recognition: a frame in, at most one attempt out. No thread, no camera.

It decides which part of which frame is searched, so that an empty lane costs next to nothing and a
person who stands there is not looked up again and again.
"""

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from config.site import Recognition
from edge.vision.approach import COMBINED_MARGIN, LOOK_INTERVAL_S, Look, Visit
from edge.vision.attempt import FaceAttempt, ViewBox
from edge.vision.covers import CoverRule
from edge.vision.live import encode_crop
from edge.vision.liveness import LivenessFinding, LivenessPolicy, LivenessWatch
from edge.vision.motion import Motion
from edge.vision.reader import Frame
from edge.vision.tracker import Track, Tracker
from models.face.covers import Cover, find_cover
from models.face.quality import QualityReason
from models.face.quality import assess as assess_for_gate
from models.face.types import Box, Candidate, Embedding, Face, Image, Pipeline
from models.liveness.types import Verdict

IDLE_INTERVAL_S = 0.055
"""Shortest time between two searches while nobody is there: every frame of 15 a second, every
second one of 30."""
IDLE_SEARCH_INTERVAL_S = 2.0
"""Longest time between two searches while nothing moves."""
DECIDED_INTERVAL_S = 0.12
"""Shortest time between two searches for somebody whose attempt is made."""
WHOLE_FRAME_INTERVAL_S = 0.6
"""How long only the person's neighbourhood, or what moves, is searched; then the whole frame."""
REGION_MARGIN = 0.4
"""Of the face's size, added on each side of where it is expected."""
SHRINKAGE = 0.65
"""In that neighbourhood no face is expected that is smaller by more."""
AWAKE_S = 2.0
"""So long after a face was seen, whole frames are searched though nothing moves: somebody may only
have turned away."""
DARK = frozenset({QualityReason.TOO_DARK, QualityReason.FLAT})
"""What the sun behind a person makes of the picture."""
SAME_PERSON_FALSE_POSITIVE_RATE = 0.01
"""At this rate two strangers who stand in one place after each other count as one person."""


class Demand(Protocol):
    """What is demanded of a face; ``models.face.operating_point.OperatingPoint`` is one."""

    @property
    def accept(self) -> float:
        """Similarity from which on the face alone decides."""
        ...

    @property
    def step_up(self) -> float:
        """Similarity from which on a card is asked for."""
        ...

    @property
    def margin(self) -> float:
        """By which the best candidate must lead the second."""
        ...


class Appraisal(Protocol):
    """The quality gate's answer; see ``models.face.quality.Quality``."""

    @property
    def reason(self) -> str | None:
        """Why the picture is not good enough; None when it is."""
        ...

    @property
    def score(self) -> float:
        """0..1, for choosing between frames of one person."""
        ...


class FaceGallery(Protocol):
    """The part of a gallery that is needed here; another thread may change its people."""

    def __len__(self) -> int:
        """Return the number of people."""
        ...

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first."""
        ...


class Recogniser:
    """Turns the frames of one camera into attempts. One thread at a time.

    Args:
        pipeline: Of this lane alone.
        gallery: Of the same pipeline.
        recognition: The site's setting.
        demand: What is demanded of a face, by the number of people searched; asked for every
            look, so that it may change while nobody comes or goes.
        liveness: The access point's rule; None does not ask for it.
        elsewhere: People who may not pass here: whom a face resembles there is said, no more.
        assess: The quality gate, for recognition.
        find_cover: Looks for what hides a face.
        clock: Monotonic, the one that stamped the frames.
    """

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        gallery: FaceGallery,
        recognition: Recognition,
        demand: Callable[[int], Demand],
        liveness: LivenessPolicy | None = None,
        elsewhere: FaceGallery | None = None,
        assess: Callable[[Image, Face], Appraisal] = assess_for_gate,
        find_cover: Callable[[Image, Face], Cover | None] = find_cover,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline, self._gallery, self._elsewhere = pipeline, gallery, elsewhere
        self._demand, self._liveness = demand, liveness
        self._size_px_min = recognition.face_size_px_min
        self._assess, self._clock = assess, clock
        self._covers = CoverRule(recognition, find_cover)
        self._tracker, self._motion = Tracker(), Motion()
        self._visits: dict[int, Visit] = {}
        self._watches: dict[int, LivenessWatch] = {}
        self._pictures: dict[int, dict[float, tuple[Image, Box]]] = {}
        self._seen: Sequence[Track] = ()
        self._hint: str | None = None
        self._same_person_similarity = pipeline.threshold(
            gallery_size=1, false_positive_rate=SAME_PERSON_FALSE_POSITIVE_RATE
        )
        self._counts: Counter[str] = Counter()
        self._searched_at_s = self._whole_searched_at_s = self._face_seen_at_s = float("-inf")

    @property
    def counts(self) -> Mapping[str, int]:
        """Frames ``skipped`` and ``searched``, faces ``embedded`` and ``attempts``, so far."""
        return dict(self._counts)

    @property
    def boxes(self) -> Sequence[ViewBox]:
        """The faces that are there, the nearest first; some were not looked at just now."""
        here = [track for track in self._tracker.tracks if track.missing_since_s is None]
        return [self._box(track) for track in here]

    def person_has_passed(self) -> None:
        """Let whoever appears after the present person be a new attempt at once."""
        self._tracker.person_has_passed()

    def person_was_let_through(self) -> None:
        """Ask nobody any more to uncover the face: a card has opened, and one passage is enough."""
        for visit in self._visits.values():
            visit.awaits_uncovering = False

    def interrupt(self) -> None:
        """Forget everybody: nobody was watched meanwhile, so whoever is next is a new person."""
        self._tracker.clear()
        self._forget_lost()
        self._seen, self._motion = (), Motion()

    def examine(self, frame: Frame) -> FaceAttempt | None:
        """Take a frame, newer than the last; returns the attempt that it decides, if any."""
        now_s = frame.captured_at_s
        region = self._region(frame.image, now_s=now_s)
        if region is None:
            self._counts["skipped"] += 1
            return self.conclude(now_s=now_s)
        is_whole = region == _whole(frame.image)
        faces = self._pipeline.detect(
            frame.image,
            face_size_px_min=self._size_px_min if is_whole else self._expected_size_px(),
            region=None if is_whole else region,
        )
        self._counts["searched"] += 1
        self._searched_at_s = now_s
        if is_whole:
            self._whole_searched_at_s = now_s
            self._motion.searched(frame.image)
        self._seen = list(self._tracker.update(faces, now_s=now_s, region=region))
        self._forget_lost()
        if self._seen:
            self._face_seen_at_s = now_s
        active = self._tracker.active
        if active is not None and active in self._seen:
            self._look(frame, active)
        elif active is not None and self._seen:
            self._follow(frame, active, self._seen[0])
        return self.conclude(now_s=now_s)

    def conclude(self, *, now_s: float) -> FaceAttempt | None:
        """Return the attempt that is due by now, if any; for when no frame comes."""
        track = self._tracker.active
        visit = None if track is None else self._visits.get(track.track_id)
        look = None if visit is None else visit.due(now_s=now_s)
        if track is None or visit is None or look is None:
            return None
        is_known = bool(look.candidates) and look.candidates[0].similarity >= look.step_up
        finding: LivenessFinding | None = None
        if self._liveness is not None:
            finding = self._watches[track.track_id].finding(now_s=now_s, is_last=not is_known)
            if finding is None:
                return None
        visit.close(now_s=now_s)
        self._counts["attempts"] += 1
        cover = visit.cover if visit.cover is not None else look.cover
        is_attack = finding is not None and finding.verdict is Verdict.ATTACK
        if cover is not None and not (look.is_clear or is_attack) and self._covers.is_asked(cover):
            visit.await_uncovering()
        decided_at_s = self._clock()
        image, box = self._pictures.pop(track.track_id)[look.captured_at_s]
        return FaceAttempt(
            track_id=track.track_id,
            first_captured_at_s=visit.looks[0].captured_at_s,
            captured_at_s=look.captured_at_s,
            decided_at_s=decided_at_s,
            candidates=tuple(look.candidates),
            threshold=look.threshold,
            step_up=look.step_up,
            margin_min=look.margin_min,
            gallery_size=look.gallery_size,
            combined_count=look.frame_count,
            elsewhere=None if is_known else self._found_elsewhere(look),
            liveness=finding,
            frame_count=len(visit.looks),
            network=self._pipeline.network,
            crop_jpeg=encode_crop(image, box),
            dropped=visit.dropped,
            cover=cover,
            needs_card=cover is not None and self._covers.needs_card(cover),
        )

    def _region(self, image: Image, *, now_s: float) -> Box | None:
        """Return where this frame is searched, or None when it can say nothing new."""
        active, pause_s = self._tracker.active, now_s - self._searched_at_s
        whole_pause_s = now_s - self._whole_searched_at_s
        if active is None:
            return self._idle_region(image, pause_s, whole_pause_s, now_s - self._face_seen_at_s)
        if active.missing_since_s is not None:
            return _whole(image)
        visit = self._visits.get(active.track_id)
        if visit is not None and visit.is_decided and pause_s < DECIDED_INTERVAL_S:
            return None
        if whole_pause_s >= WHOLE_FRAME_INTERVAL_S:
            return _whole(image)
        box = active.expected_box(now_s=now_s)
        region = _clip(box, REGION_MARGIN * max(box.width, box.height), image)
        # At the edge of the picture too little may be left to find a face in.
        return _whole(image) if min(region.width, region.height) < box.width else region

    def _idle_region(
        self, image: Image, pause_s: float, whole_pause_s: float, faceless_s: float
    ) -> Box | None:
        """Return where somebody may have come in."""
        if pause_s < IDLE_INTERVAL_S:
            return None
        region = self._motion.region(image)
        is_awake = region is not None or faceless_s < AWAKE_S
        if whole_pause_s >= (WHOLE_FRAME_INTERVAL_S if is_awake else IDLE_SEARCH_INTERVAL_S):
            return _whole(image)
        if region is None or min(region.width, region.height) < self._size_px_min:
            return None
        return region

    def _expected_size_px(self) -> int:
        active = self._tracker.active
        if active is None:
            return self._size_px_min
        return max(self._size_px_min, int(SHRINKAGE * active.face.box.width))

    def _look(self, frame: Frame, track: Track) -> None:
        now_s, visit = frame.captured_at_s, self._visit_of(track)
        self._hint = None
        if visit.awaits_uncovering:
            self._see_uncovered(frame, track, visit)
        if visit.is_decided and not visit.must_check(now_s=now_s):
            return
        watch = self._watches.get(track.track_id)
        is_asked = watch is not None and watch.is_challenge and not visit.wants_look
        if is_asked and watch is not None and not visit.is_decided:
            self._ask(frame, track, watch)
        rejection, score = self._rejection(frame.image, track.face)
        if is_asked and rejection is not None:
            # Who turns the head as asked is not told that the head is turned.
            return
        if rejection is not None:
            self._hint = rejection
            visit.drop(rejection)
            return
        embedding = self._pipeline.embed(frame.image, track.face)
        self._counts["embedded"] += 1
        track = self._person_of(track, embedding, now_s=now_s)
        visit = self._visit_of(track)
        if visit.is_decided:
            return
        if visit.wants_look and self._is_another_instant(visit, now_s):
            look = self._look_up(embedding, now_s=now_s, quality=score)
            cover = self._covers.seen(frame.image, track.face, is_clear=look.is_clear)
            visit.add(dataclasses.replace(look, cover=cover))
            self._combine(visit, now_s=now_s, quality=score)
            self._pictures.setdefault(track.track_id, {})[now_s] = (frame.image, track.face.box)
        watch = self._watches.get(track.track_id)
        if watch is not None and not is_asked:
            watch.take(frame.image, track.face, now_s=now_s)

    def _ask(self, frame: Frame, track: Track, watch: LivenessWatch) -> None:
        """Let the frame count for what the person was asked to do, and say what is next."""
        watch.take(frame.image, track.face, now_s=frame.captured_at_s)
        watch.challenge(now_s=frame.captured_at_s)
        self._hint = watch.instruction

    def _see_uncovered(self, frame: Frame, track: Track, visit: Visit) -> None:
        """Say to a person who was asked what hides the face still, or begin another attempt."""
        cover = self._covers.seen(frame.image, track.face, is_clear=False)
        rejection, _ = self._rejection(frame.image, track.face)
        self._hint = cover or rejection
        visit.see_uncovered(is_uncovered=cover is None and rejection is None)
        if not visit.is_decided and self._liveness is not None:
            # What was seen of life before does not count for the new attempt.
            self._watches[track.track_id] = self._liveness.watch()

    @staticmethod
    def _is_another_instant(visit: Visit, now_s: float) -> bool:
        return not visit.looks or now_s - visit.looks[-1].captured_at_s >= LOOK_INTERVAL_S

    def _combine(self, visit: Visit, *, now_s: float, quality: float) -> None:
        """Look up the mean of what was seen of a person so far."""
        looks = visit.looks
        if len(looks) < 2:
            return
        mean = self._pipeline.mean([look.embedding for look in looks])
        found = self._look_up(mean, now_s=now_s, quality=quality)
        visit.add_combined(
            dataclasses.replace(
                found,
                threshold=found.threshold + COMBINED_MARGIN,
                step_up=found.step_up + COMBINED_MARGIN,
                frame_count=len(looks),
            )
        )

    def _found_elsewhere(self, look: Look) -> Candidate | None:
        """Return who is known but may not pass here, if the face is somebody's."""
        if self._elsewhere is None or not len(self._elsewhere):
            return None
        best = next(iter(self._elsewhere.search(look.embedding, count=1)), None)
        accept = self._demand(len(self._elsewhere)).accept
        return best if best is not None and best.similarity >= accept else None

    def _follow(self, frame: Frame, missing: Track, other: Track) -> None:
        """Recognise the person whose turn it is in a face that appeared elsewhere, if it is so.

        Without this, whoever moves faster than tracks can follow would be let in twice.
        """
        visit = self._visits.get(missing.track_id)
        if visit is None or not visit.looks or self._visit_of(other).looks:
            return
        rejection, _ = self._rejection(frame.image, other.face)
        if rejection is None:
            embedding = self._pipeline.embed(frame.image, other.face)
            self._counts["embedded"] += 1
            if visit.resembles(embedding):
                self._merge(other, missing, now_s=frame.captured_at_s)

    def _person_of(self, track: Track, embedding: Embedding, *, now_s: float) -> Track:
        """Return the track of the person who is seen, by the face: a new one, or an earlier one."""
        visit = self._visit_of(track)
        if visit.is_somebody_else(embedding, now_s=now_s):
            successor = self._tracker.split(track, now_s=now_s)
            self._replace(track, successor)
            return successor
        hidden = [t for t in self._tracker.tracks if t not in self._seen] if not visit.looks else []
        for earlier in hidden:
            earlier_visit = self._visits.get(earlier.track_id)
            if earlier_visit is not None and earlier_visit.resembles(embedding):
                self._merge(track, earlier, now_s=now_s)
                return earlier
        return track

    def _merge(self, track: Track, earlier: Track, *, now_s: float) -> None:
        self._tracker.merge(track, earlier, now_s=now_s)
        self._replace(track, earlier)

    def _replace(self, track: Track, person: Track) -> None:
        self._seen = [person if seen is track else seen for seen in self._seen]
        self._forget_lost()

    def _look_up(self, embedding: Embedding, *, now_s: float, quality: float) -> Look:
        size = len(self._gallery)
        demand = self._demand(size)
        return Look(
            captured_at_s=now_s,
            embedding=embedding,
            candidates=self._gallery.search(embedding, count=2),
            threshold=demand.accept,
            step_up=demand.step_up,
            margin_min=demand.margin,
            gallery_size=size,
            quality=quality,
        )

    def _rejection(self, image: Image, face: Face) -> tuple[str | None, float]:
        """Return why a face is not good enough to be looked up, or None, and its score."""
        if min(face.box.width, face.box.height) < self._size_px_min:
            return str(QualityReason.TOO_SMALL), 0.0
        appraisal = self._assess(image, face)
        reason = None if appraisal.reason is None else str(appraisal.reason)
        if reason in DARK and self._covers.is_sun_behind(image, face):
            reason = str(Cover.SUN_BEHIND)
        return reason, appraisal.score

    def _visit_of(self, track: Track) -> Visit:
        visit = self._visits.get(track.track_id)
        if visit is None:
            if self._liveness is not None:
                self._watches[track.track_id] = self._liveness.watch()
            visit = self._visits[track.track_id] = Visit(
                similarity=self._pipeline.similarity,
                same_person_similarity=self._same_person_similarity,
            )
        return visit

    def _forget_lost(self) -> None:
        here = {track.track_id for track in self._tracker.tracks}
        for track_id in [i for i in self._visits if i not in here]:
            del self._visits[track_id]
            self._watches.pop(track_id, None)
            self._pictures.pop(track_id, None)

    def _box(self, track: Track) -> ViewBox:
        visit, is_active = self._visits.get(track.track_id), track is self._tracker.active
        return ViewBox(
            box=track.face.box,
            is_active=is_active,
            is_decided=visit is not None and visit.is_decided,
            hint=self._hint if is_active else None,
        )


def _whole(image: Image) -> Box:
    height, width = image.shape[:2]
    return Box(0.0, 0.0, float(width), float(height))


def _clip(box: Box, margin: float, image: Image) -> Box:
    """Return a box with a margin, as far as it lies in the picture."""
    whole = _whole(image)
    return Box(
        max(whole.left, box.left - margin),
        max(whole.top, box.top - margin),
        min(whole.right, box.right + margin),
        min(whole.bottom, box.bottom + margin),
    )
