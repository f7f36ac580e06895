"""The tables of the ledger. What the database enforces beyond them is in ``guards``."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from central.ledger.accounts import NAME_LENGTH_MAX
from central.metadata import UtcDateTime, metadata

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account", String(NAME_LENGTH_MAX), primary_key=True),
    Column("unit", String(8), nullable=False),
    Column("floor_fen", BigInteger, comment="null: without a floor"),
    Column("debits_posted_fen", BigInteger, nullable=False),
    Column("debits_pending_fen", BigInteger, nullable=False),
    Column("credits_posted_fen", BigInteger, nullable=False),
    Column("credits_pending_fen", BigInteger, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("last_sequence", BigInteger, nullable=False, comment="of the newest transfer of it"),
    CheckConstraint(
        "debits_posted_fen >= 0 AND debits_pending_fen >= 0"
        " AND credits_posted_fen >= 0 AND credits_pending_fen >= 0",
        name="ck_ledger_accounts_sums",
    ),
    CheckConstraint(
        "floor_fen IS NULL"
        " OR credits_posted_fen - debits_posted_fen - debits_pending_fen >= floor_fen",
        name="ck_ledger_accounts_floor",
    ),
    CheckConstraint(
        "(account NOT LIKE 'person/%' AND account NOT LIKE 'points/person/%')"
        " OR account LIKE 'person/%/debt' OR coalesce(floor_fen, -1) >= 0",
        name="ck_ledger_accounts_wallets",
    ),
    CheckConstraint(
        "unit = CASE WHEN substr(account, 1, 7) = 'points/' THEN 'POINTS' ELSE 'CNY' END",
        name="ck_ledger_accounts_unit",
    ),
    comment="balances, kept by triggers on transfers and changed by nothing else",
    sqlite_with_rowid=False,
)

ledger_transfers = Table(
    "ledger_transfers",
    metadata,
    # The row's own number on SQLite, where another type would cost an index more.
    Column(
        "sequence",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("transfer_id", String(36), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("debit", ForeignKey("ledger_accounts.account"), nullable=False),
    Column("credit", ForeignKey("ledger_accounts.account"), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("group_id", String(36)),
    Column("pending_id", String(36)),
    Column("reverses", String(36)),
    Column("detail", Text, nullable=False, comment="canonical JSON"),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint(
        "kind IN ('posted', 'pending', 'post', 'void')", name="ck_ledger_transfers_kind"
    ),
    CheckConstraint("amount_fen > 0", name="ck_ledger_transfers_amount"),
    CheckConstraint("debit <> credit", name="ck_ledger_transfers_two"),
    # The unit is in the names, so that both accounts' units are the transfer's.
    CheckConstraint(
        "unit = CASE WHEN substr(debit, 1, 7) = 'points/' THEN 'POINTS' ELSE 'CNY' END"
        " AND unit = CASE WHEN substr(credit, 1, 7) = 'points/' THEN 'POINTS' ELSE 'CNY' END",
        name="ck_ledger_transfers_unit",
    ),
    CheckConstraint(
        "(kind = 'pending') = (expires_at IS NOT NULL)"
        " AND (kind IN ('post', 'void')) = (pending_id IS NOT NULL)",
        name="ck_ledger_transfers_pending",
    ),
    Index("uq_ledger_transfers_transfer_id", "transfer_id", unique=True),
    Index("ix_ledger_transfers_debit", "debit", "sequence"),
    Index("ix_ledger_transfers_credit", "credit", "sequence"),
    comment="a chain of hashes that is only added to; triggers refuse anything else",
)

_SOME = ledger_transfers.c
Index(
    "uq_ledger_transfers_pending_id",
    _SOME.pending_id,
    unique=True,
    sqlite_where=_SOME.pending_id.is_not(None),
    postgresql_where=_SOME.pending_id.is_not(None),
)
Index(
    "ix_ledger_transfers_group_id",
    _SOME.group_id,
    sqlite_where=_SOME.group_id.is_not(None),
    postgresql_where=_SOME.group_id.is_not(None),
)
Index(
    "ix_ledger_transfers_reverses",
    _SOME.reverses,
    sqlite_where=_SOME.reverses.is_not(None),
    postgresql_where=_SOME.reverses.is_not(None),
)

ledger_pendings = Table(
    "ledger_pendings",
    metadata,
    Column("transfer_id", String(36), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    comment="pending transfers that stand open, kept by triggers on transfers",
)
