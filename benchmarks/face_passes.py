"""Approaches through the real recogniser: who passes, as whom, and why not."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.face_simulated_gallery import FirstSearch, simulated_gallery
from benchmarks.face_stills import approach, read_still, seed_of
from config.site import Recognition
from edge.access.decision import FaceShown
from edge.vision.attempt import FaceAttempt
from edge.vision.liveness import LivenessPolicy
from edge.vision.reader import Frame
from edge.vision.recogniser import FaceGallery, Recogniser
from models.face.demand import operating_point_for
from models.face.operating_point import RATES_OF_PIPELINE, OperatingPoint
from models.face.types import Box, Candidate, Embedding, Face, Image, Pipeline

GALLERY_SIZE: Final = 1000
PICTURES: Final = 3
"""Enrolled of each person."""
NO_FACE: Final = "no face in the still"
NO_ATTEMPT: Final = "no good frame"
PASSED: Final = "passed"
WRONG_PERSON: Final = "passed as somebody else"
SHOWN_PX: Final = 500
"""Stills are made so high before a face is looked for; those of LFW have 250 pixels."""
STILL_FACE_PX_MIN: Final = 110
"""Looked for in a still: faces of LFW are about 180 pixels wide there."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One photograph of a person. Attributes: face, template: None where no face is found."""

    person: str
    name: str
    image: Image
    face: Face | None
    template: Embedding | None


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    """What is demanded, and whom the drawn people are like.

    Attributes:
        demand_factor: Same-group factor of the thresholds; None is the shipped default.
        drawn_factor: Of the drawn people; None is the network's same-group factor.
    """

    name: str
    demand_factor: float | None
    drawn_factor: float | None


SCENARIOS: Final = (
    Scenario("shipped defaults", None, 1.0),
    Scenario("same_group_factor = 1", 1.0, 1.0),
    Scenario("shipped defaults, all of one group", None, None),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one approach ended.

    Attributes:
        track: ``passed``, or why not, in the words of the access rules.
        one_frame: What the first good frame alone would have said.
        frame_count: Frames that were looked up.
        is_mean: Whether the mean of several frames decided.
        verdict: Of liveness, where it is asked.
        liveness_reason: Of the verdict.
    """

    track: str
    one_frame: str
    frame_count: int = 0
    is_mean: bool = False
    verdict: str | None = None
    liveness_reason: str | None = None


class Remembering:
    """A pipeline that does the same work on the same picture once; see ``types.Pipeline``."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Remember what a pipeline answers until ``forget``."""
        self._pipeline = pipeline
        self._faces: dict[tuple[int, int, Box | None], Sequence[Face]] = {}
        self._embeddings: dict[tuple[int, Box], Embedding] = {}
        self.name, self.network = pipeline.name, pipeline.network
        self.dimension = pipeline.dimension
        self.mean, self.similarity = pipeline.mean, pipeline.similarity
        self.threshold, self.new_gallery = pipeline.threshold, pipeline.new_gallery

    def forget(self) -> None:
        """Forget everything: the pictures are about to go, and others get their identities."""
        self._faces.clear()
        self._embeddings.clear()

    def detect(
        self, image: Image, *, face_size_px_min: int = 80, region: Box | None = None
    ) -> Sequence[Face]:
        """Return the faces, largest first."""
        key = (id(image), face_size_px_min, region)
        if key not in self._faces:
            self._faces[key] = self._pipeline.detect(
                image, face_size_px_min=face_size_px_min, region=region
            )
        return self._faces[key]

    def embed(self, image: Image, face: Face) -> Embedding:
        """Return the embedding."""
        key = (id(image), face.box)
        if key not in self._embeddings:
            self._embeddings[key] = self._pipeline.embed(image, face)
        return self._embeddings[key]


def read_stills(pipeline: Pipeline, person: str, paths: Sequence[Path]) -> list[Still]:
    """Return a person's photographs, their largest faces found and embedded."""
    stills = []
    for path in paths:
        image = read_still(path)
        scale = SHOWN_PX / image.shape[0]
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), np.uint8)
        face = next(iter(pipeline.detect(image, face_size_px_min=STILL_FACE_PX_MIN)), None)
        template = None if face is None else pipeline.embed(image, face)
        stills.append(Still(person, f"{person}/{path.name}", image, face, template))
    return stills


