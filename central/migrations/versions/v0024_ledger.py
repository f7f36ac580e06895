"""The ledger, which the database itself only lets grow, and whose balances it keeps itself."""

import sqlalchemy as sa
from alembic import op

from central.ledger import guards
from central.metadata import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_POINTS = "CASE WHEN substr({name}, 1, 7) = 'points/' THEN 'POINTS' ELSE 'CNY' END"
_SUMS = ("debits_posted_fen", "debits_pending_fen", "credits_posted_fen", "credits_pending_fen")


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "ledger_accounts",
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("floor_fen", sa.BigInteger(), comment="null: without a floor"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column(
            "last_sequence", sa.BigInteger(), nullable=False, comment="of the newest transfer of it"
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_ledger_accounts")),
        sa.CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in _SUMS), name=op.f("ck_ledger_accounts_sums")
        ),
        sa.CheckConstraint(
            "floor_fen IS NULL"
            " OR credits_posted_fen - debits_posted_fen - debits_pending_fen >= floor_fen",
            name=op.f("ck_ledger_accounts_floor"),
        ),
        sa.CheckConstraint(
            "(account NOT LIKE 'person/%' AND account NOT LIKE 'points/person/%')"
            " OR account LIKE 'person/%/debt' OR coalesce(floor_fen, -1) >= 0",
            name=op.f("ck_ledger_accounts_wallets"),
        ),
        sa.CheckConstraint(
            f"unit = {_POINTS.format(name='account')}", name=op.f("ck_ledger_accounts_unit")
        ),
        comment="balances, kept by triggers on transfers and changed by nothing else",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_transfers",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("transfer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("debit", sa.String(length=128), nullable=False),
        sa.Column("credit", sa.String(length=128), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("group_id", sa.String(length=36)),
        sa.Column("pending_id", sa.String(length=36)),
        sa.Column("reverses", sa.String(length=36)),
        sa.Column("detail", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_transfers")),
        *(
            sa.ForeignKeyConstraint(
                [side], ["ledger_accounts.account"], name=op.f(f"fk_ledger_transfers_{side}")
            )
            for side in ("debit", "credit")
        ),
        sa.CheckConstraint(
            "kind IN ('posted', 'pending', 'post', 'void')", name=op.f("ck_ledger_transfers_kind")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_ledger_transfers_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_transfers_two")),
        sa.CheckConstraint(
            f"unit = {_POINTS.format(name='debit')} AND unit = {_POINTS.format(name='credit')}",
            name=op.f("ck_ledger_transfers_unit"),
        ),
        sa.CheckConstraint(
            "(kind = 'pending') = (expires_at IS NOT NULL)"
            " AND (kind IN ('post', 'void')) = (pending_id IS NOT NULL)",
            name=op.f("ck_ledger_transfers_pending"),
        ),
        comment="a chain of hashes that is only added to; triggers refuse anything else",
    )
    op.create_index(
        "uq_ledger_transfers_transfer_id", "ledger_transfers", ["transfer_id"], unique=True
    )
    op.create_index("ix_ledger_transfers_debit", "ledger_transfers", ["debit", "sequence"])
    op.create_index("ix_ledger_transfers_credit", "ledger_transfers", ["credit", "sequence"])
    for prefix, name in (("uq", "pending_id"), ("ix", "group_id"), ("ix", "reverses")):
        some = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"{prefix}_ledger_transfers_{name}",
            "ledger_transfers",
            [name],
            unique=prefix == "uq",
            sqlite_where=some,
            postgresql_where=some,
        )
    op.create_table(
        "ledger_pendings",
        sa.Column("transfer_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_ledger_pendings")),
        comment="pending transfers that stand open, kept by triggers on transfers",
    )
    op.create_index("ix_ledger_pendings_expires_at", "ledger_pendings", ["expires_at"])
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in guards.statements(is_postgresql=is_postgresql).values():
        op.get_bind().exec_driver_sql(statement)
