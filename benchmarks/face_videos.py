"""Living people: films of the shared folder as approaches of three seconds, liveness on.

The enrolled pictures are of the first third of the same film, so recognition is easier than at a
gate; what counts here is what liveness says of somebody who lives.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.face_passes import GALLERY_SIZE, PASSED, PICTURES, Outcome, Simulation, demand_of
from benchmarks.face_simulated_gallery import simulated_gallery
from benchmarks.face_stills import FRAME_PX
from benchmarks.rates import Share
from edge.vision.liveness import LivenessPolicy
from edge.vision.reader import Frame
from models.face.operating_point import RATES_OF_PIPELINE
from models.face.quality import assess
from models.face.types import Embedding, Image, Pipeline

FACE_PX: Final = 150
STEP: Final = 2
"""Every second frame of about 30 a second."""
APPROACH_FRAMES, SHIFT_FRAMES = 45, 15
ME: Final = "filmed"


def measure_videos(
    pipeline: Pipeline, liveness: LivenessPolicy, paths: Sequence[Path]
) -> dict[str, dict[str, Any]]:
    """Return what becomes of each film's approaches; films without an enrolable face are left out.

    Args:
        pipeline: Under test.
        liveness: The rule.
        paths: Films of a living person.
    """
    result, simulation = {}, Simulation(pipeline, liveness)
    for path in paths:
        frames = _read(path, pipeline)
        third = len(frames) // 3
        templates = _enrol(pipeline, frames[:third])
        if len(templates) < PICTURES:
            continue
        outcomes = _walk(simulation, pipeline, frames[third:], templates)
        verdicts = Counter(o.verdict for o in outcomes if o.verdict is not None)
        reasons = Counter(o.liveness_reason for o in outcomes if o.liveness_reason is not None)
        passed = sum(o.track == PASSED for o in outcomes)
        both = sum(o.track == PASSED and o.verdict == "live" for o in outcomes)
        result[path.name] = {
            "recognised": Share(passed, len(outcomes)).as_json(),
            "recognised_and_live": Share(both, len(outcomes)).as_json(),
            "decisions": dict(Counter(o.track for o in outcomes)),
            "verdicts": dict(verdicts),
            "liveness_reasons": dict(reasons.most_common(4)),
        }
    return result


def _walk(
    simulation: Simulation,
    pipeline: Pipeline,
    frames: Sequence[Frame],
    templates: Sequence[Embedding],
) -> list[Outcome]:
    mean = pipeline.mean(templates)
    gallery = simulated_gallery(
        pipeline,
        {ME: mean},
        mean,
        size=GALLERY_SIZE,
        rates=RATES_OF_PIPELINE[pipeline.name],
        factor=1.0,
        seed=1,
    )
    point = demand_of(pipeline.name, None)
    return [
        simulation.walk(frames[begin : begin + APPROACH_FRAMES], gallery, point, person=ME)
        for begin in range(0, len(frames) - APPROACH_FRAMES, SHIFT_FRAMES)
    ]


def _enrol(pipeline: Pipeline, frames: Sequence[Frame]) -> list[Embedding]:
    """Return templates of good frames at even distances, at most three."""
    found: list[Embedding] = []
    for frame in frames[:: max(1, len(frames) // (4 * PICTURES))]:
        face = next(iter(pipeline.detect(frame.image)), None)
        if face is not None and assess(frame.image, face).reason is None:
            found.append(pipeline.embed(frame.image, face))
    return found[:PICTURES]


def _read(path: Path, pipeline: Pipeline) -> list[Frame]:
    """Return a film as a gate's camera would see it: its first face of a fixed size, in the middle.

    Nothing follows the face afterwards: scale and part of the picture stay as they are.
    """
    film = cv2.VideoCapture(str(path))
    frames: list[Frame] = []
    view: tuple[float, float, float] | None = None
    try:
        while True:
            is_there, picture = film.read()
            if not is_there:
                return frames
            film.grab()
            image: Image = np.asarray(picture, np.uint8)
            if view is None:
                face = next(iter(pipeline.detect(image)), None)
                if face is None:
                    continue
                box, scale = face.box, FACE_PX / face.box.width
                view = scale, (box.left + box.right) / 2 * scale, (box.top + box.bottom) / 2 * scale
            seen = _part(image, *view)
            frames.append(Frame(seen, len(frames) + 1, len(frames) * STEP / 30))
    finally:
        film.release()


def _part(image: Image, scale: float, x: float, y: float) -> Image:
    """Return a picture scaled, and of it at most 640 x 480 around a point."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), np.uint8)
    width, height = FRAME_PX
    left = int(np.clip(x - width / 2, 0, max(0, large.shape[1] - width)))
    top = int(np.clip(y - height / 2, 0, max(0, large.shape[0] - height)))
    return np.ascontiguousarray(large[top : top + height, left : left + width])
