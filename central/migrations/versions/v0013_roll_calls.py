"""Roll-calls."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add roll-calls, who is on their lists, and what was said of whom."""
    op.create_table(
        "roll_calls",
        sa.Column("roll_call_id", sa.String(length=36), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column(
            "started_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then; empty for a fire",
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="KeptState as JSON: areas, silent nodes"
        ),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("people_count", sa.Integer(), nullable=True, comment="at the end"),
        sa.Column("missing_count", sa.Integer(), nullable=True, comment="at the end"),
        sa.PrimaryKeyConstraint("roll_call_id", name=op.f("pk_roll_calls")),
        comment="who was inside when a building was evacuated, and who was found",
    )
    op.create_table(
        "roll_call_people",
        sa.Column("roll_call_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=True),
        sa.Column(
            "name",
            sa.String(length=200),
            nullable=False,
            comment="as a guard wrote it; empty where there is a holder",
        ),
        sa.Column("area", sa.String(length=63), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("is_found", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["roll_call_id"],
            ["roll_calls.roll_call_id"],
            name=op.f("fk_roll_call_people_roll_call_id_roll_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("roll_call_id", "number", name=op.f("pk_roll_call_people")),
        comment="the list of a roll-call, under pseudonyms",
    )
    op.create_index(
        op.f("ix_roll_call_people_holder_id"), "roll_call_people", ["holder_id"], unique=False
    )
    op.create_table(
        "roll_call_marks",
        sa.Column("mark_id", sa.String(length=36), nullable=False),
        sa.Column("roll_call_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("is_safe", sa.Boolean(), nullable=False),
        sa.Column(
            "marked_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then; empty where a credential was shown",
        ),
        sa.Column("access_point", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(
            ["roll_call_id"],
            ["roll_calls.roll_call_id"],
            name=op.f("fk_roll_call_marks_roll_call_id_roll_calls"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("pk_roll_call_marks")),
        comment="who was said to be safe, by whom and when; marks are only added",
    )
    op.create_index(
        op.f("ix_roll_call_marks_roll_call_id"), "roll_call_marks", ["roll_call_id"], unique=False
    )
