"""What hides a face, drawn on photographs; rates are in ``benchmarks.face_covers``."""

import dataclasses

import cv2
import numpy as np
import pytest

from benchmarks.face_stills import CONDITIONS, dark_glasses, mask, mask_of, pleated_mask
from benchmarks.face_stills import Cover as Drawn
from config.demo.photographs import find_photographs
from models.face.covers import Cover, find_cover, measure
from models.face.types import Box, Face, Image

ASTRONAUT = find_photographs()["astronaut"].path
POINTS = np.array([[203, 105], [245, 105], [223, 127], [206, 144], [244, 145]], np.float32)
"""Eyes, nose and mouth of the astronaut, by YuNet."""
FACE = Face(Box(182, 65, 270, 178), score=1.0, points=POINTS, eyes=POINTS[:2])
GREY_FACE = Face(Box(20, 20, 80, 80), score=1.0, eyes=np.array([[35, 40], [65, 40]], np.float32))


@pytest.fixture(scope="module")
def photograph() -> Image:
    return np.asarray(cv2.imread(str(ASTRONAUT)), np.uint8)


def test_an_uncovered_face_is_not_said_to_be_covered(photograph: Image) -> None:
    assert find_cover(photograph, FACE) is None


@pytest.mark.parametrize("is_grey", [False, True])
@pytest.mark.parametrize(
    ("drawn", "cover"),
    [
        (mask, Cover.MASK),
        (mask_of((35, 32, 30)), Cover.MASK),
        (pleated_mask, Cover.MASK),
        (dark_glasses, Cover.DARK_GLASSES),
        (CONDITIONS["sun behind, strong"], Cover.SUN_BEHIND),
        (CONDITIONS["cap"], Cover.CAP),
    ],
)
def test_what_is_drawn_on_a_face_is_told(
    photograph: Image, drawn: Drawn, cover: Cover | None, *, is_grey: bool
) -> None:
    image = drawn(photograph, POINTS)
    if is_grey:
        image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)

    assert find_cover(image, FACE) is cover


def test_a_face_whose_eyes_are_not_known_is_not_judged(photograph: Image) -> None:
    assert measure(photograph, dataclasses.replace(FACE, eyes=None)) is None


@pytest.mark.parametrize("at", [(-60.0, -60.0), (500.0, 500.0), (1000.0, 1000.0), (0.0, 505.0)])
def test_a_face_at_the_edge_or_outside_does_no_harm(
    photograph: Image, at: tuple[float, float]
) -> None:
    moved = dataclasses.replace(
        GREY_FACE,
        box=Box(at[0], at[1], at[0] + 60, at[1] + 60),
        eyes=np.array([[at[0] + 15, at[1] + 20], [at[0] + 45, at[1] + 20]], np.float32),
    )

    assert find_cover(photograph, moved) in {None, *Cover}


def test_eyes_at_one_point_are_not_judged(photograph: Image) -> None:
    assert measure(photograph, dataclasses.replace(FACE, eyes=POINTS[:1].repeat(2, 0))) is None
