"""Operators' commands to nodes."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "commands",
        sa.Column("command_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="contract.commands.Wanted as JSON"),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column(
            "username",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column(
            "told_at", UtcDateTime(), nullable=True, comment="when the node fetched it first"
        ),
        sa.Column(
            "outcome",
            sa.String(length=16),
            nullable=True,
            comment="as the node answered; the first answer stands",
        ),
        sa.Column("refusal", sa.String(length=32), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True, comment="by the node's clock"),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_commands")),
        comment="what operators had nodes do, and what became of it",
    )
    op.create_index(op.f("ix_commands_issued_at"), "commands", ["issued_at"], unique=False)
