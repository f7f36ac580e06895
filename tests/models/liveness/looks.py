"""Looks at a face as tests need them: a living face that is well seen, but for what is changed."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from models.face.types import Box
from models.liveness import HeadPose, LivenessLook
from models.liveness.motion import SIZE_PX

PLAIN = np.zeros((SIZE_PX, SIZE_PX), np.uint8)


def a_look(
    at_s: float = 0.0,
    **changes: Any,  # noqa: ANN401 - any field of a look
) -> LivenessLook:
    """Return a look at a living face, with other values for some fields."""
    look = LivenessLook(
        captured_at_s=at_s,
        box=Box(100, 100, 200, 235),
        brightness=120.0,
        contrast=40.0,
        live_near=0.98,
        live_wide=0.98,
        surroundings=PLAIN,
        is_seen=PLAIN,
        turn=0.0,
    )
    return dataclasses.replace(look, **changes)


def looks(
    count: int = 5,
    *,
    every_s: float = 0.1,
    **changes: Any,  # noqa: ANN401 - any field of a look
) -> list[LivenessLook]:
    """Return looks that differ in time alone."""
    return [a_look(index * every_s, **changes) for index in range(count)]


def with_eyes(openings: Iterable[float], *, every_s: float = 0.1) -> list[LivenessLook]:
    """Return looks at eyes that open and shut."""
    return [
        a_look(index * every_s, eye_aspect_ratio=opening) for index, opening in enumerate(openings)
    ]


def turning(turns: Sequence[float], *, every_s: float = 0.1) -> list[LivenessLook]:
    """Return looks at a head that turns."""
    return [a_look(index * every_s, turn=turn) for index, turn in enumerate(turns)]


def facing(yaw: float) -> HeadPose:
    """Return a head that is turned and upright."""
    return HeadPose(yaw=yaw, pitch=0.0, roll=0.0)
