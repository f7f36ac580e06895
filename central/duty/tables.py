"""The tables of guards' desks and of what they write down."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

guard_desks = Table(
    "guard_desks",
    metadata,
    Column("desk_id", String(36), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column(
        "user_id",
        ForeignKey("users.user_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        comment="who was on duty last",
    ),
    Column("session", String(64), comment="hash of the id of the session there; over or not"),
    Column("since", UtcDateTime, nullable=False, comment="since when they are on duty"),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

duty_changes = Table(
    "duty_changes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("desk_id", String(36), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("change", String(16), nullable=False, comment="opened, taken_over, locked or left"),
    Column("username", String(64), nullable=False, comment="the operator's name of then"),
    Column("before", String(64), nullable=False, comment="who was on duty, or empty"),
    comment="who was on duty when; nothing is deleted",
)

shift_notes = Table(
    "shift_notes",
    metadata,
    Column("note_id", String(36), primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("written_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("text", Text, nullable=False),
    comment="what guards wrote down in their shift; nothing is changed",
)
