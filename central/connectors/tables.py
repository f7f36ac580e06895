"""The table of connectors."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from central.metadata import UtcDateTime, metadata

connectors = Table(
    "connectors",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("body", Text, nullable=False, comment="its settings as JSON"),
    Column("secret", Text, comment="wrapped; password and private key"),
    Column("doors", Text, comment="DoorGrant as JSON: what may be commanded, in whose name"),
    Column("memory", Text, nullable=False, comment="what it said that stays, as JSON"),
    Column("position", BigInteger, nullable=False, comment="the other side has all up to here"),
    Column("taken_by", String(36), comment="the process whose turn it is"),
    Column("taken_until", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("failing_since", UtcDateTime),
    Column("failure", String(64), nullable=False, comment="a code; empty where all is well"),
    comment="other systems that central tells, one row for each",
)
