"""Controller boards: images, what is known of each, and roll-outs."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "boards",
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False, comment="who tells of it"),
        sa.Column("body", sa.Text(), nullable=False, comment="what is known of it"),
        sa.PrimaryKeyConstraint("device", "node", name=op.f("pk_boards")),
        comment="controller boards as their nodes last told of them",
    )
    op.create_table(
        "firmware_images",
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the file"),
        sa.Column("name", sa.String(length=120), nullable=False, comment="of the file"),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("hw", sa.BigInteger(), nullable=False, comment="type of board that it is for"),
        sa.Column("security_counter", sa.BigInteger(), nullable=False),
        sa.Column(
            "image",
            sa.String(length=64),
            nullable=False,
            comment="MCUboot's hash, by which boards name it",
        ),
        sa.Column("key_hash", sa.String(length=64), nullable=False, comment="of who signed it"),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "uploaded_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_firmware_images")),
        comment="verified when they came; each once",
    )
    op.create_table(
        "rollouts",
        sa.Column("rollout_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False, comment="update, roll_back"),
        sa.Column(
            "image",
            sa.String(length=64),
            nullable=True,
            comment="of firmware_images; null for roll_back",
        ),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False, comment="of the image of then"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("failures_max", sa.Integer(), nullable=False, comment="so many halt nothing"),
        sa.Column(
            "wait_s",
            sa.Integer(),
            nullable=False,
            comment="a board that may not begin by then is not",
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column(
            "created_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column(
            "asked_by",
            sa.String(length=36),
            nullable=False,
            comment="the operator who last started it",
        ),
        sa.Column(
            "changed_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column(
            "halted_device", sa.String(length=63), nullable=True, comment="whose failure halted it"
        ),
        sa.Column("halted_why", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("rollout_id", name=op.f("pk_rollouts")),
        comment="one act on one or many boards; nothing is deleted",
    )
    op.create_index(op.f("ix_rollouts_created_at"), "rollouts", ["created_at"], unique=False)
    op.create_index(op.f("ix_rollouts_image"), "rollouts", ["image"], unique=False)
    op.create_index(op.f("ix_rollouts_state"), "rollouts", ["state"], unique=False)
    op.create_table(
        "rollout_boards",
        sa.Column("rollout_id", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=63), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="in the order of the roll-out, from 1"
        ),
        sa.Column("stage", sa.Integer(), nullable=False, comment="from 0; -1 where it is left out"),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "why", sa.String(length=32), nullable=True, comment="it was left out, or not confirmed"
        ),
        sa.Column("before", sa.String(length=32), nullable=False, comment="the version that ran"),
        sa.Column("update_id", sa.String(length=36), nullable=True),
        sa.Column(
            "command_id",
            sa.String(length=36),
            nullable=True,
            comment="the newest; the same update may be asked for anew",
        ),
        sa.Column("is_cancelling", sa.Boolean(), nullable=False),
        sa.Column(
            "is_passed_over", sa.Boolean(), nullable=False, comment="its failure halts no more"
        ),
        sa.Column("asked_at", UtcDateTime(), nullable=True, comment="first"),
        sa.Column(
            "until",
            UtcDateTime(),
            nullable=True,
            comment="it begins by then or not at all",
        ),
        sa.Column("step", sa.String(length=16), nullable=True, comment="UpdateStage"),
        sa.Column("sent_bytes", sa.Integer(), nullable=False),
        sa.Column(
            "running",
            sa.String(length=32),
            nullable=False,
            comment="the version that runs afterwards",
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["rollout_id"], ["rollouts.rollout_id"], name=op.f("fk_rollout_boards_rollout_id")
        ),
        sa.PrimaryKeyConstraint("rollout_id", "device", name=op.f("pk_rollout_boards")),
        sa.UniqueConstraint("update_id", name=op.f("uq_rollout_boards_update_id")),
        comment="boards of a roll-out, those included that it leaves out",
    )
