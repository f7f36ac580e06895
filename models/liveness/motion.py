"""Whether what surrounds a face moves with it, as around a picture that is held up.

A living face moves before a background that stays where it is, because the camera is fixed. A
photograph or a phone carries its own surroundings: paper, frame, the room in the picture. Both
explanations are tried on every pair of looks between which the face moved: how much the
surroundings change in place (they should not, if they stand still), and how much they change as
seen from the face (they should not, if they travel with it).

Measured on tracks of ten looks in one second, 2026-11-24 (5th, 50th and 95th percentile of
``cohesion``): heads cut from photographs and moved before a still background .08/.13/.31 (n=50);
photographs held up as a phone .30/.47/.63 (n=50), as a small print .44/.62/.77 (n=50) and as a
large one .49/.67/.80 (n=48). These movements are simulated; of a real man before a plain wall two
tracks could be measured, .06 and .10. Under a camera that itself moves a living man gives .33 to
.58 (n=10): this signal is for fixed cameras.

Two other cues of a screen or a print were measured and left out: moire (highest peak over the
median of the face's spectrum) is 9.7 and 9.3 on the two photographed attacks, and 10 to 72 on
living faces; straight edges near the face are as long around half of the living ones.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.face.types import Box, Image
from models.liveness.types import LivenessLook

SIZE_PX: Final = 48
REACH: Final = 3.0
"""Side of the surroundings, in face sizes."""
SHIFT_MIN: Final = 0.15
"""A pair counts where the face moved by so many face sizes, or grew by as much."""
CHANGE_MIN: Final = 2.5
"""Grey levels by which one of the explanations must be wrong; a plain wall says nothing."""
SEEN_SHARE_MIN: Final = 0.1
LOOK_COUNT_MAX: Final = 8
"""Of a longer track so many looks are compared, evenly spaced: the pairs grow with the square."""


def surroundings(image: Image, box: Box) -> tuple[Image, Image]:
    """Return what lies around a face: grey, and a mask of what may be compared.

    Args:
        image: Shape (height, width, 3), uint8, BGR.
        box: The face, in pixels.

    Returns:
        Two arrays of shape (48, 48), uint8: grey levels with the head blanked out, and 1 where
        they are of the background (in the picture, beside head and body).
    """
    height, width = image.shape[:2]
    to_frame = _to_frame(box)
    left, top = to_frame[:, 2]
    right, bottom = to_frame @ np.array([SIZE_PX, SIZE_PX, 1.0])
    inner = [int(v) for v in (max(left, 0), max(top, 0), min(right, width), min(bottom, height))]
    if inner[2] - inner[0] < 1 or inner[3] - inner[1] < 1:
        nothing = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        return nothing, nothing
    part = cv2.cvtColor(image[inner[1] : inner[3], inner[0] : inner[2]], cv2.COLOR_BGR2GRAY)
    # Averaged before it is sampled, or fine texture would differ between any two looks.
    step = max(to_frame[0, 0], 1.0)
    size = (max(round(part.shape[1] / step), 1), max(round(part.shape[0] / step), 1))
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    to_part = to_frame.copy()
    to_part[:, 2] -= inner[:2]
    to_part *= np.array(
        [[size[0] / (inner[2] - inner[0])], [size[1] / (inner[3] - inner[1])]], dtype=np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # At the picture's edge the outermost pixels go on: black would mix into the last ones seen.
    grey = cv2.warpAffine(
        part, to_part, (SIZE_PX, SIZE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(
        np.ones(part.shape, np.uint8), to_part, (SIZE_PX, SIZE_PX),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
    )  # fmt: skip
    mask = inside.astype(np.uint8) & BACKGROUND
    return grey.astype(np.uint8) * mask, mask


def cohesion(looks: Sequence[LivenessLook]) -> float | None:
    """Return whether the surroundings travel with the face.

    Returns:
        0 where they stand still while the face moves, 1 where they move as one with it, 0.5 where
        neither explains them. None where the face hardly moved or the surroundings are plain.
    """
    if len(looks) > LOOK_COUNT_MAX:
        places = np.linspace(0, len(looks) - 1, LOOK_COUNT_MAX).round().astype(int)
        looks = [looks[place] for place in places]
    still = together = 0.0
    for earlier, later in combinations(looks, 2):
        if _shift(earlier.box, later.box) < SHIFT_MIN:
            continue
        changes = _changes(earlier, later)
        if changes is not None and max(changes) >= CHANGE_MIN:
            still += changes[0]
            together += changes[1]
    total = still + together
    return None if total == 0 else still / total


def _changes(earlier: LivenessLook, later: LivenessLook) -> tuple[float, float] | None:
    """Return the change in place and the change as seen from the face, in mean grey levels."""
    from_later = _invert(_to_frame(earlier.box)) @ _square(_to_frame(later.box))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (SIZE_PX, SIZE_PX)
    in_place = cv2.warpAffine(earlier.surroundings, from_later, size, flags=flags).astype(np.uint8)
    # Linear sampling mixes with what is blanked out; only points whose neighbours all count do.
    weight = cv2.warpAffine(earlier.is_seen * np.uint8(255), from_later, size, flags=flags)
    shared = (weight == 255) & (later.is_seen > 0) & (earlier.is_seen > 0)
    if shared.mean() < SEEN_SHARE_MIN:
        return None
    return (
        _difference(in_place, later.surroundings, shared),
        _difference(earlier.surroundings, later.surroundings, shared),
    )


def _difference(one: npt.NDArray[np.uint8], other: Image, where: npt.NDArray[np.bool_]) -> float:
    """Return the mean change without what the whole picture brightened by."""
    change = one[where].astype(np.float64) - other[where]
    return float(np.abs(change - np.median(change)).mean())


def _shift(one: Box, other: Box) -> float:
    size = (_size(one) * _size(other)) ** 0.5
    moved = np.hypot(
        (one.left + one.right - other.left - other.right) / 2,
        (one.top + one.bottom - other.top - other.bottom) / 2,
    )
    return float(max(moved, abs(_size(one) - _size(other))) / size)


def _size(box: Box) -> float:
    return float(max(box.width * box.height, 1.0) ** 0.5)


def _to_frame(box: Box) -> npt.NDArray[np.float64]:
    """Return the map from pixels of the surroundings to pixels of the frame, shape (2, 3)."""
    side = REACH * _size(box)
    centre_x, centre_y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    step = side / SIZE_PX
    return np.array([[step, 0, centre_x - side / 2], [0, step, centre_y - side / 2]])


def _square(affine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def _invert(affine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.linalg.inv(_square(affine))[:2].astype(np.float64)


def _background() -> Image:
    """Return 1 where background is seen beside an upright head: the sides above the chin."""
    mask = np.ones((SIZE_PX, SIZE_PX), np.uint8)
    face = SIZE_PX / REACH
    middle = SIZE_PX / 2
    head_left, head_right = int(middle - 0.6 * face), int(middle + 0.6 * face) + 1
    mask[int(middle - 0.9 * face) :, head_left:head_right] = 0
    mask[int(middle + 0.5 * face) :] = 0
    return mask


BACKGROUND: Final = _background()
