"""The diner's page: links, disputes, registered meals, ratings."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "diner_links",
        sa.Column("link_id", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("session_hash", sa.String(length=64), comment="null: nobody has opened it"),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False, comment="user:ID or node:NAME"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False, comment="later once opened"),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_diner_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_diner_links_secret_hash")),
        sa.UniqueConstraint("session_hash", name=op.f("uq_diner_links_session_hash")),
    )
    for name in ("holder_id", "expires_at"):
        op.create_index(op.f(f"ix_diner_links_{name}"), "diner_links", [name])
    op.create_table(
        "diner_disputes",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("decided_by", sa.String(length=64), comment="the operator's name of then"),
        sa.Column("decision", sa.String(length=16)),
        sa.Column("note", sa.Text(), nullable=False, comment="of who decided; the diner reads it"),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_diner_disputes")),
        comment="charges that a diner says are wrong; the money goes back by the office",
    )
    for name in ("holder_id", "made_at"):
        op.create_index(op.f(f"ix_diner_disputes_{name}"), "diner_disputes", [name])
    op.create_table(
        "diner_meals",
        sa.Column("meal_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="of the site"),
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.Column("period", sa.String(length=63), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("meal_id", name=op.f("pk_diner_meals")),
        sa.UniqueConstraint(
            "holder_id",
            "day",
            "merchant",
            "period",
            name=op.f("uq_diner_meals_holder_id_day_merchant_period"),
        ),
        comment="who means to eat; a cancelled one is gone",
    )
    for name in ("day", "registered_at"):
        op.create_index(op.f(f"ix_diner_meals_{name}"), "diner_meals", [name])
    op.create_table(
        "diner_ratings",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("rated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_diner_ratings")),
    )
    for name in ("holder_id", "rated_at"):
        op.create_index(op.f(f"ix_diner_ratings_{name}"), "diner_ratings", [name])
