"""Visits."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "visits",
        sa.Column(
            "visit_id", sa.String(length=36), nullable=False, comment="the holder of the code"
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("visitor", sa.String(length=200), nullable=False),
        sa.Column("host_id", sa.String(length=36), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False, comment="the home access point first"),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("needs_escort", sa.Boolean(), nullable=False),
        sa.Column(
            "nonce",
            sa.String(length=16),
            nullable=False,
            comment="of the code, which is made again from it",
        ),
        sa.Column(
            "created_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=True),
        sa.Column("arrived_point", sa.String(length=63), nullable=True),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visits")),
        sa.UniqueConstraint("version", name=op.f("uq_visits_version")),
        comment="a removed visit leaves the identifier alone, so that every node learns of it",
    )
    op.create_index(op.f("ix_visits_valid_until"), "visits", ["valid_until"], unique=False)
