"""What a decision keeps of what it was made on."""

import hashlib

from config.contract.access import DenialReason
from config.contract.events import ConsideredCandidate, FaceEvidence, LivenessEvidence
from edge.access.attempts import MARGIN_MIN, FaceShown
from edge.vision.attempt import FaceAttempt
from models.liveness.policy import Outcome


def evidence_of(face: FaceAttempt, *, margin: float | None, decided_at_s: float) -> FaceEvidence:
    """Return what a decision about a face was made on.

    Args:
        face: What the camera saw.
        margin: Lead of the best candidate over the second.
        decided_at_s: Monotonic.
    """
    return FaceEvidence(
        similarity=face.candidates[0].similarity if face.candidates else None,
        threshold=face.threshold,
        margin=margin,
        gallery_size=face.gallery_size,
        frame_count=face.frame_count,
        network=face.network,
        liveness="off" if face.liveness is None else face.liveness.verdict.value,
        frame_to_decision_ms=round((decided_at_s - face.captured_at_s) * 1000, 3),
        step_up_threshold=face.step_up,
        frames_combined=face.combined_count,
        dropped=dict(face.dropped),
        candidates=tuple(
            ConsideredCandidate(holder_id=c.key, similarity=round(c.similarity, 4))
            for c in (*face.candidates, *([face.elsewhere] if face.elsewhere else []))
        ),
        liveness_evidence=_liveness_evidence(face),
        cover=None if face.cover is None else face.cover.value,
    )


def _liveness_evidence(face: FaceAttempt) -> LivenessEvidence | None:
    found = face.liveness
    if found is None:
        return None
    return LivenessEvidence(
        score=round(found.score, 4),
        reason=found.reason,
        signals={name: round(value, 4) for name, value in found.signals.items()},
        look_count=found.look_count,
    )


def crop_name(face: FaceAttempt | None) -> str | None:
    """Return the hash by which the picture of a face is known; None where there is none."""
    if face is None or face.crop_jpeg is None:
        return None
    return hashlib.sha256(face.crop_jpeg).hexdigest()


def face_shown(face: FaceAttempt) -> FaceShown:
    """Return what the rules are asked about."""
    doubts = {
        Outcome.REFUSE: DenialReason.PRESENTATION_ATTACK,
        Outcome.STEP_UP: DenialReason.LIVENESS_UNSURE,
    }
    doubt = None if face.liveness is None else doubts.get(face.liveness.outcome)
    return FaceShown(
        face.candidates,
        face.threshold,
        step_up=face.step_up,
        margin_min=MARGIN_MIN if face.margin_min is None else face.margin_min,
        doubt=DenialReason.WEAK_FACE if doubt is None and face.needs_card else doubt,
        elsewhere=face.elsewhere,
    )
