"""The tables of floor plans."""

from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

plan_drawings = Table(
    "plan_drawings",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("content", Text, nullable=False, comment="SVG as central rewrote it"),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    comment="each once, however many versions of a plan show it",
)

plan_versions = Table(
    "plan_versions",
    metadata,
    Column("plan_id", String(63), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", JSON, nullable=False, comment="by language"),
    Column("floor", Integer, nullable=False, comment="order of the plans; 0 is the ground floor"),
    Column("drawing", String(64), comment="of plan_drawings; none is an empty sheet"),
    Column("places", JSON, nullable=False, comment="of devices: kind, id, x, y, angle"),
    Column("is_removed", Boolean, nullable=False),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="the highest version of a plan is the one in force",
)
