"""What the vision of one lane tells the rest of the edge."""

import dataclasses
from collections.abc import Mapping, Sequence

from edge.vision.liveness import LivenessFinding
from models.face.covers import Cover
from models.face.types import Box, Candidate


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaceAttempt:
    """One person stood before the camera and was looked up: exactly one per person and visit.

    Attributes:
        track_id: 1, 2, 3 ... per watcher.
        first_captured_at_s: Capture of the first frame that was good enough; monotonic.
        captured_at_s: Capture of the frame that decided, the best of them; monotonic.
        decided_at_s: Monotonic.
        candidates: The best two people on the best frame, best first; fewer in a small gallery.
        threshold: The similarity to demand of the best one, for this gallery's size.
        step_up: From here to ``threshold`` a card is asked for; None asks nobody.
        margin_min: By which the best candidate must lead the second; None leaves it to the rules.
        gallery_size: People searched: those who may pass here.
        elsewhere: The best of the people who may not pass here, where nobody else is above the
            threshold: the reason can then be said, and nothing is ever opened by it.
        frame_count: Frames that were looked up, 1 or more.
        combined_count: Frames whose mean decided; 1 where a single one did.
        network: SHA-256 (hex) of the embedding network.
        crop_jpeg: The face on the best frame, about 200 pixels; None when it cannot be encoded.
        dropped: Frames of this person that were not good enough, by the reason.
        liveness: None where the access point does not ask for it.
        cover: What hides the face, where that matters; None where nothing does.
        needs_card: The site wants a card beside a face that is hidden so.
    """

    track_id: int
    first_captured_at_s: float
    captured_at_s: float
    decided_at_s: float
    candidates: Sequence[Candidate]
    threshold: float
    gallery_size: int
    frame_count: int
    network: str
    crop_jpeg: bytes | None
    dropped: Mapping[str, int]
    step_up: float | None = None
    margin_min: float | None = None
    combined_count: int = 1
    elsewhere: Candidate | None = None
    liveness: LivenessFinding | None = None
    cover: Cover | None = None
    needs_card: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class CameraHealth:
    """Whether a camera's picture can be trusted to be now.

    Attributes:
        is_current: False while starting, when the camera is gone and when its picture is frozen.
        detail: One line for a person; empty when all is well.
        since_s: Monotonic time at which this began.
        is_awaited: It has shown no picture yet, and still has time to.
    """

    is_current: bool
    detail: str
    since_s: float
    is_awaited: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class ViewBox:
    """One face in the live picture.

    Attributes:
        box: In pixels of the picture.
        is_active: This face decides; the others wait.
        is_decided: This person's attempt has been made.
        hint: Why the face is not good enough yet, a word of the quality gate, or None.
    """

    box: Box
    is_active: bool
    is_decided: bool
    hint: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """The live picture for the terminal's page.

    Attributes:
        jpeg: None before the first picture.
        captured_at_s: Monotonic capture of the picture; None before the first.
        boxes: Faces, the nearest first.
        age_s: Of the picture; infinite before the first. An old picture must not be shown as live.
    """

    jpeg: bytes | None
    captured_at_s: float | None
    boxes: Sequence[ViewBox]
    age_s: float
