"""What holds for every pipeline."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from models.face.types import Box, Image, Pipeline
from tests.models.conftest import read

NEAR_PX = 110


@pytest.fixture(params=["builtin", "production"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    found: Pipeline = request.getfixturevalue(request.param)
    return found


def on_frame(image: Image) -> Image:
    """Put a picture into a frame of 640 x 480."""
    frame = np.full((480, 640, 3), 90, np.uint8)
    frame[: image.shape[0], : min(640, image.shape[1])] = image[:480, :640]
    return frame


def test_each_photograph_has_one_face(pipeline: Pipeline, photographs: dict[str, Image]) -> None:
    for image in photographs.values():
        assert len(pipeline.detect(image)) == 1


def test_a_gate_finds_the_near_face(pipeline: Pipeline, photographs: dict[str, Image]) -> None:
    (exact,) = pipeline.detect(photographs["admiral"])

    (near,) = pipeline.detect(on_frame(photographs["admiral"]), face_size_px_min=NEAR_PX)

    assert abs(near.box.left - exact.box.left) < 0.25 * exact.box.width
    assert abs(near.box.width - exact.box.width) < 0.25 * exact.box.width


def test_a_region_finds_the_same_face_in_the_images_own_pixels(
    pipeline: Pipeline, photographs: dict[str, Image]
) -> None:
    image = on_frame(photographs["admiral"])
    (whole,) = pipeline.detect(image, face_size_px_min=NEAR_PX)
    around = Box(
        whole.box.left - 90, whole.box.top - 80, whole.box.right + 90, whole.box.bottom + 80
    )

    (inside,) = pipeline.detect(image, face_size_px_min=NEAR_PX, region=around)

    assert abs(inside.box.left - whole.box.left) < 0.25 * whole.box.width
    assert pipeline.similarity(
        pipeline.embed(image, inside), pipeline.embed(image, whole)
    ) > pipeline.threshold(gallery_size=100, false_positive_rate=1e-3)


def test_a_face_says_where_its_eyes_are(pipeline: Pipeline, photographs: dict[str, Image]) -> None:
    image = photographs["astronaut"]
    region = Box(100.0, 20.0, 400.0, 300.0)

    [whole], [within] = pipeline.detect(image)[:1], pipeline.detect(image, region=region)[:1]

    assert whole.eyes is not None
    assert within.eyes is not None
    assert whole.eyes == pytest.approx(np.array([[190, 97], [230, 97]]), abs=3)
    assert within.eyes == pytest.approx(whole.eyes, abs=6)


def test_a_picture_without_a_face_has_none(pipeline: Pipeline) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)

    assert pipeline.detect(noise) == []
    assert pipeline.detect(noise, face_size_px_min=NEAR_PX) == []


def test_the_nearest_of_two_faces_comes_first(
    pipeline: Pipeline, photographs: dict[str, Image]
) -> None:
    near = photographs["admiral"][:, :384]
    far = near[::2, ::2]
    frame = np.full((480, 640, 3), 90, np.uint8)
    frame[:, 256:] = near
    frame[240 : 240 + far.shape[0], : far.shape[1]] = far

    faces = pipeline.detect(frame)

    assert len(faces) == 2
    assert faces[0].box.left > 256
    assert faces[0].box.width > faces[1].box.width


def test_a_person_resembles_oneself_and_no_other(
    pipeline: Pipeline, photographs: dict[str, Image]
) -> None:
    def embed(image: Image) -> np.ndarray:
        return pipeline.embed(image, pipeline.detect(image)[0])

    astronaut, admiral = (embed(photographs[key]) for key in ("astronaut", "admiral"))
    dimmed = embed((photographs["astronaut"] * 0.8).astype(np.uint8))
    threshold = pipeline.threshold(gallery_size=1000, false_positive_rate=1e-3)

    assert (
        pipeline.similarity(astronaut, dimmed) > threshold > pipeline.similarity(astronaut, admiral)
    )


def test_strangers_stay_below_the_threshold_of_their_gallery(
    pipeline: Pipeline, shared: Path
) -> None:
    people: dict[str, list[np.ndarray]] = {}
    for path in sorted((shared / "faces" / "lfw10x10").glob("*/*_000[1-4].jpg")):
        image = read(path)
        faces = pipeline.detect(image)
        people.setdefault(path.parent.name, []).append(pipeline.embed(image, faces[0]))
    strangers = [
        pipeline.similarity(one, other)
        for first, second in itertools.combinations(people.values(), 2)
        for one in first
        for other in second
    ]

    assert max(strangers) < pipeline.threshold(gallery_size=1, false_positive_rate=1e-3)


def test_a_mean_template_is_like_its_pictures(
    pipeline: Pipeline, photographs: dict[str, Image]
) -> None:
    image = photographs["admiral"]
    one = pipeline.embed(image, pipeline.detect(image)[0])
    lit = np.clip(image * 1.3, 0, 255).astype(np.uint8)
    other = pipeline.embed(lit, pipeline.detect(lit)[0])

    mean = pipeline.mean([one, other])

    assert mean.shape == (pipeline.dimension,)
    assert mean.dtype == np.float32
    between = pipeline.similarity(one, other)
    assert pipeline.similarity(mean, one) >= between


def test_thresholds_grow_with_the_gallery(pipeline: Pipeline) -> None:
    thresholds = [
        pipeline.threshold(gallery_size=n, false_positive_rate=1e-3) for n in (0, 1, 100, 10_000)
    ]

    assert thresholds == sorted(thresholds)
    assert thresholds[0] == thresholds[1]


def test_a_telephones_large_picture_has_its_face_in_its_own_pixels(
    pipeline: Pipeline, photographs: dict[str, Image]
) -> None:
    image = photographs["admiral"]
    large = np.repeat(np.repeat(image, 7, axis=0), 7, axis=1)

    (one,), (other,) = pipeline.detect(image), pipeline.detect(large)

    assert other.box.left == pytest.approx(7 * one.box.left, abs=0.2 * other.box.width)
    assert other.box.width == pytest.approx(7 * one.box.width, rel=0.25)
