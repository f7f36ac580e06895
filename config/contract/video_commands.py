"""Commands about cameras; see ``contract.commands``, which signs them. None moves a door."""

from datetime import timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.identifiers import Frozen, Slug

WATCH_MAX: Final = timedelta(minutes=10)
"""A live view that nobody asks for again ends by then, whatever becomes of central."""


class WatchCamera(Frozen):
    """Send a camera's pictures to central until then, or as long as somebody looks at them.

    Attributes:
        stream_id: Where they are sent; the same one again prolongs it.
        recorded_at: From the recorder, beginning there; None is live.
    """

    kind: Literal["watch_camera"] = "watch_camera"
    camera: Slug
    stream_id: UUID
    until: AwareDatetime
    recorded_at: AwareDatetime | None = None


class KeepClip(Frozen):
    """Keep what a camera saw around a moment, for an alarm that central knows of.

    Attributes:
        about: The event that the alarm began with, of another node perhaps.
        subjects: What it is about.
    """

    kind: Literal["keep_clip"] = "keep_clip"
    camera: Slug
    clip_id: UUID
    at: AwareDatetime
    before_s: Annotated[float, Field(ge=0, le=30)] = 6.0
    after_s: Annotated[float, Field(ge=0, le=30)] = 4.0
    about: UUID | None = None
    subjects: Annotated[tuple[str, ...], Field(max_length=8)] = ()


class CallPreset(Frozen):
    """Turn a camera to a position that was stored in it."""

    kind: Literal["call_preset"] = "call_preset"
    device: Slug
    preset: Annotated[int, Field(ge=1, le=255)]


VideoCommand = WatchCamera | KeepClip | CallPreset
"""What is asked for with its own permission (``central.video``), never as a bare command."""
