"""What presentation attack detection sees and says: looks at a face, and a judgement over them.

Terms of ISO/IEC 30107-3: a presentation attack is a photograph, a screen or a mask held up in
place of a face. APCER is the share of attacks taken for live, per kind of attack; BPCER is the
share of live people taken for an attack.
"""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum

from models.face.types import Box, Image


class Verdict(StrEnum):
    """What the looks at one face add up to."""

    LIVE = "live"
    ATTACK = "attack"
    UNSURE = "unsure"


@dataclasses.dataclass(frozen=True, slots=True)
class HeadPose:
    """Where the head points, in degrees; zero looks into the camera.

    Attributes:
        yaw: Positive when the person turns to the right of the image, as ``Face.turn``.
        pitch: Positive when the person looks down.
        roll: Positive when the head leans clockwise in the image.
    """

    yaw: float
    pitch: float
    roll: float


@dataclasses.dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LivenessLook:
    """One look at one face. Small (4 kB), holds no picture that a person could be known by.

    Attributes:
        captured_at_s: Monotonic; looks of one track ascend.
        box: The face, in pixels of its image.
        brightness: Mean grey of the face, 0..255.
        contrast: Standard deviation of the grey of the face, 0..127.5.
        live_near: MiniFASNet's share for a live face at scale 2.7, 0..1; None without the network.
        live_wide: The same at scale 4.0.
        surroundings: Shape (48, 48), uint8, grey: three face sizes wide and high, with head and
            body blanked out.
        is_seen: Shape (48, 48), uint8: 1 where the surroundings lie in the picture and beside
            head and body, else 0.
        turn: ``Face.turn``; a flat picture cannot change it by being turned, because the nose
            keeps its place among the other points under every affine map.
        pose: None without the network.
        eye_aspect_ratio: Opening of the eyes over their width, mean of both; about 0.3 open and
            below 0.15 shut. None without the network, or where it saw no face.
    """

    captured_at_s: float
    box: Box
    brightness: float
    contrast: float
    live_near: float | None
    live_wide: float | None
    surroundings: Image
    is_seen: Image
    turn: float | None = None
    pose: HeadPose | None = None
    eye_aspect_ratio: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """What the looks at one face add up to.

    Attributes:
        score: 0 is certainly an attack, 1 certainly live, 0.5 knows nothing.
        signals: What was measured, by name; only those that could be measured.
        reason: One short line for the record, in plain English.
    """

    verdict: Verdict
    score: float
    signals: Mapping[str, float]
    reason: str