def demand_of(pipeline: str, factor: float | None, size: int = GALLERY_SIZE) -> OperatingPoint:
    """Return what a site's defaults demand of a face, same-group factor apart."""
    recognition = Recognition.model_validate({"pipeline": pipeline, "same_group_factor": factor})
    return operating_point_for(recognition, size, pictures=PICTURES)


class Simulation:
    """Approaches to gates that have one pipeline.

    Args:
        pipeline: Of all gates.
        liveness: The rule of all gates; None does not ask.
    """

    def __init__(self, pipeline: Pipeline, liveness: LivenessPolicy | None = None) -> None:
        self._pipeline, self._liveness = Remembering(pipeline), liveness

    def outcomes(
        self, still: Still, enrolled: Mapping[str, Embedding], scenarios: Sequence[Scenario]
    ) -> dict[str, Outcome]:
        """Return how one approach ends in each scenario, with the very same frames."""
        if still.face is None or still.template is None:
            return {s.name: Outcome(track=NO_FACE, one_frame=NO_FACE) for s in scenarios}
        self._pipeline.forget()
        seed = seed_of(still.name)
        frames = list(approach(still.image, still.face.box, seed=seed))
        rates, found = RATES_OF_PIPELINE[self._pipeline.name], {}
        for scenario in scenarios:
            factor = scenario.drawn_factor
            gallery = simulated_gallery(
                self._pipeline,
                enrolled,
                still.template,
                size=GALLERY_SIZE,
                rates=rates,
                factor=rates.same_group_factor if factor is None else factor,
                seed=seed,
            )
            point = demand_of(self._pipeline.name, scenario.demand_factor)
            found[scenario.name] = self.walk(frames, gallery, point, person=still.person)
        return found

    def walk(
        self, frames: Sequence[Frame], gallery: FaceGallery, point: OperatingPoint, *, person: str
    ) -> Outcome:
        """Return how the frames of one approach end.

        Args:
            frames: In order of time.
            gallery: Of the pipeline.
            point: Demanded at every size of the gallery.
            person: Key of who approaches; passing as another one is counted apart.
        """
        now_s, searched = frames[0].captured_at_s, FirstSearch(gallery)
        recogniser = Recogniser(
            pipeline=self._pipeline,
            gallery=searched,
            recognition=Recognition.model_validate({"pipeline": self._pipeline.name}),
            demand=lambda _: point,
            liveness=self._liveness,
            clock=lambda: now_s,
        )
        for frame in frames:
            now_s = frame.captured_at_s
            attempt = recogniser.examine(frame)
            if attempt is not None:
                return _outcome(attempt, searched.first or (), point, person)
        hints = [box.hint for box in recogniser.boxes if box.hint]
        why = f"{NO_ATTEMPT}: {hints[0]}" if hints else NO_ATTEMPT
        return Outcome(track=why, one_frame=why)


def _outcome(
    attempt: FaceAttempt, first: Sequence[Candidate], point: OperatingPoint, person: str
) -> Outcome:
    found = attempt.liveness
    return Outcome(
        track=_decision(attempt.candidates, attempt.threshold, attempt.step_up, point, person),
        one_frame=_decision(first, point.accept, point.step_up, point, person),
        frame_count=attempt.frame_count,
        is_mean=attempt.combined_count > 1,
        verdict=None if found is None else str(found.verdict),
        liveness_reason=None if found is None else found.reason,
    )


def _decision(
    candidates: Sequence[Candidate],
    threshold: float,
    step_up: float | None,
    point: OperatingPoint,
    person: str,
) -> str:
    """Return what the access rules make of candidates; liveness is counted apart."""
    shown = FaceShown(candidates, threshold, step_up=step_up, margin_min=point.margin)
    if shown.refusal is not None:
        return str(shown.refusal)
    return PASSED if shown.holder_id == person else WRONG_PERSON
