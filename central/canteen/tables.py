"""The tables of the canteen. Money itself lies in the ledger; here is what it was for."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from central.metadata import UtcDateTime, metadata

canteen_merchants = Table(
    "canteen_merchants",
    metadata,
    Column("merchant", String(63), primary_key=True),
    Column("kind", String(16), nullable=False),
    comment="as the site file says; renewed at every start",
)

canteen_tills = Table(
    "canteen_tills",
    metadata,
    Column("till", String(63), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("merchant", String(63), nullable=False),
    comment="as the site file says; renewed at every start",
)

canteen_plans = Table(
    "canteen_plans",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("changes", Text, nullable=False, comment="against the version before"),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="prices, meal periods and limits, as they were put whole; nothing is deleted",
)

canteen_charges = Table(
    "canteen_charges",
    metadata,
    Column("charge_id", String(36), primary_key=True),
    Column("node", String(63), nullable=False, comment="that told of it first"),
    Column("content_hash", String(64), comment="of the charge; null: only heard of"),
    Column("till", String(63)),
    Column("merchant", String(63)),
    Column("holder_id", String(64)),
    Column("amount_fen", BigInteger),
    Column("mode", String(16)),
    Column("period", String(63)),
    Column("payer_group", String(64), comment="of prices, when it was taken in"),
    Column("credential", String(16)),
    Column("session_id", String(36), index=True),
    Column("decision_id", String(36)),
    Column("is_reserved", Boolean, nullable=False, server_default=false()),
    Column("is_repeat", Boolean, nullable=False, server_default=false()),
    Column("charged_at", UtcDateTime, comment="by the till's clock"),
    Column("received_at", UtcDateTime),
    Column("posted_at", UtcDateTime, comment="null: not in the ledger"),
    Column("subsidy_fen", BigInteger, nullable=False, server_default="0"),
    Column("cash_fen", BigInteger, nullable=False, server_default="0"),
    Column("debt_fen", BigInteger, nullable=False, server_default="0"),
    Column("returned_fen", BigInteger, nullable=False, server_default="0"),
    Column("pending_at", UtcDateTime, comment="a lane had granted"),
    Column("released_at", UtcDateTime),
    Column("release_reason", String(16)),
    Column("void_id", String(36), index=True),
    Column("void_fen", BigInteger, comment="as the till says"),
    Column("void_session_id", String(36)),
    Column("void_by", String(64)),
    Column("voided_at", UtcDateTime, comment="by the till's clock"),
    Column("is_void_forced", Boolean, nullable=False, server_default=false()),
    Column("reversed_at", UtcDateTime, comment="what was left of it went back"),
    Index("ix_canteen_charges_merchant", "merchant", "charged_at"),
    Index("ix_canteen_charges_holder_id", "holder_id", "charged_at"),
    Index("ix_canteen_charges_till", "till", "charged_at"),
    comment="one row for each charge, whichever fact of it came first",
)

canteen_lines = Table(
    "canteen_lines",
    metadata,
    Column("charge_id", ForeignKey("canteen_charges.charge_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("item", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("weight_g", Integer),
    Column("amount_fen", BigInteger, nullable=False),
    comment="what was on the tray",
)

canteen_reservations = Table(
    "canteen_reservations",
    metadata,
    Column("charge_id", String(36), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("till", String(63), nullable=False),
    Column("merchant", String(63), nullable=False),
    Column("holder_id", String(64), nullable=False, index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("subsidy_fen", BigInteger, nullable=False),
    Column("cash_fen", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False, comment="grows when it is kept again"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    comment="money that was kept for a charge; whether it is still says the ledger",
)

canteen_sessions = Table(
    "canteen_sessions",
    metadata,
    Column("session_id", String(36), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("till", String(63), nullable=False),
    Column("merchant", String(63), nullable=False),
    Column("opened_at", UtcDateTime),
    Column("opened_by", String(64)),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(64)),
    Column("charge_count", BigInteger),
    Column("charge_fen", BigInteger),
    Column("void_count", BigInteger),
    Column("void_fen", BigInteger),
    Column("charge_ids_sha256", String(64)),
    Column("counted_charges", BigInteger),
    Column("counted_fen", BigInteger),
    Index("ix_canteen_sessions_merchant", "merchant", "opened_at"),
    comment="of a till, from its opening to its close, with the till's own sums",
)

canteen_exceptions = Table(
    "canteen_exceptions",
    metadata,
    Column("exception_id", String(36), primary_key=True, comment="the same for the same fact"),
    Column("kind", String(32), nullable=False),
    Column("node", String(63), nullable=False),
    Column("till", String(63)),
    Column("about", String(36), comment="the charge or the session"),
    Column("event_id", String(36), nullable=False),
    Column("body", Text, nullable=False, comment="the event, as it was told"),
    Column("found_at", UtcDateTime, nullable=False, index=True),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64), comment="the operator's name of then; empty: by itself"),
    Column("decision", String(16)),
    Column("note", Text),
    Index("ix_canteen_exceptions_about", "about"),
    comment="facts that need a person: nothing waits for them",
)

canteen_debts = Table(
    "canteen_debts",
    metadata,
    Column("charge_id", ForeignKey("canteen_charges.charge_id"), primary_key=True),
    Column("holder_id", String(64), nullable=False, index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("made_at", UtcDateTime, nullable=False, index=True),
    Column("notified_at", UtcDateTime),
    Column("notified_by", String(64), comment="the operator's name of then; empty: by itself"),
    Column("disputed_at", UtcDateTime),
    Column("dispute", Text),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64)),
    Column("decision", String(16)),
    Column("note", Text),
    comment="what a meal left owing; what is owed now says the ledger",
)

canteen_accounts = Table(
    "canteen_accounts",
    metadata,
    Column("holder_id", String(64), primary_key=True),
    Column(
        "version",
        BigInteger().with_variant(Integer, "sqlite"),
        nullable=False,
        unique=True,
        comment="grows whenever tills must hear of this person",
    ),
    Column("check_at", UtcDateTime, index=True, comment="when being somebody here begins or ends"),
    comment="who can pay, as tills are told; how much says the ledger",
)

canteen_blocks = Table(
    "canteen_blocks",
    metadata,
    Column("holder_id", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("set_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("set_at", UtcDateTime, nullable=False),
    comment="who cannot pay until somebody lets them",
)
