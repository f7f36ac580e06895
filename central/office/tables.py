"""The tables of the office: what was done, who was granted what, and what was confirmed."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from central.metadata import UtcDateTime, metadata

office_deeds = Table(
    "office_deeds",
    metadata,
    Column("deed_id", String(36), primary_key=True, comment="the key of the request"),
    Column("kind", String(24), nullable=False),
    Column("wish", Text, nullable=False, comment="canonical JSON, identifiers alone"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("merchant", String(63)),
    Column("holder_id", String(64), index=True, comment="where it is of one person"),
    Column("charge_id", String(36), index=True),
    Column("subject", String(128), index=True, comment="a file's digest, a grant and its month"),
    Column("reverses", String(36), unique=True, comment="the deed that this one takes back"),
    Column("done_by", String(36), nullable=False),
    Column("done_by_name", String(64), nullable=False, comment="the operator's name of then"),
    Column("done_at", UtcDateTime, nullable=False, index=True),
    Column("approved_by", String(64), comment="the second person's name of then"),
    comment="what the canteen's office did; nothing is changed",
)

office_moves = Table(
    "office_moves",
    metadata,
    Column("transfer_id", String(36), primary_key=True),
    Column("deed_id", ForeignKey("office_deeds.deed_id"), nullable=False, index=True),
    Column("charge_id", String(36), index=True, comment="where it corrects one"),
    comment="which transfers of the ledger a deed is made of",
)

office_grants = Table(
    "office_grants",
    metadata,
    Column("transfer_id", String(36), primary_key=True),
    Column("deed_id", ForeignKey("office_deeds.deed_id"), nullable=False, index=True),
    Column("holder_id", String(64), nullable=False, index=True),
    Column("payer", String(128), nullable=False, comment="the account that paid"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("lapses_on", Date, index=True, comment="the first day on which it is no longer there"),
    comment="subsidies by person; what is left of them goes back to who paid",
)

office_confirmations = Table(
    "office_confirmations",
    metadata,
    Column("account", String(128), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("side", String(8), primary_key=True, comment="canteen or unit"),
    Column("sha256", String(64), nullable=False, comment="of the statement as it was"),
    Column("closing_fen", BigInteger, nullable=False),
    Column("name", String(64), nullable=False, comment="who confirmed for this side"),
    Column("user_id", String(36), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    comment="a unit's monthly statement, confirmed by both sides",
)

office_day_closes = Table(
    "office_day_closes",
    metadata,
    Column("merchant", String(63), primary_key=True),
    Column("day", Date, primary_key=True),
    Column(
        "number",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="2 and more: closed again, after 1",
    ),
    Column("sha256", String(64), nullable=False, comment="of what was signed"),
    Column("body", Text, nullable=False, comment="the day as it was signed"),
    Column("signed_by", String(36), nullable=False),
    Column("signed_by_name", String(64), nullable=False, comment="the operator's name of then"),
    Column("signed_at", UtcDateTime, nullable=False),
    comment="days that somebody answers for; what came later is another number",
)

office_drawers = Table(
    "office_drawers",
    metadata,
    Column("drawer_id", String(36), primary_key=True, comment="the key of the request"),
    Column("operator_id", String(36), nullable=False, comment="whose cash it is"),
    Column("operator_name", String(64), nullable=False, comment="the operator's name of then"),
    Column("float_fen", BigInteger, nullable=False, comment="in it when it was opened"),
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("counted_fen", BigInteger, comment="null: open"),
    Column("expected_fen", BigInteger, comment="what should have been in it then"),
    Column("notes", Text, comment="JSON: how many of each note and coin, by their fen"),
    Column("counted_by", String(36)),
    Column("counted_by_name", String(64), comment="the operator's name of then"),
    Column("counted_at", UtcDateTime),
    Column("explanation", String(200), comment="of a difference"),
    Column("explained_by_name", String(64), comment="the operator's name of then"),
    comment="cash drawers of the counter, from a float to a blind count",
)

office_drawer_entries = Table(
    "office_drawer_entries",
    metadata,
    Column("entry_id", String(36), primary_key=True, comment="a deed, or the key of the request"),
    Column("drawer_id", ForeignKey("office_drawers.drawer_id"), nullable=False, index=True),
    Column("kind", String(24), nullable=False, comment="of the deed; put_in, taken_out"),
    Column("cash_fen", BigInteger, nullable=False, comment="below zero went out"),
    Column("reason", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    comment="cash that went into a drawer and out of it; nothing is changed",
)
Index("ix_office_deeds_kind", office_deeds.c.kind, office_deeds.c.done_at)
_IS_OPEN = office_drawers.c.counted_at.is_(None)
Index(
    "uq_office_drawers_open",
    office_drawers.c.operator_id,
    unique=True,
    sqlite_where=_IS_OPEN,
    postgresql_where=_IS_OPEN,
)
"""Nobody has two drawers open."""
