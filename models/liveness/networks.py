"""The networks that look at one picture of a face: anti-spoof pair, head pose and face mesh.

Source: preprocessing of the pair as in minivision-ai/Silent-Face-Anti-Spoofing
``src/generate_patches.py``; head pose as in Open Model Zoo 2023.0
``head-pose-estimation-adas-0001``; the mesh's eye points as drawn in MediaPipe's face mesh.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.face.types import Box, Face, Image
from models.liveness.types import HeadPose

ANTI_SPOOF_PX: Final = 80
SCALE_NEAR: Final = 2.7
SCALE_WIDE: Final = 4.0
HEAD_POSE_PX: Final = 60
HEAD_POSE_OUTPUTS: Final = ("angle_y_fc", "angle_p_fc", "angle_r_fc")
MESH_PX: Final = 192
MESH_SCALE: Final = 1.5
MESH_PRESENCE_MIN: Final = 0.0
"""Log-odds."""
BOX_HEIGHT: Final = 1.35
"""Height over width of YuNet's boxes (median of the LFW photographs); a square box of another
detector is made so high, because the anti-spoof networks were trained on such boxes."""
EYES: Final = (
    (33, 160, 158, 133, 153, 144),
    (362, 385, 387, 263, 373, 380),
)
"""Mesh points of each eye: corner, two of the upper lid, corner, two of the lower lid."""


class AntiSpoof:
    """One MiniFASNet, at its own scale."""

    def __init__(self, session: ort.InferenceSession, *, scale: float) -> None:
        self._session, self._scale = session, scale
        self._input = session.get_inputs()[0].name

    def live_share(self, image: Image, box: Box) -> float:
        """Return the softmax of class 1, live, 0..1."""
        left, top, right, bottom = anti_spoof_crop(image, box, scale=self._scale)
        crop = cv2.resize(
            image[top:bottom, left:right],
            (ANTI_SPOOF_PX, ANTI_SPOOF_PX),
            interpolation=cv2.INTER_LINEAR,
        )
        tensor = crop.transpose(2, 0, 1)[None].astype(np.float32)
        raw = self._session.run(None, {self._input: tensor})[0].ravel().astype(np.float64)
        shares = np.exp(raw - raw.max())
        return float(shares[1] / shares.sum())


def anti_spoof_crop(image: Image, box: Box, *, scale: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the crop, right and bottom excluded.

    The scale shrinks where the crop would be larger than the picture, and the crop moves inside
    where it would reach beyond an edge.
    """
    height, width = image.shape[:2]
    face_width, face_height = max(box.width, 1.0), max(box.height, 1.0)
    scale = min(scale, (height - 1) / face_height, (width - 1) / face_width)
    crop_width, crop_height = face_width * scale, face_height * scale
    left = (box.left + box.right - crop_width) / 2
    top = (box.top + box.bottom - crop_height) / 2
    left = float(np.clip(left, 0, max(width - 1 - crop_width, 0)))
    top = float(np.clip(top, 0, max(height - 1 - crop_height, 0)))
    right, bottom = min(int(left + crop_width) + 1, width), min(int(top + crop_height) + 1, height)
    return int(left), int(top), right, bottom


class HeadPoseNetwork:
    """head-pose-estimation-adas-0001; its makers state a mean error of about 5.5 degrees."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._outputs = _in_order([output.name for output in session.get_outputs()])

    def pose(self, image: Image, box: Box) -> HeadPose:
        """Return where the head points."""
        crop = square_patch(image, box, size_px=HEAD_POSE_PX, scale=1.0, tilt_deg=0.0)
        tensor = crop.transpose(2, 0, 1)[None].astype(np.float32)
        yaw, pitch, roll = self._session.run(self._outputs, {self._input: tensor})
        return HeadPose(yaw=float(yaw.item()), pitch=float(pitch.item()), roll=float(roll.item()))


class FaceMesh:
    """MediaPipe's face mesh, of which only the eyes are used."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    def eye_aspect_ratio(self, image: Image, face: Face) -> float | None:
        """Return how open the eyes are, mean of both; None where the network sees no face."""
        patch = square_patch(
            image, face.box, size_px=MESH_PX, scale=MESH_SCALE, tilt_deg=face.tilt_deg or 0.0
        )
        rgb = np.ascontiguousarray(patch[:, :, ::-1]).transpose(2, 0, 1)
        tensor = rgb[None].astype(np.float32) / 255
        mesh, presence = self._session.run(None, {self._input: tensor})
        if float(presence.item()) < MESH_PRESENCE_MIN:
            return None
        points = mesh.reshape(-1, 3)[:, :2].astype(np.float64)
        return float(np.mean([eye_opening(points[list(eye)]) for eye in EYES]))


def eye_opening(points: npt.NDArray[np.float64]) -> float:
    """Return the eye aspect ratio of six points, shape (6, 2), in the order of ``EYES``."""
    across = float(np.linalg.norm(points[0] - points[3]))
    lids = np.linalg.norm(points[1] - points[5]) + np.linalg.norm(points[2] - points[4])
    return float(lids) / max(2 * across, 1e-6)


def square_patch(image: Image, box: Box, *, size_px: int, scale: float, tilt_deg: float) -> Image:
    """Return the square around a face, turned level; parts beyond the picture are black."""
    side: float = max(box.width, box.height, 1.0) * scale
    centre = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    matrix: npt.NDArray[np.float64] = np.array(
        cv2.getRotationMatrix2D(centre, tilt_deg, size_px / side), dtype=np.float64
    )
    matrix[0, 2] += size_px / 2 - centre[0]
    matrix[1, 2] += size_px / 2 - centre[1]
    patch = cv2.warpAffine(image, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR)
    return patch.astype(np.uint8, copy=False)


def portrait(box: Box) -> Box:
    """Return the box as high as YuNet would draw it, where a detector draws square ones."""
    missing = box.width * BOX_HEIGHT - box.height
    if box.height > box.width * 1.05 or missing <= 0:
        return box
    return Box(box.left, box.top - missing / 2, box.right, box.bottom + missing / 2)


def _in_order(names: list[str]) -> list[str]:
    """Return the outputs as yaw, pitch, roll, whatever the conversion appended to their names.

    Raises:
        ValueError: The network is another one.
    """
    found = [next((n for n in names if wanted in n), None) for wanted in HEAD_POSE_OUTPUTS]
    if None in found:
        raise ValueError(f"no head pose network: its outputs are {', '.join(names)}")
    return [name for name in found if name is not None]
