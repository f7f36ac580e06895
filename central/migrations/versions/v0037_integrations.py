"""Webhooks that are told of events, and outside systems whose events are taken in."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column(
            "wish",
            sa.JSON,
            nullable=False,
            comment="address, filters and form, as it was asked for",
        ),
        sa.Column(
            "secret",
            sa.Text,
            nullable=False,
            comment="wrapped; the one of before is good for a day",
        ),
        sa.Column("made_by", sa.String(64), nullable=False, comment="the operator's name of then"),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column(
            "off_reason", sa.String(16), nullable=False, comment="empty, or why central put it out"
        ),
        sa.Column(
            "position", sa.BigInteger, nullable=False, comment="of the last event that it has taken"
        ),
        sa.Column(
            "until", sa.BigInteger, comment="of the last event of the message that is tried again"
        ),
        sa.Column(
            "forgotten", sa.BigInteger, nullable=False, comment="events that retention took before"
        ),
        sa.Column(
            "attempts", sa.Integer, nullable=False, comment="failures since it took something last"
        ),
        sa.Column(
            "next_at", UtcDateTime, nullable=False, comment="not before; whoever sends moves it on"
        ),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("failure", sa.String(64), nullable=False),
        sa.Column("taken_at", UtcDateTime, comment="when it took something last"),
        comment="programs that are told of events",
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column(
            "webhook_id",
            sa.String(36),
            sa.ForeignKey("webhooks.webhook_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column(
            "position", sa.BigInteger, nullable=False, comment="of the last event in the message"
        ),
        sa.Column("event_count", sa.Integer, nullable=False, comment="of events in the message"),
        sa.Column("status", sa.Integer, comment="null: there was no answer"),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("failure", sa.String(64), nullable=False),
        comment="the last messages of each webhook, and what became of them",
    )
    op.create_table(
        "outside_sources",
        sa.Column(
            "source_id", sa.String(40), primary_key=True, comment="events of it are of ext.SOURCE"
        ),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column(
            "vendor", sa.String(40), nullable=False, comment="its types begin with ext.VENDOR."
        ),
        sa.Column("may_alarm", sa.Boolean, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("made_by", sa.String(64), nullable=False, comment="the operator's name of then"),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("heard_at", UtcDateTime),
        sa.Column("event_count", sa.BigInteger, nullable=False, comment="of events taken in"),
        comment="outside systems whose events are taken in",
    )
    op.create_table(
        "outside_events",
        sa.Column(
            "event_hash",
            sa.String(64),
            primary_key=True,
            comment="of outside system, source and id",
        ),
        sa.Column(
            "source_id",
            sa.String(40),
            sa.ForeignKey("outside_sources.source_id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
        comment="which events were taken in, so that none is taken in twice",
    )
    op.create_index("ix_webhook_attempts_webhook_id", "webhook_attempts", ["webhook_id", "number"])
