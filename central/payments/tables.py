"""The tables of the payment connector: orders, the provider's notices, its bills.

An order's row says how far it has come; where its money is, the ledger alone says.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

payment_orders = Table(
    "payment_orders",
    metadata,
    Column("order_no", String(32), primary_key=True, comment="top_up_id without its hyphens"),
    Column("holder_id", String(36), nullable=False, index=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("way", String(8), nullable=False),
    Column("made_by", String(80), nullable=False, comment="an operator's name of then, or diner"),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("state", String(12), nullable=False),
    Column("is_credited", Boolean, nullable=False),
    Column("provider_no", String(64), nullable=False),
    Column("pay_url", String(2048), nullable=False),
    Column("paid_at", UtcDateTime, index=True, comment="as the provider says"),
    Column("refund_no", String(64), nullable=False, comment="of the refund asked for last"),
    Column("refund_fen", BigInteger, nullable=False),
    Column("refund_count", Integer, nullable=False),
    Column("refund_by", String(80), nullable=False),
    Column("refund_reason", String(200), nullable=False),
    Column("refunded_at", UtcDateTime, index=True),
    Column("question", String(32), nullable=False, comment="what a person must look at"),
    Column("check_at", UtcDateTime, index=True, comment="when to ask again; null: never"),
    Column("check_count", Integer, nullable=False, comment="since the state became this one"),
)

payment_notices = Table(
    "payment_notices",
    metadata,
    Column("notice_id", String(64), primary_key=True),
    Column("order_no", String(64), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("standing", String(12), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    comment="what the provider signed; each once, however often it came",
)

payment_bills = Table(
    "payment_bills",
    metadata,
    Column("day", Date, primary_key=True, comment="of the site"),
    Column("matched_at", UtcDateTime, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("bill_fen", BigInteger, nullable=False),
    Column("own_fen", BigInteger, nullable=False),
    Column("differences", Text, nullable=False, comment="JSON"),
)

payment_answers = Table(
    "payment_answers",
    metadata,
    Column("answer_id", String(36), primary_key=True),
    Column("about", String(64), nullable=False, index=True, comment="an order_no, or a day"),
    Column("question", String(64), nullable=False, comment="a word; the digest of differences"),
    Column("words", String(200), nullable=False),
    Column("answered_by", String(64), nullable=False, comment="the name of then"),
    Column("answered_at", UtcDateTime, nullable=False),
    comment="what people found out; no money is moved by it, and nothing is changed",
)
