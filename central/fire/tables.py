"""The tables of fires, drills and tests, of panels and points, of duty checks and of the matrix."""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from central.metadata import UtcDateTime, metadata

fires = Table(
    "fires",
    metadata,
    Column("fire_id", String(36), primary_key=True),
    Column("zone", String(63), nullable=False, index=True),
    Column("origin", String(63), nullable=False, comment="the node that confirmed it"),
    Column("confirmed_by", String(32), comment="null while only releases were told"),
    Column("points", JSON, nullable=False),
    Column("is_drill", Boolean, nullable=False),
    Column("has_release", Boolean, nullable=False),
    Column("access_points", JSON, nullable=False, comment="that the node said it releases"),
    Column("began_at", UtcDateTime, nullable=False, index=True, comment="by the origin's clock"),
    Column("heard_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("expected", JSON, comment="gates and relays of the zone; null until central has looked"),
    Column("panels", JSON, comment="as they were when central looked"),
    Column("inside_at", UtcDateTime, comment="when central looked who was inside"),
    Column("unnamed_count", Integer),
    Column("roll_call_id", String(36)),
    comment="each fire and each drill; nothing is deleted",
)

fire_releases = Table(
    "fire_releases",
    metadata,
    Column("fire_id", String(36), primary_key=True),
    Column("subject", String(140), primary_key=True, comment="an access point, or DEVICE:CHANNEL"),
    Column("access_point", String(63), index=True),
    Column("output", Integer),
    Column("device", String(63), nullable=False),
    Column("node", String(63), nullable=False),
    Column("heard", String(8), nullable=False),
    Column("told_ms", Float, nullable=False),
    Column("confirmed_ms", Float),
    Column("outcome", String(16), nullable=False, comment="the first confirmation stands"),
    Column("attempts", Integer, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("last_outcome", String(16), nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(64), comment="the operator's name of then"),
    comment="what each gate answered to each fire",
)

fire_people = Table(
    "fire_people",
    metadata,
    Column("fire_id", ForeignKey("fires.fire_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("holder_id", String(64), nullable=False, index=True),
    Column("area", String(63), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("node", String(63), nullable=False),
    comment="who was inside when central heard of a fire",
)

fire_points = Table(
    "fire_points",
    metadata,
    Column("device", String(63), primary_key=True),
    Column("point", String(200), primary_key=True),
    Column("zone", String(63)),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("conditions", JSON, nullable=False),
    Column("test_id", String(36)),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="points of panels as they are now",
)

fire_panels = Table(
    "fire_panels",
    metadata,
    Column("device", String(63), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("conditions", JSON, nullable=False),
    Column("disabled", JSON, nullable=False),
    Column("faulty", JSON, nullable=False),
    Column("last_frame_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
)

fire_paths = Table(
    "fire_paths",
    metadata,
    Column("zone", String(63), primary_key=True),
    Column("node", String(63), primary_key=True),
    Column("is_up", Boolean, nullable=False),
    Column("is_wired_only", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="whether each node would hear of a fire in a zone",
)

fire_tests = Table(
    "fire_tests",
    metadata,
    Column("test_id", String(36), primary_key=True),
    Column("zone", String(63), nullable=False),
    Column("points", JSON, nullable=False),
    Column("until", UtcDateTime),
    Column("asked_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("reason", String(200), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("began_at", UtcDateTime, comment="when a node said so"),
    Column("ended_at", UtcDateTime),
)

fire_drills = Table(
    "fire_drills",
    metadata,
    Column("drill_id", String(36), primary_key=True, comment="of the fire that it plays, too"),
    Column("zone", String(63), nullable=False),
    Column("releases", Boolean, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("node", String(63), nullable=False, comment="that was told to begin it"),
    Column("asked_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("reason", String(200), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("began_at", UtcDateTime, comment="when the node said so"),
    Column("ended_at", UtcDateTime),
)

fire_sightings = Table(
    "fire_sightings",
    metadata,
    Column("device", String(63), primary_key=True),
    Column("seen_at", UtcDateTime, primary_key=True),
    Column("node", String(63), nullable=False),
    comment="when a gate said by itself that its emergency input was open",
)

matrix_results = Table(
    "matrix_results",
    metadata,
    Column("result_id", String(36), primary_key=True),
    Column("zone", String(63), nullable=False),
    Column("output", String(140), nullable=False, comment="as fire_releases.subject"),
    Column("way", String(8), nullable=False, comment="wired or ours"),
    Column("is_passed", Boolean, nullable=False),
    Column("tested_at", UtcDateTime, nullable=False, index=True),
    Column("tested_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("remark", String(200), nullable=False),
    Column("seen", String(80), comment="the fire or the moment that central saw it by"),
    Column("signature", String(100), nullable=False),
    comment="tests of the cause-and-effect matrix, signed; nothing is changed or deleted",
)

duty_checks = Table(
    "duty_checks",
    metadata,
    Column("check_id", String(36), primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("asked_by", String(64), nullable=False, comment="empty where the plan asked"),
    Column("answered_at", UtcDateTime),
    Column("answered_by", String(64)),
    Column("missed_at", UtcDateTime, comment="when it was alarmed that nobody had answered"),
    Column("panels", JSON, nullable=False, comment="device: what its transmitter answered"),
    comment="whether somebody was on duty when a supervisor asked",
)

_UNANSWERED: Final = duty_checks.c.answered_at.is_(None) & duty_checks.c.missed_at.is_(None)
Index(
    "ix_duty_checks_open",
    duty_checks.c.due_at,
    sqlite_where=_UNANSWERED,
    postgresql_where=_UNANSWERED,
)

duty_plans = Table(
    "duty_plans",
    metadata,
    Column("plan_id", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("next_at", UtcDateTime),
    comment="one row: when duty is checked by chance",
)
