"""Approaches and face coverings made of still photographs. Simulated: nobody wore or walked.

A still becomes an approach: 3 seconds at 15 frames a second, the face growing evenly from 100 to
220 pixels in a frame of 640 x 480, wandering through it, with movement blur, sensor noise, changing
light and sub-pixel jitter in each frame, all from a seed. What a still cannot give is another
expression, another turn of the head and another light on the face; so the frames of one approach
are more alike than those of a person who walks.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from edge.vision.reader import Frame
from models.face.types import Box, Image, Points

FRAME_PX: Final = (640, 480)
FRAMES_PER_S: Final = 15
DURATION_S: Final = 3.0
FACE_PX: Final = (100.0, 220.0)
BLUR_PX_MAX: Final = 4
NOISE: Final = (1.5, 5.0)
"""Standard deviation in grey levels, drawn for each frame."""
GAIN: Final = (0.8, 1.2)
JITTER_PX: Final = 0.8
TILT_DEG: Final = 1.5
DRIFT_PX: Final = 60.0

Cover = Callable[[Image, Points], Image]


def read_still(path: Path) -> Image:
    """Return a photograph, BGR.

    Raises:
        SystemExit: It cannot be read.
    """
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"cannot read {path}")
    return image.astype(np.uint8, copy=False)


def seed_of(name: str) -> int:
    """Return a number that is the same in every run for the same picture."""
    return zlib.crc32(name.encode())


def approach(still: Image, face: Box, *, seed: int) -> Iterator[Frame]:
    """Yield the frames of one approach, from time 0 on.

    Args:
        still: Any size, BGR.
        face: Where the face is in it, as the pipeline found it; its smaller side is scaled.
        seed: Everything random comes from it.
    """
    random = np.random.default_rng(seed)
    background = _background(random)
    start = random.uniform(-DRIFT_PX, DRIFT_PX, 2)
    drift = random.uniform(-DRIFT_PX, DRIFT_PX, 2) / DURATION_S
    for index in range(int(DURATION_S * FRAMES_PER_S)):
        at_s = index / FRAMES_PER_S
        size_px = FACE_PX[0] + (FACE_PX[1] - FACE_PX[0]) * at_s / DURATION_S
        scale = size_px / min(face.width, face.height)
        jitter = random.normal(0.0, JITTER_PX, 2)
        centre = np.array(FRAME_PX) / 2 + (start + drift * at_s) * (0.5, 0.3) + jitter
        tilt_deg = float(random.normal(0.0, TILT_DEG))
        placed = _placed(still, face, background, scale, centre, tilt_deg)
        yield Frame(_as_seen(placed, random), index + 1, at_s)


def _placed(
    still: Image,
    face: Box,
    background: Image,
    scale: float,
    centre: npt.NDArray[np.float64],
    tilt_deg: float,
) -> Image:
    """Return the background with the still in it, the face's middle at a point."""
    middle = ((face.left + face.right) / 2, (face.top + face.bottom) / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, tilt_deg, scale), np.float64)
    matrix[:, 2] += centre - middle
    if scale < 0.5:
        # Large photographs are made smaller first, or single pixels would be picked from them.
        factor = scale * 2
        still = np.asarray(
            cv2.resize(still, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )
        matrix[:, :2] /= factor
    placed = background.copy()
    cv2.warpAffine(
        still,
        matrix,
        FRAME_PX,
        dst=placed,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return placed


def _as_seen(image: Image, random: np.random.Generator) -> Image:
    """Return a picture as a camera would give it: blurred by movement, noisy, darker or lighter."""
    length = int(random.integers(1, BLUR_PX_MAX + 1))
    if length > 1:
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        image = np.asarray(cv2.filter2D(image, -1, kernel), np.uint8)
    noise = np.empty(image.shape, np.int16)
    cv2.setRNGSeed(int(random.integers(1, 2**31)))
    cv2.randn(noise, np.zeros(3), np.full(3, random.uniform(*NOISE)))
    seen = image * np.float32(random.uniform(*GAIN)) + noise
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def _background(random: np.random.Generator) -> Image:
    coarse = random.uniform(60, 190, (6, 8, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, FRAME_PX, interpolation=cv2.INTER_CUBIC)).astype(np.uint8)


def _on_face(points: Points, outline: Sequence[tuple[float, float]]) -> npt.NDArray[np.int32]:
    """Return an outline given in face coordinates as pixels.

    Args:
        points: Shape (5, 2): eye, eye, nose, mouth corner, mouth corner.
        outline: To the side in eye distances from between the eyes, down in distances of the
            mouth from there.
    """
    middle = (points[0] + points[1]) / 2
    down = (points[3] + points[4]) / 2 - middle
    across = points[1] - points[0]
    rows = [middle + x * across + y * down for x, y in outline]
    return np.round(np.array(rows)).astype(np.int32)


def _filled(image: Image, outline: npt.NDArray[np.int32], colour: tuple[int, int, int]) -> Image:
    """Return the picture with cloth over an outline: one colour, soft edge, some texture."""
    grey = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(grey, [outline], 255)
    alpha = cv2.GaussianBlur(grey, (5, 5), 0)[:, :, None].astype(np.float32) / 255
    noise = np.random.default_rng(0).normal(0.0, 4.0, image.shape[:2])[:, :, None]
    cloth = np.array(colour, np.float32) + noise.astype(np.float32)
    return np.clip(image * (1 - alpha) + cloth * alpha, 0, 255).astype(np.uint8)


def nothing(image: Image, points: Points) -> Image:
    """Return the picture as it is."""
    del points
    return image


def mask_of(colour: tuple[int, int, int]) -> Cover:
    """Return a cover of nose, mouth and chin, as a surgical mask is, in one colour, BGR."""
    half = ((-0.95, 0.3), (-0.5, 0.42), (0.0, 0.3), (0.5, 0.42), (0.95, 0.3), (0.9, 1.15))
    outline = (*half, (0.5, 1.7), (0.0, 1.85), (-0.5, 1.7), (-0.9, 1.15))

    def cover(image: Image, points: Points) -> Image:
        return _filled(image, _on_face(points, outline), colour)

    return cover


mask: Final = mask_of((205, 185, 160))
"""A light blue surgical mask without folds."""


def pleated_mask(image: Image, points: Points) -> Image:
    """Cover nose, mouth and chin by a mask with three dark folds across it."""
    covered = mask(image, points)
    for y in (0.75, 1.0, 1.25):
        fold = ((-0.85, y), (0.0, y + 0.04), (0.85, y), (0.85, y + 0.03), (0.0, y + 0.07))
        covered = _filled(covered, _on_face(points, (*fold, (-0.85, y + 0.03))), (165, 145, 122))
    return covered


def cap(image: Image, points: Points) -> Image:
    """Cover the hair and the upper forehead, the brim a little above the brows."""
    brim = ((-1.1, -0.42), (0.0, -0.36), (1.1, -0.42))
    outline = (*brim, (1.05, -1.4), (0.0, -1.8), (-1.05, -1.4))
    return _filled(image, _on_face(points, outline), (60, 40, 35))


def dark_glasses(image: Image, points: Points) -> Image:
    """Cover eyes and brows with dark lenses."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for x in (-0.5, 0.5):
        lens = [(x + 0.42 * float(np.cos(a)), 0.05 + 0.32 * float(np.sin(a))) for a in angles]
        image = _filled(image, _on_face(points, lens), (22, 22, 24))
    bridge = ((-0.15, -0.06), (0.15, -0.06), (0.15, 0.02), (-0.15, 0.02))
    return _filled(image, _on_face(points, bridge), (22, 22, 24))


def backlight(*, gamma: float, gain: float) -> Cover:
    """Return the sun behind: the face darker by gamma and gain, all around it near white."""

    def cover(image: Image, points: Points) -> Image:
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        head = [(1.2 * float(np.cos(a)), 0.45 + 1.9 * float(np.sin(a))) for a in angles]
        grey = np.zeros(image.shape[:2], np.uint8)
        shoulders = ((-0.9, 1.7), (0.9, 1.7), (3.2, 3.4), (3.2, 9.0), (-3.2, 9.0), (-3.2, 3.4))
        cv2.fillPoly(grey, [_on_face(points, head)], 255)
        cv2.fillPoly(grey, [_on_face(points, shoulders)], 255)
        inside = cv2.GaussianBlur(grey, (31, 31), 0)[:, :, None].astype(np.float32) / 255
        dark = 255 * gain * (image.astype(np.float32) / 255) ** gamma
        return np.clip(dark * inside + 245 * (1 - inside), 0, 255).astype(np.uint8)

    return cover


CONDITIONS: Final[Mapping[str, Cover]] = MappingProxyType(
    {
        "as photographed": nothing,
        "mask": mask,
        "cap": cap,
        "dark glasses": dark_glasses,
        "sun behind": backlight(gamma=1.5, gain=0.7),
        "sun behind, strong": backlight(gamma=2.2, gain=0.45),
    }
)
