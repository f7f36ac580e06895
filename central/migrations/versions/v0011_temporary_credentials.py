"""Temporary cards and codes."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the end of a card and the table of codes."""
    op.add_column(
        "cards",
        sa.Column("valid_until", UtcDateTime(), nullable=True, comment="of a temporary card"),
    )
    op.create_table(
        "temporary_codes",
        sa.Column("code_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column(
            "nonce",
            sa.String(length=16),
            nullable=False,
            comment="of the code, which is made again from it",
        ),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column(
            "created_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["people.holder_id"], name=op.f("fk_temporary_codes_holder_id_people")
        ),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_temporary_codes")),
        comment="codes of new hires, good many times until their end",
    )
    op.create_index(
        op.f("ix_temporary_codes_holder_id"), "temporary_codes", ["holder_id"], unique=False
    )
