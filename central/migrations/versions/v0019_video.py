"""The pictures of alarms, and how far back recordings reach."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "alarm_media",
        sa.Column("clip_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="snapshot, clip"),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("to_at", UtcDateTime(), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column(
            "counts_from",
            UtcDateTime(),
            nullable=False,
            comment="its age; later while it is held",
        ),
        sa.Column(
            "held_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then, and for what",
        ),
        sa.PrimaryKeyConstraint("clip_id", "kind", name=op.f("pk_alarm_media")),
        comment="what nodes say they kept; the content may not have come yet, or be gone",
    )
    op.create_index(op.f("ix_alarm_media_sha256"), "alarm_media", ["sha256"], unique=False)
    op.create_index(op.f("ix_alarm_media_from_at"), "alarm_media", ["from_at"], unique=False)
    op.create_table(
        "alarm_media_events",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("clip_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "clip_id", "kind", name=op.f("pk_alarm_media_events")),
    )
    op.create_table(
        "alarm_media_contents",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_alarm_media_contents")),
    )
    op.create_index(
        op.f("ix_alarm_media_contents_received_at"),
        "alarm_media_contents",
        ["received_at"],
        unique=False,
    )
    op.create_table(
        "camera_recordings",
        sa.Column("camera", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column("oldest_at", UtcDateTime(), nullable=True),
        sa.Column("is_enough", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("camera", name=op.f("pk_camera_recordings")),
        comment="how far back each camera's recording reached when its recorder was asked last",
    )
