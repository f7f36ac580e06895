"""Calls for assistance."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "assistance_calls",
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column(
            "ring_id",
            sa.String(length=36),
            nullable=False,
            comment="the newest ring that it answers",
        ),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("access_point", sa.String(length=63), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column(
            "taken_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then",
        ),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column(
            "closed_by",
            sa.String(length=64),
            nullable=True,
            comment="null where a later call took its place",
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_assistance_calls")),
        comment="who asked for a person to come: one stands open for each point",
    )
    op.create_index(
        op.f("ix_assistance_calls_asked_at"), "assistance_calls", ["asked_at"], unique=False
    )
