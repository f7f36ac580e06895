"""Operators who come from an identity provider."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0036"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns."""
    op.create_table(
        "identity_providers",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="settings, as JSON"),
        sa.Column("secret", sa.Text(), comment="wrapped; the client's at the provider"),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_providers")),
        comment="where operators of the organisation sign in; at most one",
    )
    op.create_table(
        "provider_accounts",
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("subject_hash", sa.String(64), comment="of issuer and subject"),
        sa.Column("email", sa.String(255), comment="awaited; null once its holder has come"),
        sa.Column(
            "is_mapped", sa.Boolean(), nullable=False, comment="the role is what the groups give"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
            name=op.f("fk_provider_accounts_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_provider_accounts")),
        sa.UniqueConstraint("subject_hash", name=op.f("uq_provider_accounts_subject_hash")),
        sa.UniqueConstraint("email", name=op.f("uq_provider_accounts_email")),
        comment="operators who sign in at the identity provider, and with no password kept here",
    )
    op.create_table(
        "provider_leavers",
        sa.Column("subject_hash", sa.String(64), nullable=False, comment="of issuer and subject"),
        sa.Column("removed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", name=op.f("pk_provider_leavers")),
        comment="who was removed here and must not come again by their groups alone",
    )
    for column in (
        sa.Column(
            "provider",
            sa.String(500),
            comment="the issuer by which it was opened; null: a password",
        ),
        sa.Column("provider_session", sa.String(255), comment="as the provider calls it"),
        sa.Column("id_token", sa.Text(), comment="sealed; shown to the provider at the end"),
        sa.Column(
            "is_strong",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="the provider has seen a second factor",
        ),
    ):
        op.add_column("sessions", column)
    op.create_index(op.f("ix_sessions_provider_session"), "sessions", ["provider_session"])
