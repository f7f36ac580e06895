"""Second factors, tokens, sessions that say where they are, approvals and countersignatures."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NAME_COMMENT = "the operator's name of then"


def upgrade() -> None:
    """Make the tables and the columns."""
    for column in (
        sa.Column("deactivated_at", UtcDateTime()),
        sa.Column("totp_secret", sa.Text(), comment="wrapped; of the second factor in force"),
        sa.Column(
            "totp_pending", sa.Text(), comment="wrapped; of one that no code has confirmed yet"
        ),
        sa.Column(
            "totp_step",
            sa.BigInteger(),
            comment="of the last code that was accepted, or an older",
        ),
    ):
        op.add_column("users", column)
    op.add_column(
        "invitations",
        sa.Column(
            "user_id",
            sa.String(length=36),
            comment="whose password it resets; of a new operator nobody's",
        ),
    )
    op.add_column(
        "sessions",
        sa.Column("address", sa.String(length=64), nullable=False, server_default=""),
    )
    op.add_column("sessions", sa.Column("last_seen_at", UtcDateTime()))
    _of_operators()
    _of_second_persons()


def _of_operators() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_recovery_codes_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
        comment="each opens once in place of a second factor's code, and is gone then",
    )
    op.create_table(
        "api_tokens",
        sa.Column("token_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "scopes",
            sa.JSON(),
            nullable=False,
            comment="permissions; never more than the operator's",
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_tokens_secret_hash")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"], unique=False)


def _of_second_persons() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.String(length=36), nullable=False),
        sa.Column("deed", sa.String(length=64), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="canonical JSON: what exactly is asked for",
        ),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_by_name", sa.String(length=64), nullable=False, comment=_NAME_COMMENT),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_by_name", sa.String(length=64), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
        comment="deeds that need a second person; nothing is deleted",
    )
    op.create_index(op.f("ix_approvals_expires_at"), "approvals", ["expires_at"], unique=False)
    op.create_table(
        "countersignatures",
        sa.Column("act_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("done_by", sa.String(length=36), nullable=False),
        sa.Column("done_by_name", sa.String(length=64), nullable=False, comment=_NAME_COMMENT),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("signed_by", sa.String(length=36), nullable=True),
        sa.Column("signed_by_name", sa.String(length=64), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=True),
        sa.Column(
            "overdue_at",
            UtcDateTime(),
            nullable=True,
            comment="when it was recorded that nobody had signed",
        ),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_countersignatures")),
        comment=(
            "what one person did alone in an emergency, and who countersigned; nothing is deleted"
        ),
    )
