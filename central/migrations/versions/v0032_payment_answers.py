"""What people say to questions of top-ups and to differences of the payment provider's bills."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "payment_answers",
        sa.Column("answer_id", sa.String(36), nullable=False),
        sa.Column("about", sa.String(64), nullable=False, comment="an order_no, or a day"),
        sa.Column(
            "question", sa.String(64), nullable=False, comment="a word; the digest of differences"
        ),
        sa.Column("words", sa.String(200), nullable=False),
        sa.Column("answered_by", sa.String(64), nullable=False, comment="the name of then"),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_payment_answers")),
        comment="what people found out; no money is moved by it, and nothing is changed",
    )
    op.create_index(op.f("ix_payment_answers_about"), "payment_answers", ["about"])
