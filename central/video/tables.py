"""The tables of pictures that alarms were given, and of how far back recordings reach."""

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, String, Table, Text

from central.metadata import UtcDateTime, metadata

alarm_media = Table(
    "alarm_media",
    metadata,
    Column("clip_id", String(36), primary_key=True),
    Column("kind", String(16), primary_key=True, comment="snapshot, clip"),
    Column("node", String(63), nullable=False),
    Column("camera", String(63), nullable=False),
    Column("format", String(32), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size_bytes", Integer, nullable=False),
    Column("from_at", UtcDateTime, nullable=False, index=True),
    Column("to_at", UtcDateTime, nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("counts_from", UtcDateTime, nullable=False, comment="its age; later while it is held"),
    Column("held_by", String(64), comment="the operator's name of then, and for what"),
    comment="what nodes say they kept; the content may not have come yet, or be gone",
)

alarm_media_events = Table(
    "alarm_media_events",
    metadata,
    Column("event_id", String(36), primary_key=True),
    Column("clip_id", String(36), primary_key=True),
    Column("kind", String(16), primary_key=True),
)

alarm_media_contents = Table(
    "alarm_media_contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("format", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
)

camera_recordings = Table(
    "camera_recordings",
    metadata,
    Column("camera", String(63), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("days_min", Integer, nullable=False),
    Column("oldest_at", UtcDateTime),
    Column("is_enough", Boolean, nullable=False),
    Column("problem", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    comment="how far back each camera's recording reached when its recorder was asked last",
)
