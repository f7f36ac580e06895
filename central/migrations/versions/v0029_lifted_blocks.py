"""Who could not pay at the canteen once, and why they can again."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "canteen_blocks_lifted",
        sa.Column("block_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "set_by", sa.String(length=64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(length=64), nullable=False, comment="the same"),
        sa.Column("lifted_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_canteen_blocks_lifted")),
        comment="who could not pay once, and why they can again",
    )
    for name in ("holder_id", "lifted_at"):
        op.create_index(op.f(f"ix_canteen_blocks_lifted_{name}"), "canteen_blocks_lifted", [name])
