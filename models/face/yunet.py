"""The YuNet face detector with its five landmarks, on ONNX Runtime.

Source: Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023; decoding as in
OpenCV's ``objdetect/src/face_detect.cpp``.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.face.types import Box, Face, Image

STRIDES: Final = (8, 16, 32)
SCORE_MIN: Final = 0.6
OVERLAP_MAX: Final = 0.3
LONG_SIDE_PX_MAX: Final = 640
FACE_PX_AT_DETECTOR: Final = 24
"""The smallest face that the network finds reliably, in pixels of its own input."""


class YuNetDetector:
    """The detector. Takes networks of a fixed and of a free input size."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        height, width = session.get_inputs()[0].shape[2:]
        self._fixed = (width, height) if isinstance(width, int) else None
        self._outputs = [
            f"{kind}_{stride}" for stride in STRIDES for kind in ("cls", "obj", "bbox", "kps")
        ]

    def detect(self, image: Image, *, face_size_px_min: int) -> list[Face]:
        """Return the faces, best first.

        Args:
            image: Shape (height, width, 3), uint8, BGR.
            face_size_px_min: Larger lets the network see a smaller image, which is faster.
        """
        height, width = image.shape[:2]
        scale = min(
            1.0,
            LONG_SIDE_PX_MAX / max(height, width),
            # Two times the smallest face the network can see: boxes stay exact.
            max(2.0 * FACE_PX_AT_DETECTOR / face_size_px_min, 160 / max(height, width)),
        )
        small = cv2.resize(
            image,
            (max(round(width * scale), 1), max(round(height * scale), 1)),
            interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
        )
        canvas_width, canvas_height = self._fixed or (
            -(-small.shape[1] // 32) * 32,
            -(-small.shape[0] // 32) * 32,
        )
        canvas = np.zeros((1, 3, canvas_height, canvas_width), dtype=np.float32)
        canvas[0, :, : small.shape[0], : small.shape[1]] = small.transpose(2, 0, 1)
        outputs = dict(
            zip(self._outputs, self._session.run(self._outputs, {self._input: canvas}), strict=True)
        )
        found = [_decode(outputs, stride, canvas_width) for stride in STRIDES]
        boxes, points, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        boxes /= scale
        points /= scale
        return [
            Face(
                Box(*(float(v) for v in boxes[i])),
                float(scores[i]),
                points[i],
                turn=_turn(points[i]),
                tilt_deg=_tilt_deg(points[i]),
                eyes=points[i][:2],
            )
            for i in _suppress(boxes, scores)
        ]


def _decode(
    outputs: dict[str, npt.NDArray[np.float32]], stride: int, canvas_width: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return boxes (n, 4), points (n, 5, 2) and scores (n,) of one stride, in canvas pixels."""
    kind = {name: outputs[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox", "kps")}
    scores = np.sqrt(np.clip(kind["cls"].ravel(), 0, 1) * np.clip(kind["obj"].ravel(), 0, 1))
    (cells,) = np.nonzero(scores >= SCORE_MIN)
    columns, rows = cells % (canvas_width // stride), cells // (canvas_width // stride)
    cell = np.stack([columns, rows], axis=1).astype(np.float32)
    box, points = kind["bbox"][cells], kind["kps"][cells].reshape(-1, 5, 2)
    centre, size = (box[:, :2] + cell) * stride, np.exp(box[:, 2:]) * stride
    return (
        np.concatenate([centre - size / 2, centre + size / 2], axis=1),
        (points + cell[:, None]) * stride,
        scores[cells],
    )


def _suppress(boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]) -> list[int]:
    """Return the indices that no better box covers, best first."""
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    kept: list[int] = []
    for i in np.argsort(-scores):
        low = np.maximum(boxes[kept, :2], boxes[i, :2])
        high = np.minimum(boxes[kept, 2:], boxes[i, 2:])
        common = np.prod(np.clip(high - low, 0, None), axis=1)
        if np.all(common <= OVERLAP_MAX * (areas[kept] + areas[i] - common)):
            kept.append(int(i))
    return kept


def _turn(points: npt.NDArray[np.float32]) -> float:
    """Return the nose's way from the middle of the eyes, in eye distances; see ``Face.turn``."""
    right, left, nose = points[:3].astype(np.float64)
    across = left - right
    return float((nose - (right + left) / 2) @ across / max(float(across @ across), 1e-6))


def _tilt_deg(points: npt.NDArray[np.float32]) -> float:
    across = points[1].astype(np.float64) - points[0]
    return float(np.degrees(np.arctan2(across[1], across[0])))
