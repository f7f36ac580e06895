"""The tables of patrols: plans by version, the rounds made of them, scans, and who is on duty."""

from sqlalchemy import JSON, Boolean, Column, Date, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

patrol_plans = Table(
    "patrol_plans",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="routes and shifts, as they were put whole; nothing is deleted",
)

patrol_rounds = Table(
    "patrol_rounds",
    metadata,
    Column("round_id", String(36), primary_key=True, comment="made of route and start"),
    Column("route", String(63), nullable=False),
    Column("day", Date, nullable=False, index=True, comment="on which its shift began"),
    Column("starts_at", UtcDateTime, nullable=False, index=True),
    Column("closes_at", UtcDateTime, nullable=False, comment="then what is not done is missed"),
    Column("check_at", UtcDateTime, index=True, comment="when to look again; null: never"),
    Column("body", Text, nullable=False, comment="what was planned"),
    Column("result", Text, nullable=False, comment="what it has come to"),
)

patrol_scans = Table(
    "patrol_scans",
    metadata,
    Column("scan_id", String(36), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("reader", String(63), nullable=False),
    Column("checkpoint", String(63), nullable=False),
    Column("holder_id", String(64)),
    Column("by", String(8), nullable=False),
    Column("is_fallback", Boolean, nullable=False),
    Column("is_time_unsure", Boolean, nullable=False),
    Column("scanned_at", UtcDateTime, nullable=False, index=True),
    Column("received_at", UtcDateTime, nullable=False),
)

patrol_duties = Table(
    "patrol_duties",
    metadata,
    Column("day", Date, primary_key=True),
    Column("shift", String(63), primary_key=True),
    Column("guards", JSON, nullable=False, comment="instead of the shift's own"),
    Column("set_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("set_at", UtcDateTime, nullable=False),
    comment="who is on duty on one day, where it is not who usually is",
)
