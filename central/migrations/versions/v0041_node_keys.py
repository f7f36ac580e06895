"""Since when a node has its keys, the key before for an overlap, and a wish for others."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; keys that are there are as old as the membership."""
    for column in (
        sa.Column(
            "keys_at",
            UtcDateTime(),
            nullable=True,
            comment="since when it has these keys; null since it joined",
        ),
        sa.Column(
            "old_signing_key",
            sa.String(length=64),
            nullable=True,
            comment="good beside the other until old_key_until",
        ),
        sa.Column("old_key_until", UtcDateTime(), nullable=True),
        sa.Column(
            "keys_wanted_at",
            UtcDateTime(),
            nullable=True,
            comment="when an operator asked for other keys",
        ),
    ):
        op.add_column("nodes", column)
