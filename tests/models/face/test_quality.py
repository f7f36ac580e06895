import dataclasses

import cv2
import numpy as np
import pytest

from models.face.quality import QualityReason, assess
from models.face.types import Box, Face, Image, Pipeline


@pytest.fixture
def sight(builtin: Pipeline, photographs: dict[str, Image]) -> tuple[Image, Face]:
    image = photographs["admiral"]
    return image, builtin.detect(image)[0]


def test_a_good_photograph_is_good_enough_for_both(sight: tuple[Image, Face]) -> None:
    assert assess(*sight).reason is None
    assert assess(*sight, purpose="enrolment").reason is None


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda image: cv2.blur(image, (15, 15)), QualityReason.BLURRED),
        (lambda image: (image * 0.1).astype(np.uint8), QualityReason.TOO_DARK),
        (lambda image: np.maximum(image, 245), QualityReason.TOO_BRIGHT),
        (lambda image: (image // 16 + 110).astype(np.uint8), QualityReason.FLAT),
    ],
)
def test_a_bad_picture_says_why(
    sight: tuple[Image, Face], damage: object, reason: QualityReason
) -> None:
    image, face = sight
    assert callable(damage)

    assert assess(damage(image), face).reason is reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"turn": 0.6}, QualityReason.TURNED_AWAY),
        ({"turn": -0.6}, QualityReason.TURNED_AWAY),
        ({"tilt_deg": 40.0}, QualityReason.TILTED),
        ({"box": Box(-80, 60, 60, 200)}, QualityReason.CUT_OFF),
        ({"box": Box(150, 100, 190, 140)}, QualityReason.TOO_SMALL),
    ],
)
def test_a_bad_pose_says_why(
    sight: tuple[Image, Face], change: dict[str, object], reason: QualityReason
) -> None:
    image, face = sight

    changed = dataclasses.replace(face, **change)  # type: ignore[arg-type]  # one dict, three types

    assert assess(image, changed).reason is reason


def test_the_sharper_frame_scores_higher(sight: tuple[Image, Face]) -> None:
    image, face = sight

    soft = cv2.GaussianBlur(image, (5, 5), 0).astype(np.uint8)

    assert assess(image, face).score > assess(soft, face).score


def test_a_face_outside_the_picture_does_no_harm(sight: tuple[Image, Face]) -> None:
    image, face = sight

    outside = dataclasses.replace(face, box=Box(5000, 5000, 5100, 5100))

    assert assess(image, outside).reason is not None
