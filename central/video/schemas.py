"""What is said about cameras, live views and the pictures of alarms."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from config.cameras import Subject
from config.contract.identifiers import Sha256, Slug
from config.contract.video_events import MediaFormat, MediaKind


class RecordingView(BaseModel):
    """How far back a recording reaches. Attributes: problem: see ``RecordingChecked``."""

    days_min: int
    oldest_at: AwareDatetime | None
    is_enough: bool
    problem: str
    checked_at: AwareDatetime


class CameraView(BaseModel):
    """One camera.

    Attributes:
        covers: Access points, devices and zones that it sees.
        presets: Numbers of stored positions that the site file names.
        recording: None where its recorder was not asked yet, or it has none.
    """

    camera: Slug
    node: Slug
    name: dict[Literal["zh-CN", "en"], str]
    zone: str
    covers: list[str]
    has_head: bool
    presets: list[int]
    has_recorder: bool
    recording: RecordingView | None


class CameraList(BaseModel):
    """All cameras, in the order of the site file."""

    items: list[CameraView]


class PlaybackWish(BaseModel):
    """From when on a recording is to be seen."""

    model_config = ConfigDict(extra="forbid")

    recorded_at: AwareDatetime


class StreamView(BaseModel):
    """A stream to look at until then; the same wish again prolongs it."""

    stream_id: UUID
    camera: Slug
    recorded_at: AwareDatetime | None
    until: AwareDatetime


class KeepWish(BaseModel):
    """That a clip of now be kept. Attributes: subjects: what it is about."""

    model_config = ConfigDict(extra="forbid")

    subjects: Annotated[list[Subject], Field(max_length=8)] = []


class ClipAsked(BaseModel):
    """A clip that was asked for; its content comes a few seconds later."""

    clip_id: UUID


class PresetWish(BaseModel):
    """Where a head is to turn. Attributes: preset: number of a stored position."""

    model_config = ConfigDict(extra="forbid")

    preset: Annotated[int, Field(ge=1, le=255)]


class HoldWish(BaseModel):
    """How much longer a picture is kept, and what for (a case number, a report)."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=365)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class MediumView(BaseModel):
    """One picture or clip.

    Attributes:
        has_content: False while it has not come yet, and once it has expired.
        counts_from: Its age; later while it is held.
    """

    clip_id: UUID
    kind: MediaKind
    format: MediaFormat
    node: Slug
    camera: Slug
    sha256: Sha256
    size_bytes: int
    from_at: AwareDatetime
    to_at: AwareDatetime
    subjects: list[str]
    has_content: bool
    counts_from: AwareDatetime
    held_by: str | None


class MediumList(BaseModel):
    """Pictures and clips, newest first."""

    items: list[MediumView]
