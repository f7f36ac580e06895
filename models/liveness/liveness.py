"""One look at one face, with the networks that the store has."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np

from models.face.onnx_session import open_session
from models.face.types import Box, Face, Image
from models.liveness.motion import surroundings
from models.liveness.networks import (
    SCALE_NEAR,
    SCALE_WIDE,
    AntiSpoof,
    FaceMesh,
    HeadPoseNetwork,
    portrait,
)
from models.liveness.types import LivenessLook
from models.store import StoredNetwork

ANTI_SPOOF_NEAR: Final = "liveness-2.7"
ANTI_SPOOF_WIDE: Final = "liveness-4.0"
HEAD_POSE: Final = "head-pose"
FACE_MESH: Final = "face-mesh"
NETWORKS: Final = (ANTI_SPOOF_NEAR, ANTI_SPOOF_WIDE, HEAD_POSE, FACE_MESH)
"""Names in the catalogue. The first two carry the judgement; the others add to it."""


class NetworkSource(Protocol):
    """The part of the model store that is needed here."""

    def find(self, name: str, /) -> StoredNetwork | None:
        """Return one network that is there and sound; None where it is not there."""
        ...


def open_liveness(store: NetworkSource) -> "Liveness":
    """Open whatever networks of presentation attack detection the store has.

    Raises:
        StoreError: A file is damaged.
    """
    found = {name: store.find(name) for name in NETWORKS}
    return Liveness({name: network.path for name, network in found.items() if network})


class Liveness:
    """Looks at faces; threads may share it.

    Attributes:
        networks: Names of those that are used.
        missing: Names of those that are not there. Without both anti-spoof networks every
            judgement is *unsure*; with one it is weaker; the others only add to it.
    """

    def __init__(self, networks: Mapping[str, Path]) -> None:
        """Open networks by the names of ``NETWORKS``.

        Raises:
            ValueError: A name is unknown.
        """
        if unknown := set(networks) - set(NETWORKS):
            raise ValueError(f"no such liveness network: {', '.join(sorted(unknown))}")
        self.networks = tuple(name for name in NETWORKS if name in networks)
        self.missing = tuple(name for name in NETWORKS if name not in networks)
        sessions = {name: open_session(str(networks[name])) for name in self.networks}
        self._near, self._wide = (
            AntiSpoof(sessions[name], scale=scale) if name in sessions else None
            for name, scale in ((ANTI_SPOOF_NEAR, SCALE_NEAR), (ANTI_SPOOF_WIDE, SCALE_WIDE))
        )
        self._pose = HeadPoseNetwork(sessions[HEAD_POSE]) if HEAD_POSE in sessions else None
        self._mesh = FaceMesh(sessions[FACE_MESH]) if FACE_MESH in sessions else None

    def look(
        self,
        image: Image,
        face: Face,
        *,
        captured_at_s: float,
        earlier: Sequence[LivenessLook] = (),
    ) -> LivenessLook:
        """Look at one face once.

        Args:
            image: Shape (height, width, 3), uint8, BGR; the whole frame, not a crop of the face:
                the edges of a photograph or a phone lie beside the face.
            face: As a pipeline found it.
            captured_at_s: Monotonic time of the frame.
            earlier: Looks at the same track, oldest first.

        Raises:
            ValueError: The look is not later than the last earlier one.
        """
        if earlier and captured_at_s <= earlier[-1].captured_at_s:
            raise ValueError("looks at one face ascend in time")
        box = portrait(face.box)
        grey = _grey(image, face.box)
        around, is_seen = surroundings(image, face.box)
        return LivenessLook(
            captured_at_s=captured_at_s,
            box=face.box,
            brightness=float(grey.mean()),
            contrast=float(grey.std()),
            live_near=None if self._near is None else self._near.live_share(image, box),
            live_wide=None if self._wide is None else self._wide.live_share(image, box),
            surroundings=around,
            is_seen=is_seen,
            turn=face.turn,
            pose=None if self._pose is None else self._pose.pose(image, box),
            eye_aspect_ratio=None
            if self._mesh is None
            else self._mesh.eye_aspect_ratio(image, face),
        )


def _grey(image: Image, box: Box) -> Image:
    height, width = image.shape[:2]
    left, top = int(np.clip(box.left, 0, width - 1)), int(np.clip(box.top, 0, height - 1))
    right = int(np.clip(box.right, left + 1, width))
    bottom = int(np.clip(box.bottom, top + 1, height))
    grey = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    return grey.astype(np.uint8, copy=False)
