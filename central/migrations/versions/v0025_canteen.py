"""The canteen: charges, sessions of tills, plans, debts, and what needs a person."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "canteen_accounts",
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column(
            "version",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="grows whenever tills must hear of this person",
        ),
        sa.Column(
            "check_at",
            UtcDateTime(),
            nullable=True,
            comment="when being somebody here begins or ends",
        ),
        sa.PrimaryKeyConstraint("holder_id", name=op.f("pk_canteen_accounts")),
        sa.UniqueConstraint("version", name=op.f("uq_canteen_accounts_version")),
        comment="who can pay, as tills are told; how much says the ledger",
    )
    op.create_index(
        op.f("ix_canteen_accounts_check_at"), "canteen_accounts", ["check_at"], unique=False
    )
    op.create_table(
        "canteen_blocks",
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "set_by", sa.String(length=64), nullable=False, comment="the operator's name of then"
        ),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("holder_id", name=op.f("pk_canteen_blocks")),
        comment="who cannot pay until somebody lets them",
    )
    op.create_table(
        "canteen_charges",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False, comment="that told of it first"),
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=True,
            comment="of the charge; null: only heard of",
        ),
        sa.Column("till", sa.String(length=63), nullable=True),
        sa.Column("merchant", sa.String(length=63), nullable=True),
        sa.Column("holder_id", sa.String(length=64), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=True),
        sa.Column("period", sa.String(length=63), nullable=True),
        sa.Column(
            "payer_group",
            sa.String(length=64),
            nullable=True,
            comment="of prices, when it was taken in",
        ),
        sa.Column("credential", sa.String(length=16), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=True),
        sa.Column("decision_id", sa.String(length=36), nullable=True),
        sa.Column("is_reserved", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_repeat", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("charged_at", UtcDateTime(), nullable=True, comment="by the till's clock"),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("posted_at", UtcDateTime(), nullable=True, comment="null: not in the ledger"),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("debt_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("pending_at", UtcDateTime(), nullable=True, comment="a lane had granted"),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.String(length=16), nullable=True),
        sa.Column("void_id", sa.String(length=36), nullable=True),
        sa.Column("void_fen", sa.BigInteger(), nullable=True, comment="as the till says"),
        sa.Column("void_session_id", sa.String(length=36), nullable=True),
        sa.Column("void_by", sa.String(length=64), nullable=True),
        sa.Column("voided_at", UtcDateTime(), nullable=True, comment="by the till's clock"),
        sa.Column("is_void_forced", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column(
            "reversed_at", UtcDateTime(), nullable=True, comment="what was left of it went back"
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_canteen_charges")),
        comment="one row for each charge, whichever fact of it came first",
    )
    op.create_index(
        op.f("ix_canteen_charges_holder_id"),
        "canteen_charges",
        ["holder_id", "charged_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_canteen_charges_merchant"),
        "canteen_charges",
        ["merchant", "charged_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_canteen_charges_session_id"), "canteen_charges", ["session_id"], unique=False
    )
    op.create_index(
        op.f("ix_canteen_charges_till"), "canteen_charges", ["till", "charged_at"], unique=False
    )
    op.create_index(
        op.f("ix_canteen_charges_void_id"), "canteen_charges", ["void_id"], unique=False
    )
    op.create_table(
        "canteen_exceptions",
        sa.Column(
            "exception_id",
            sa.String(length=36),
            nullable=False,
            comment="the same for the same fact",
        ),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("till", sa.String(length=63), nullable=True),
        sa.Column(
            "about", sa.String(length=36), nullable=True, comment="the charge or the session"
        ),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the event, as it was told"),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column(
            "decided_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then; empty: by itself",
        ),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("exception_id", name=op.f("pk_canteen_exceptions")),
        comment="facts that need a person: nothing waits for them",
    )
    op.create_index(
        op.f("ix_canteen_exceptions_about"), "canteen_exceptions", ["about"], unique=False
    )
    op.create_index(
        op.f("ix_canteen_exceptions_found_at"), "canteen_exceptions", ["found_at"], unique=False
    )
    op.create_table(
        "canteen_merchants",
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("merchant", name=op.f("pk_canteen_merchants")),
        comment="as the site file says; renewed at every start",
    )
    op.create_table(
        "canteen_plans",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False, comment="against the version before"),
        sa.Column(
            "changed_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_canteen_plans")),
        comment="prices, meal periods and limits, as they were put whole; nothing is deleted",
    )
    op.create_table(
        "canteen_reservations",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("till", sa.String(length=63), nullable=False),
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False, comment="grows when it is kept again"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_canteen_reservations")),
        comment="money that was kept for a charge; whether it is still says the ledger",
    )
    op.create_index(
        op.f("ix_canteen_reservations_holder_id"),
        "canteen_reservations",
        ["holder_id"],
        unique=False,
    )
    op.create_table(
        "canteen_sessions",
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("till", sa.String(length=63), nullable=False),
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("opened_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("charge_count", sa.BigInteger(), nullable=True),
        sa.Column("charge_fen", sa.BigInteger(), nullable=True),
        sa.Column("void_count", sa.BigInteger(), nullable=True),
        sa.Column("void_fen", sa.BigInteger(), nullable=True),
        sa.Column("charge_ids_sha256", sa.String(length=64), nullable=True),
        sa.Column("counted_charges", sa.BigInteger(), nullable=True),
        sa.Column("counted_fen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_canteen_sessions")),
        comment="of a till, from its opening to its close, with the till's own sums",
    )
    op.create_index(
        op.f("ix_canteen_sessions_merchant"),
        "canteen_sessions",
        ["merchant", "opened_at"],
        unique=False,
    )
    op.create_table(
        "canteen_tills",
        sa.Column("till", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("merchant", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("till", name=op.f("pk_canteen_tills")),
        comment="as the site file says; renewed at every start",
    )
    op.create_table(
        "canteen_debts",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("notified_at", UtcDateTime(), nullable=True),
        sa.Column(
            "notified_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then; empty: by itself",
        ),
        sa.Column("disputed_at", UtcDateTime(), nullable=True),
        sa.Column("dispute", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["canteen_charges.charge_id"], name=op.f("fk_canteen_debts_charge_id")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_canteen_debts")),
        comment="what a meal left owing; what is owed now says the ledger",
    )
    op.create_index(
        op.f("ix_canteen_debts_holder_id"), "canteen_debts", ["holder_id"], unique=False
    )
    op.create_index(op.f("ix_canteen_debts_made_at"), "canteen_debts", ["made_at"], unique=False)
    op.create_table(
        "canteen_lines",
        sa.Column("charge_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["canteen_charges.charge_id"], name=op.f("fk_canteen_lines_charge_id")
        ),
        sa.PrimaryKeyConstraint("charge_id", "number", name=op.f("pk_canteen_lines")),
        comment="what was on the tray",
    )
