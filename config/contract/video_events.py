"""What nodes tell of pictures: that one was kept, was lost, or that a recorder reaches back."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Sha256, Slug


class MediaKind(StrEnum):
    """What was kept."""

    SNAPSHOT = "snapshot"
    CLIP = "clip"


class MediaFormat(StrEnum):
    """How it is written; the value is what it is served as."""

    JPEG = "image/jpeg"
    PICTURES = "multipart/mixed"
    """A sequence of JPEG pictures, each a part with its time; see ``contract.picture_sequence``."""
    MP4 = "video/mp4"
    """The camera's own stream, copied."""


ABOUT_COUNT_MAX = 32
"""Events that one clip is about; further ones within it are not named."""


class ClipKept(EventData, type_name="menshen.video.clip_kept.v1", event_class=EventClass.ALARM):
    """A picture or clip was kept; its content is a blob of its own that expires and may be absent.

    Attributes:
        clip_id: The same for the snapshot and the clip of one happening at one camera.
        sha256: Of the content.
        from_at, to_at: The first and last picture's arrival, by the node's clock.
        about: Events that it was kept for; empty for a command of central's.
        subjects: What those were about, as the site file names it.
        command_id: Of the command that wanted it.
    """

    clip_id: UUID
    camera: Slug
    kind: MediaKind
    format: MediaFormat
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=1)]
    from_at: AwareDatetime
    to_at: AwareDatetime
    about: Annotated[tuple[UUID, ...], Field(max_length=ABOUT_COUNT_MAX)] = ()
    subjects: tuple[str, ...] = ()
    command_id: UUID | None = None


class ClipsLost(EventData, type_name="menshen.video.clips_lost.v1", event_class=EventClass.ALARM):
    """Clips that are told or were wanted are not to be had, and why.

    Attributes:
        expired: Central could not be reached for too long.
        displaced: The folder was full of newer ones.
        unwritten: The disk refused.
        limited: More happened at one camera than clips are made of in an hour.
        unseen: The camera had no picture.
    """

    expired: Annotated[int, Field(ge=0)] = 0
    displaced: Annotated[int, Field(ge=0)] = 0
    unwritten: Annotated[int, Field(ge=0)] = 0
    limited: Annotated[int, Field(ge=0)] = 0
    unseen: Annotated[int, Field(ge=0)] = 0


class RecordingChecked(
    EventData, type_name="menshen.video.recording_checked.v1", event_class=EventClass.ALARM
):
    """How far back a camera's recording reaches, asked of its recorder once a day.

    Attributes:
        oldest_at: None where nothing is recorded, or the recorder did not answer.
        problem: Why nobody knows, or what else is wrong: the recorder's clock, pieces that are
            missing; else empty.
        is_enough: False also where nobody knows, or something else is wrong.
    """

    camera: Slug
    days_min: Annotated[int, Field(ge=1)]
    oldest_at: AwareDatetime | None
    is_enough: bool
    problem: str = ""
