"""Orders of the payment provider, what it said of them, and its bills."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "payment_orders",
        sa.Column(
            "order_no",
            sa.String(length=32),
            nullable=False,
            comment="top_up_id without its hyphens",
        ),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column(
            "made_by",
            sa.String(length=80),
            nullable=False,
            comment="an operator's name of then, or diner",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("is_credited", sa.Boolean(), nullable=False),
        sa.Column("provider_no", sa.String(length=64), nullable=False),
        sa.Column("pay_url", sa.String(length=2048), nullable=False),
        sa.Column("paid_at", UtcDateTime(), comment="as the provider says"),
        sa.Column(
            "refund_no",
            sa.String(length=64),
            nullable=False,
            comment="of the refund asked for last",
        ),
        sa.Column("refund_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_count", sa.Integer(), nullable=False),
        sa.Column("refund_by", sa.String(length=80), nullable=False),
        sa.Column("refund_reason", sa.String(length=200), nullable=False),
        sa.Column("refunded_at", UtcDateTime()),
        sa.Column(
            "question",
            sa.String(length=32),
            nullable=False,
            comment="what a person must look at",
        ),
        sa.Column("check_at", UtcDateTime(), comment="when to ask again; null: never"),
        sa.Column(
            "check_count",
            sa.Integer(),
            nullable=False,
            comment="since the state became this one",
        ),
        sa.PrimaryKeyConstraint("order_no", name=op.f("pk_payment_orders")),
    )
    for name in ("holder_id", "created_at", "paid_at", "refunded_at", "check_at"):
        op.create_index(op.f(f"ix_payment_orders_{name}"), "payment_orders", [name])
    op.create_table(
        "payment_notices",
        sa.Column("notice_id", sa.String(length=64), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("standing", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_payment_notices")),
        comment="what the provider signed; each once, however often it came",
    )
    op.create_index(op.f("ix_payment_notices_order_no"), "payment_notices", ["order_no"])
    op.create_table(
        "payment_bills",
        sa.Column("day", sa.Date(), nullable=False, comment="of the site"),
        sa.Column("matched_at", UtcDateTime(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("bill_fen", sa.BigInteger(), nullable=False),
        sa.Column("own_fen", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_payment_bills")),
    )
