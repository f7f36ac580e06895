"""Gallery self-tests, and people whom face alone does not tell apart."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "confusable_pairs",
        sa.Column("one", sa.String(length=36), nullable=False),
        sa.Column("other", sa.String(length=36), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_similarity", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["one"], ["people.holder_id"], name=op.f("fk_confusable_pairs_one")
        ),
        sa.ForeignKeyConstraint(
            ["other"], ["people.holder_id"], name=op.f("fk_confusable_pairs_other")
        ),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_confusable_pairs")),
        comment="people whom face alone does not tell apart, unless an operator says that it does",
    )
    op.create_index(op.f("ix_confusable_pairs_other"), "confusable_pairs", ["other"], unique=False)
    op.create_table(
        "self_tests",
        sa.Column("test_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted_by", sa.String(length=36), nullable=True),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("network", sa.String(length=64), nullable=True),
        sa.Column("result", sa.Text(), nullable=True, comment="SelfTestResult as JSON"),
        sa.PrimaryKeyConstraint("test_id", name=op.f("pk_self_tests")),
        comment="comparisons of the gallery with itself; whose lease is over was interrupted",
    )
