"""Patrols: plans, rounds, scans and duties."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "patrol_plans",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "changed_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_patrol_plans")),
        comment="routes and shifts, as they were put whole; nothing is deleted",
    )
    op.create_table(
        "patrol_rounds",
        sa.Column(
            "round_id", sa.String(length=36), nullable=False, comment="made of route and start"
        ),
        sa.Column("route", sa.String(length=63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="on which its shift began"),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column(
            "closes_at",
            UtcDateTime(),
            nullable=False,
            comment="then what is not done is missed",
        ),
        sa.Column(
            "check_at", UtcDateTime(), nullable=True, comment="when to look again; null: never"
        ),
        sa.Column("body", sa.Text(), nullable=False, comment="what was planned"),
        sa.Column("result", sa.Text(), nullable=False, comment="what it has come to"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_patrol_rounds")),
    )
    for column in ("check_at", "day", "starts_at"):
        op.create_index(op.f(f"ix_patrol_rounds_{column}"), "patrol_rounds", [column], unique=False)
    op.create_table(
        "patrol_scans",
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("reader", sa.String(length=63), nullable=False),
        sa.Column("checkpoint", sa.String(length=63), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=True),
        sa.Column("by", sa.String(length=8), nullable=False),
        sa.Column("is_fallback", sa.Boolean(), nullable=False),
        sa.Column("is_time_unsure", sa.Boolean(), nullable=False),
        sa.Column("scanned_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_patrol_scans")),
    )
    op.create_index(
        op.f("ix_patrol_scans_scanned_at"), "patrol_scans", ["scanned_at"], unique=False
    )
    op.create_table(
        "patrol_duties",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift", sa.String(length=63), nullable=False),
        sa.Column("guards", sa.JSON(), nullable=False, comment="instead of the shift's own"),
        sa.Column(
            "set_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", "shift", name=op.f("pk_patrol_duties")),
        comment="who is on duty on one day, where it is not who usually is",
    )
