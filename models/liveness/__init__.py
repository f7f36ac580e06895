"""Presentation attack detection: whether a face before the camera is a living person's.

``open_liveness`` opens the networks that the store has, ``Liveness.look`` looks once, ``judge``
adds the looks up, ``policy.outcome`` says what an access point does with that, and
``challenge.Challenge`` asks for an action where passive looking is not enough. Nothing here keeps
state between calls or reads a clock.

To add a signal: measure it in one look (a field of ``LivenessLook``) or over a track (as
``motion`` does), give it a weight in ``judgement``, and write what it measured on which material.
"""

from models.liveness.judgement import STILL_LIMITS, Limits, judge
from models.liveness.liveness import Liveness, open_liveness
from models.liveness.types import HeadPose, Judgement, LivenessLook, Verdict

__all__ = [
    "STILL_LIMITS",
    "HeadPose",
    "Judgement",
    "Limits",
    "Liveness",
    "LivenessLook",
    "Verdict",
    "judge",
    "open_liveness",
]
