"""The tables of the diner's page."""

from sqlalchemy import Column, Date, Integer, String, Table, Text, UniqueConstraint

from central.metadata import UtcDateTime, metadata

diner_links = Table(
    "diner_links",
    metadata,
    Column("link_id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("session_hash", String(64), unique=True, comment="null: nobody has opened it"),
    Column("holder_id", String(36), nullable=False, index=True),
    Column("made_by", String(80), nullable=False, comment="user:ID or node:NAME"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True, comment="later once opened"),
)

diner_disputes = Table(
    "diner_disputes",
    metadata,
    Column("charge_id", String(36), primary_key=True),
    Column("holder_id", String(36), nullable=False, index=True),
    Column("reason", String(16), nullable=False),
    Column("made_at", UtcDateTime, nullable=False, index=True),
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64), comment="the operator's name of then"),
    Column("decision", String(16)),
    Column("note", Text, nullable=False, comment="of who decided; the diner reads it"),
    comment="charges that a diner says are wrong; the money goes back by the office",
)

diner_meals = Table(
    "diner_meals",
    metadata,
    Column("meal_id", String(36), primary_key=True),
    Column("holder_id", String(36), nullable=False),
    Column("day", Date, nullable=False, index=True, comment="of the site"),
    Column("merchant", String(63), nullable=False),
    Column("period", String(63), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("holder_id", "day", "merchant", "period"),
    comment="who means to eat; a cancelled one is gone",
)

diner_ratings = Table(
    "diner_ratings",
    metadata,
    Column("charge_id", String(36), primary_key=True),
    Column("holder_id", String(36), nullable=False, index=True),
    Column("stars", Integer, nullable=False),
    Column("rated_at", UtcDateTime, nullable=False, index=True),
)
