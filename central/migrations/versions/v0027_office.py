"""What the canteen's office did: deeds, subsidies, confirmed statements, days that were closed."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "office_deeds",
        sa.Column(
            "deed_id", sa.String(length=36), primary_key=True, comment="the key of the request"
        ),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False, comment="canonical JSON, identifiers alone"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("merchant", sa.String(length=63)),
        sa.Column(
            "holder_id", sa.String(length=64), index=True, comment="where it is of one person"
        ),
        sa.Column("charge_id", sa.String(length=36), index=True),
        sa.Column(
            "subject",
            sa.String(length=128),
            index=True,
            comment="a file's digest, a grant and its month",
        ),
        sa.Column(
            "reverses",
            sa.String(length=36),
            unique=True,
            comment="the deed that this one takes back",
        ),
        sa.Column("done_by", sa.String(length=36), nullable=False),
        sa.Column(
            "done_by_name",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("done_at", UtcDateTime(), nullable=False, index=True),
        sa.Column("approved_by", sa.String(length=64), comment="the second person's name of then"),
        comment="what the canteen's office did; nothing is changed",
    )
    op.create_index("ix_office_deeds_kind", "office_deeds", ["kind", "done_at"])
    op.create_table(
        "office_moves",
        sa.Column("transfer_id", sa.String(length=36), primary_key=True),
        sa.Column(
            "deed_id",
            sa.String(length=36),
            sa.ForeignKey("office_deeds.deed_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("charge_id", sa.String(length=36), index=True, comment="where it corrects one"),
        comment="which transfers of the ledger a deed is made of",
    )
    op.create_table(
        "office_grants",
        sa.Column("transfer_id", sa.String(length=36), primary_key=True),
        sa.Column(
            "deed_id",
            sa.String(length=36),
            sa.ForeignKey("office_deeds.deed_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("holder_id", sa.String(length=64), nullable=False, index=True),
        sa.Column("payer", sa.String(length=128), nullable=False, comment="the account that paid"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "lapses_on",
            sa.Date(),
            index=True,
            comment="the first day on which it is no longer there",
        ),
        comment="subsidies by person; what is left of them goes back to who paid",
    )
    op.create_table(
        "office_confirmations",
        sa.Column("account", sa.String(length=128), primary_key=True),
        sa.Column("month", sa.String(length=7), primary_key=True),
        sa.Column("side", sa.String(length=8), primary_key=True, comment="canteen or unit"),
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="of the statement as it was"
        ),
        sa.Column("closing_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "name", sa.String(length=64), nullable=False, comment="who confirmed for this side"
        ),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        comment="a unit's monthly statement, confirmed by both sides",
    )
    op.create_table(
        "office_day_closes",
        sa.Column("merchant", sa.String(length=63), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column(
            "number",
            sa.Integer(),
            primary_key=True,
            autoincrement=False,
            comment="2 and more: closed again, after 1",
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of what was signed"),
        sa.Column("body", sa.Text(), nullable=False, comment="the day as it was signed"),
        sa.Column("signed_by", sa.String(length=36), nullable=False),
        sa.Column(
            "signed_by_name",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        comment="days that somebody answers for; what came later is another number",
    )
