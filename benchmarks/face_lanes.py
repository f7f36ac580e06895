"""Two lanes at once in real time: how long after its picture an attempt is decided.

Two threads, each with the real ``Recogniser``, a camera of 15 frames a second and its own people.
A lane that is late takes the newest frame and skips the others, as ``Watcher`` does.
"""

import dataclasses
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track

from config.site import Recognition
from edge.vision.liveness import LivenessPolicy
from edge.vision.reader import Frame
from edge.vision.recogniser import Recogniser
from models.face.demand import operating_point_for
from models.face.types import Gallery, Image, Pipeline
from models.liveness import Liveness
from models.liveness.policy import Policy

FRAMES_PER_S: Final = 15
PERIOD_FRAMES, PRESENT_FRAMES = 18, 12
"""Somebody stands there for 0.8 s, then nobody for 0.4 s."""
DURATION_S: Final = 20
PICTURE_COUNT: Final = 6
"""Noisy versions of a picture, in turn; a camera never gives the same picture twice."""
PEOPLE: Final = 1000
NOISE: Final = 3.0
SEED: Final = 20_261_124


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """Attributes: decision_ms: since the frame that completed it; first_look_ms: the first one."""

    decision_ms: float
    first_look_ms: float


def measure_lanes(
    found: Mapping[str, Pipeline | None], liveness: Liveness | None, images: Sequence[Image]
) -> dict[str, dict[str, Any]]:
    """Return counts and times of two lanes for each pipeline, without and with liveness."""
    setups: dict[str, tuple[Pipeline, LivenessPolicy | None]] = {}
    for name, pipeline in found.items():
        if pipeline is None:
            continue
        setups[name] = pipeline, None
        if liveness is not None:
            policy = LivenessPolicy(Policy.PASSIVE_STEP_UP, liveness)
            setups[f"{name}, liveness pair"] = pipeline, policy
    return {
        name: _two_lanes(pipeline, policy, images)
        for name, (pipeline, policy) in track(
            setups.items(), "two lanes", console=Console(stderr=True)
        )
    }


def _two_lanes(
    pipeline: Pipeline, policy: LivenessPolicy | None, images: Sequence[Image]
) -> dict[str, Any]:
    gallery = _gallery(pipeline, images)
    decisions: list[Decision] = []
    threads = [
        threading.Thread(target=_lane, args=(pipeline, gallery, policy, image, decisions))
        for image in images[:2]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not decisions:
        raise SystemExit(f"{pipeline.name}: two lanes decided nothing")
    return {
        "approaches": len(threads) * -(-DURATION_S * FRAMES_PER_S // PERIOD_FRAMES),
        "count": len(decisions),
        "decision_ms": _percentiles([decision.decision_ms for decision in decisions]),
        "first_look_ms": _percentiles([decision.first_look_ms for decision in decisions]),
    }


def _lane(
    pipeline: Pipeline,
    gallery: Gallery,
    policy: LivenessPolicy | None,
    image: Image,
    decisions: list[Decision],
) -> None:
    """Show a person again and again; a list takes entries of two threads."""
    recognition = Recognition.model_validate({"pipeline": pipeline.name})
    recogniser = Recogniser(
        pipeline=pipeline,
        gallery=gallery,
        recognition=recognition,
        demand=lambda size: operating_point_for(recognition, size, pictures=3),
        liveness=policy,
    )
    random = np.random.default_rng(SEED)
    pictures = [_noisy(image, random) for _ in range(PICTURE_COUNT)]
    empty = [_noisy(np.full_like(image, 120), random) for _ in range(PICTURE_COUNT)]
    began_s, index = time.monotonic(), 0
    while index < DURATION_S * FRAMES_PER_S:
        captured_at_s = began_s + index / FRAMES_PER_S
        # The camera's own pace, and no condition to wait for.
        time.sleep(max(0.0, captured_at_s - time.monotonic()))
        phase = index % PERIOD_FRAMES
        shown = pictures if phase < PRESENT_FRAMES else empty
        frame = Frame(shown[index % PICTURE_COUNT], index + 1, captured_at_s)
        attempt = recogniser.examine(frame)
        if attempt is not None:
            decisions.append(
                Decision(
                    (attempt.decided_at_s - captured_at_s) * 1000,
                    (attempt.decided_at_s - attempt.first_captured_at_s) * 1000,
                )
            )
        due = int((time.monotonic() - began_s) * FRAMES_PER_S)
        following = max(index + 1, due)
        if following // PERIOD_FRAMES > index // PERIOD_FRAMES:
            recogniser.interrupt()
        index = following


def _gallery(pipeline: Pipeline, images: Sequence[Image]) -> Gallery:
    """Return the people of the pictures among random ones."""
    gallery, random = pipeline.new_gallery(), np.random.default_rng(SEED)
    for number, image in enumerate(images):
        gallery.put(f"person-{number}", [pipeline.embed(image, pipeline.detect(image)[0])])
    for number in range(PEOPLE - len(images)):
        row = random.standard_normal(pipeline.dimension)
        gallery.put(f"other-{number}", [(row / np.linalg.norm(row)).astype(np.float32)])
    return gallery


def _noisy(image: Image, random: np.random.Generator) -> Image:
    noise = random.normal(0.0, NOISE, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {
        name: round(float(np.percentile(values, q)), 1) for name, q in (("p50", 50), ("p95", 95))
    }
