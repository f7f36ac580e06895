"""Operators' cards and PINs for terminals."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them to the accounts."""
    columns = [
        sa.Column("terminal_card", sa.String(length=64), nullable=True, comment="verifier"),
        sa.Column(
            "terminal_pin",
            sa.String(length=64),
            nullable=True,
            comment="verifier; with the card, for terminals",
        ),
        sa.Column(
            "terminal_until",
            UtcDateTime(),
            nullable=True,
            comment="when the rights at terminals end",
        ),
    ]
    for column in columns:
        op.add_column("users", column)
    op.create_index(op.f("ix_users_terminal_card"), "users", ["terminal_card"], unique=True)
