"""The tables of controller boards: images, what is known of boards, roll-outs and their boards."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from central.metadata import UtcDateTime, metadata

firmware_images = Table(
    "firmware_images",
    metadata,
    Column("sha256", String(64), primary_key=True, comment="of the file"),
    Column("name", String(120), nullable=False, comment="of the file"),
    Column("version", String(32), nullable=False),
    Column("hw", BigInteger, nullable=False, comment="type of board that it is for"),
    Column("security_counter", BigInteger, nullable=False),
    Column("image", String(64), nullable=False, comment="MCUboot's hash, by which boards name it"),
    Column("key_hash", String(64), nullable=False, comment="of who signed it"),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("uploaded_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("uploaded_at", UtcDateTime, nullable=False),
    comment="verified when they came; each once",
)

boards = Table(
    "boards",
    metadata,
    Column("device", String(63), primary_key=True),
    Column("node", String(63), primary_key=True, comment="who tells of it"),
    Column("body", Text, nullable=False, comment="what is known of it"),
    comment="controller boards as their nodes last told of them",
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("rollout_id", String(36), primary_key=True),
    Column("action", String(16), nullable=False, comment="update, roll_back"),
    Column("image", String(64), index=True, comment="of firmware_images; null for roll_back"),
    Column("size_bytes", Integer, nullable=False),
    Column("version", String(32), nullable=False, comment="of the image of then"),
    Column("state", String(16), nullable=False, index=True),
    Column("failures_max", Integer, nullable=False, comment="so many halt nothing"),
    Column("wait_s", Integer, nullable=False, comment="a board that may not begin by then is not"),
    Column("reason", String(200), nullable=False),
    Column("created_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("asked_by", String(36), nullable=False, comment="the operator who last started it"),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("halted_device", String(63), comment="whose failure halted it"),
    Column("halted_why", String(32)),
    comment="one act on one or many boards; nothing is deleted",
)

rollout_boards = Table(
    "rollout_boards",
    metadata,
    Column("rollout_id", ForeignKey("rollouts.rollout_id"), primary_key=True),
    Column("device", String(63), primary_key=True),
    Column("number", Integer, nullable=False, comment="in the order of the roll-out, from 1"),
    Column("stage", Integer, nullable=False, comment="from 0; -1 where it is left out"),
    Column("node", String(63), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", String(32), comment="it was left out, or not confirmed"),
    Column("before", String(32), nullable=False, comment="the version that ran"),
    Column("update_id", String(36), unique=True),
    Column("command_id", String(36), comment="the newest; the same update may be asked for anew"),
    Column("is_cancelling", Boolean, nullable=False),
    Column("is_passed_over", Boolean, nullable=False, comment="its failure halts no more"),
    Column("asked_at", UtcDateTime, comment="first"),
    Column("until", UtcDateTime, comment="it begins by then or not at all"),
    Column("step", String(16), comment="UpdateStage"),
    Column("sent_bytes", Integer, nullable=False),
    Column("running", String(32), nullable=False, comment="the version that runs afterwards"),
    Column("detail", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    comment="boards of a roll-out, those included that it leaves out",
)
