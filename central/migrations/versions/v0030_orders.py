"""Orders for the takeaway window."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "canteen_orders",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column(
            "wish_id",
            sa.String(length=36),
            nullable=False,
            comment="made by the page before it asks",
        ),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.Column(
            "day", sa.Date(), nullable=False, comment="of the site, on which the window begins"
        ),
        sa.Column("period", sa.String(length=63), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False, comment="to be called out"),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False, comment="may be cancelled before it"),
        sa.Column("due_at", UtcDateTime(), nullable=False, comment="nobody is waited for any more"),
        sa.Column(
            "unclaimed",
            sa.String(length=8),
            nullable=False,
            comment="charge or release, as it was said",
        ),
        sa.Column("lines", sa.Text(), nullable=False, comment="JSON; prices as they were shown"),
        sa.Column(
            "names", sa.Text(), nullable=False, comment="JSON; of the dishes, as they were shown"
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "version",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="grows whenever tills must hear of it; shared with canteen_accounts",
        ),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column(
            "ended_by",
            sa.String(length=64),
            comment="the operator's name of then; empty: by itself",
        ),
        sa.Column("note", sa.Text(), comment="of the operator; the diner reads it"),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_canteen_orders")),
        sa.UniqueConstraint("version", name=op.f("uq_canteen_orders_version")),
        sa.UniqueConstraint(
            "holder_id", "wish_id", name=op.f("uq_canteen_orders_holder_id_wish_id")
        ),
        sa.UniqueConstraint(
            "merchant", "day", "number", name=op.f("uq_canteen_orders_merchant_day_number")
        ),
        comment="charges that are not collected yet, and what became of them",
    )
    op.create_index("ix_canteen_orders_due", "canteen_orders", ["state", "due_at"])
    op.create_index("ix_canteen_orders_holder_id", "canteen_orders", ["holder_id", "day"])
