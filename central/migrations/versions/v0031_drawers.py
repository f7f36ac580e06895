"""Cash drawers of the counter: from a float to a blind count, with what went in and out."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "office_drawers",
        sa.Column("drawer_id", sa.String(36), nullable=False, comment="the key of the request"),
        sa.Column("operator_id", sa.String(36), nullable=False, comment="whose cash it is"),
        sa.Column(
            "operator_name", sa.String(64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("float_fen", sa.BigInteger(), nullable=False, comment="in it when it was opened"),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("counted_fen", sa.BigInteger(), comment="null: open"),
        sa.Column("expected_fen", sa.BigInteger(), comment="what should have been in it then"),
        sa.Column("notes", sa.Text(), comment="JSON: how many of each note and coin, by their fen"),
        sa.Column("counted_by", sa.String(36)),
        sa.Column("counted_by_name", sa.String(64), comment="the operator's name of then"),
        sa.Column("counted_at", UtcDateTime()),
        sa.Column("explanation", sa.String(200), comment="of a difference"),
        sa.Column("explained_by_name", sa.String(64), comment="the operator's name of then"),
        sa.PrimaryKeyConstraint("drawer_id", name=op.f("pk_office_drawers")),
        comment="cash drawers of the counter, from a float to a blind count",
    )
    op.create_index(op.f("ix_office_drawers_opened_at"), "office_drawers", ["opened_at"])
    is_open = sa.text("counted_at IS NULL")
    op.create_index(
        "uq_office_drawers_open",
        "office_drawers",
        ["operator_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "office_drawer_entries",
        sa.Column(
            "entry_id", sa.String(36), nullable=False, comment="a deed, or the key of the request"
        ),
        sa.Column("drawer_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False, comment="of the deed; put_in, taken_out"),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False, comment="below zero went out"),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_office_drawer_entries")),
        sa.ForeignKeyConstraint(
            ["drawer_id"],
            ["office_drawers.drawer_id"],
            name=op.f("fk_office_drawer_entries_drawer_id_office_drawers"),
        ),
        comment="cash that went into a drawer and out of it; nothing is changed",
    )
    op.create_index(
        op.f("ix_office_drawer_entries_drawer_id"), "office_drawer_entries", ["drawer_id"]
    )
