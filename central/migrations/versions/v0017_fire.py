"""Fires, drills and tests; panels, duty checks and the cause-and-effect matrix."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0017"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "duty_checks",
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column(
            "asked_by", sa.String(length=64), nullable=False, comment="empty where the plan asked"
        ),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column(
            "missed_at",
            UtcDateTime(),
            nullable=True,
            comment="when it was alarmed that nobody had answered",
        ),
        sa.Column(
            "panels", sa.JSON(), nullable=False, comment="device: what its transmitter answered"
        ),
        sa.PrimaryKeyConstraint("check_id", name=op.f("pk_duty_checks")),
        comment="whether somebody was on duty when a supervisor asked",
    )
    op.create_index(op.f("ix_duty_checks_asked_at"), "duty_checks", ["asked_at"], unique=False)
    op.create_table(
        "duty_plans",
        sa.Column("plan_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_duty_plans")),
        comment="one row: when duty is checked by chance",
    )
    op.create_table(
        "fire_drills",
        sa.Column(
            "drill_id",
            sa.String(length=36),
            nullable=False,
            comment="of the fire that it plays, too",
        ),
        sa.Column("zone", sa.String(length=63), nullable=False),
        sa.Column("releases", sa.Boolean(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column(
            "node", sa.String(length=63), nullable=False, comment="that was told to begin it"
        ),
        sa.Column(
            "asked_by", sa.String(length=64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column(
            "began_at",
            UtcDateTime(),
            nullable=True,
            comment="when the node said so",
        ),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("drill_id", name=op.f("pk_fire_drills")),
    )
    op.create_index(op.f("ix_fire_drills_asked_at"), "fire_drills", ["asked_at"], unique=False)
    op.create_table(
        "fire_panels",
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("disabled", sa.JSON(), nullable=False),
        sa.Column("faulty", sa.JSON(), nullable=False),
        sa.Column("last_frame_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_fire_panels")),
    )
    op.create_table(
        "fire_paths",
        sa.Column("zone", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("is_wired_only", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("zone", "node", name=op.f("pk_fire_paths")),
        comment="whether each node would hear of a fire in a zone",
    )
    op.create_table(
        "fire_points",
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column("point", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=63), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("test_id", sa.String(length=36), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("device", "point", name=op.f("pk_fire_points")),
        comment="points of panels as they are now",
    )
    op.create_table(
        "fire_releases",
        sa.Column("fire_id", sa.String(length=36), nullable=False),
        sa.Column(
            "subject",
            sa.String(length=140),
            nullable=False,
            comment="an access point, or DEVICE:CHANNEL",
        ),
        sa.Column("access_point", sa.String(length=63), nullable=True),
        sa.Column("output", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("heard", sa.String(length=8), nullable=False),
        sa.Column("told_ms", sa.Float(), nullable=False),
        sa.Column("confirmed_ms", sa.Float(), nullable=True),
        sa.Column(
            "outcome", sa.String(length=16), nullable=False, comment="the first confirmation stands"
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.Column("last_outcome", sa.String(length=16), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column(
            "closed_by", sa.String(length=64), nullable=True, comment="the operator's name of then"
        ),
        sa.PrimaryKeyConstraint("fire_id", "subject", name=op.f("pk_fire_releases")),
        comment="what each gate answered to each fire",
    )
    op.create_index(
        op.f("ix_fire_releases_access_point"), "fire_releases", ["access_point"], unique=False
    )
    op.create_table(
        "fire_sightings",
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("device", "seen_at", name=op.f("pk_fire_sightings")),
        comment="when a gate said by itself that its emergency input was open",
    )
    op.create_table(
        "fire_tests",
        sa.Column("test_id", sa.String(length=36), nullable=False),
        sa.Column("zone", sa.String(length=63), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column(
            "asked_by", sa.String(length=64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column(
            "began_at",
            UtcDateTime(),
            nullable=True,
            comment="when a node said so",
        ),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("test_id", name=op.f("pk_fire_tests")),
    )
    op.create_index(op.f("ix_fire_tests_asked_at"), "fire_tests", ["asked_at"], unique=False)
    op.create_table(
        "fires",
        sa.Column("fire_id", sa.String(length=36), nullable=False),
        sa.Column("zone", sa.String(length=63), nullable=False),
        sa.Column(
            "origin", sa.String(length=63), nullable=False, comment="the node that confirmed it"
        ),
        sa.Column(
            "confirmed_by",
            sa.String(length=32),
            nullable=True,
            comment="null while only releases were told",
        ),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("is_drill", sa.Boolean(), nullable=False),
        sa.Column("has_release", sa.Boolean(), nullable=False),
        sa.Column(
            "access_points", sa.JSON(), nullable=False, comment="that the node said it releases"
        ),
        sa.Column(
            "began_at",
            UtcDateTime(),
            nullable=False,
            comment="by the origin's clock",
        ),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column(
            "expected",
            sa.JSON(),
            nullable=True,
            comment="gates and relays of the zone; null until central has looked",
        ),
        sa.Column("panels", sa.JSON(), nullable=True, comment="as they were when central looked"),
        sa.Column(
            "inside_at",
            UtcDateTime(),
            nullable=True,
            comment="when central looked who was inside",
        ),
        sa.Column("unnamed_count", sa.Integer(), nullable=True),
        sa.Column("roll_call_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("fire_id", name=op.f("pk_fires")),
        comment="each fire and each drill; nothing is deleted",
    )
    op.create_index(op.f("ix_fires_began_at"), "fires", ["began_at"], unique=False)
    op.create_index(op.f("ix_fires_zone"), "fires", ["zone"], unique=False)
    op.create_table(
        "matrix_results",
        sa.Column("result_id", sa.String(length=36), nullable=False),
        sa.Column("zone", sa.String(length=63), nullable=False),
        sa.Column(
            "output", sa.String(length=140), nullable=False, comment="as fire_releases.subject"
        ),
        sa.Column("way", sa.String(length=8), nullable=False, comment="wired or ours"),
        sa.Column("is_passed", sa.Boolean(), nullable=False),
        sa.Column("tested_at", UtcDateTime(), nullable=False),
        sa.Column(
            "tested_by", sa.String(length=64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("remark", sa.String(length=200), nullable=False),
        sa.Column(
            "seen",
            sa.String(length=80),
            nullable=True,
            comment="the fire or the moment that central saw it by",
        ),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_matrix_results")),
        comment="tests of the cause-and-effect matrix, signed; nothing is changed or deleted",
    )
    op.create_index(
        op.f("ix_matrix_results_tested_at"), "matrix_results", ["tested_at"], unique=False
    )
    op.create_table(
        "fire_people",
        sa.Column("fire_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("area", sa.String(length=63), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(
            ["fire_id"], ["fires.fire_id"], name=op.f("fk_fire_people_fire_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("fire_id", "number", name=op.f("pk_fire_people")),
        comment="who was inside when central heard of a fire",
    )
    op.create_index(op.f("ix_fire_people_holder_id"), "fire_people", ["holder_id"], unique=False)
