"""Tables of integrations. A change here needs a migration in ``central/migrations/versions``."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from central.metadata import UtcDateTime, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String(36), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("wish", JSON, nullable=False, comment="address, filters and form, as it was asked for"),
    Column("secret", Text, nullable=False, comment="wrapped; the one of before is good for a day"),
    Column("made_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("is_on", Boolean, nullable=False),
    Column("off_reason", String(16), nullable=False, comment="empty, or why central put it out"),
    Column("position", BigInteger, nullable=False, comment="of the last event that it has taken"),
    Column("until", BigInteger, comment="of the last event of the message that is tried again"),
    Column("forgotten", BigInteger, nullable=False, comment="events that retention took before"),
    Column("attempts", Integer, nullable=False, comment="failures since it took something last"),
    Column("next_at", UtcDateTime, nullable=False, comment="not before; whoever sends moves it on"),
    Column("failing_since", UtcDateTime),
    Column("failure", String(64), nullable=False),
    Column("taken_at", UtcDateTime, comment="when it took something last"),
    comment="programs that are told of events",
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.webhook_id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("position", BigInteger, nullable=False, comment="of the last event in the message"),
    Column("event_count", Integer, nullable=False, comment="of events in the message"),
    Column("status", Integer, comment="null: there was no answer"),
    Column("duration_ms", Integer, nullable=False),
    Column("failure", String(64), nullable=False),
    Index("ix_webhook_attempts_webhook_id", "webhook_id", "number"),
    comment="the last messages of each webhook, and what became of them",
)

outside_sources = Table(
    "outside_sources",
    metadata,
    Column("source_id", String(40), primary_key=True, comment="events of it are of ext.SOURCE"),
    Column("name", String(80), nullable=False),
    Column("vendor", String(40), nullable=False, comment="its types begin with ext.VENDOR."),
    Column("may_alarm", Boolean, nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("made_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("heard_at", UtcDateTime),
    Column("event_count", BigInteger, nullable=False, comment="of events taken in"),
    comment="outside systems whose events are taken in",
)

outside_events = Table(
    "outside_events",
    metadata,
    Column("event_hash", String(64), primary_key=True, comment="of outside system, source and id"),
    Column(
        "source_id",
        ForeignKey("outside_sources.source_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    comment="which events were taken in, so that none is taken in twice",
)
