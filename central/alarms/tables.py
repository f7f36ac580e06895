"""The tables of alarms. A change here needs a migration in ``central/migrations/versions``."""

from typing import Final

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

alarm_sources = Table(
    "alarm_sources",
    metadata,
    Column("source", String(200), primary_key=True, comment="kind and subject"),
    Column("kind", String(32), nullable=False),
    Column("node", String(63), index=True, comment="null for what central finds by itself"),
    Column("subject_kind", String(16), nullable=False, comment="empty for the node itself"),
    Column("subject_id", String(128), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, comment="by the node's clock, of the newest that was heard"),
    Column("epoch", String(36)),
    Column("event_class", String(16)),
    Column("sequence", Integer),
    Column("pending", JSON(none_as_null=True), comment="a raise of the past that may be over"),
    Column("pending_at", UtcDateTime, index=True, comment="when it was heard"),
    Column("recent", JSON, nullable=False, comment="times of the last raises, to find chattering"),
    Column("shelved_until", UtcDateTime, index=True),
    Column("shelved_by", String(64), comment="the operator's name of then"),
    Column("shelved_reason", String(200)),
    Column("out_of_service_since", UtcDateTime),
    Column("out_of_service_by", String(64), comment="the operator's name of then"),
    Column("out_of_service_reason", String(200)),
    Column("alarm_id", String(36), comment="its newest alarm"),
    comment="what can be raised, as it was last heard of; a source keeps shelf and service",
)

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", String(36), primary_key=True),
    Column("version", BigInteger, nullable=False, index=True, comment="grows with each change"),
    Column("source", ForeignKey("alarm_sources.source"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("node", String(63)),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", String(128), nullable=False),
    Column("place", String(80), nullable=False, comment="alarms of one place have a first one"),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("last_raised_at", UtcDateTime, nullable=False, index=True),
    Column("heard_at", UtcDateTime, nullable=False, index=True, comment="by central's clock"),
    Column("returned_at", UtcDateTime),
    Column("is_active", Boolean, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", String(64), comment="the operator's name of then"),
    Column("raise_count", Integer, nullable=False),
    Column("is_chattering", Boolean, nullable=False),
    Column("is_first_up", Boolean, nullable=False),
    Column("is_stale", Boolean, nullable=False),
    Column("is_suppressed", Boolean, nullable=False),
    Column("is_gathered", Boolean, nullable=False, comment="raised in a flood, and not urgent"),
    Column("is_history", Boolean, nullable=False, comment="central heard of it late"),
    Column("escalation", Integer, nullable=False),
    Column("told_at", UtcDateTime, nullable=False, comment="since when it waits for somebody"),
    Column("due_at", UtcDateTime, index=True, comment="when time alone changes it next"),
    Column("event_position", BigInteger),
    Column("event_id", String(36), index=True, comment="whose pictures are its own"),
    Column("detail", JSON, nullable=False, comment="identifiers and figures, never names"),
    Column("media", JSON, nullable=False),
    Column("closed_at", UtcDateTime, index=True),
    comment="one line for each time that something was raised, until it is over and seen",
)

alarm_history = Table(
    "alarm_history",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column(
        "alarm_id",
        ForeignKey("alarms.alarm_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("act", String(24), nullable=False),
    Column("by", String(64), nullable=False, comment="the operator's name of then, or empty"),
    Column("note", Text, nullable=False),
    comment="what became of each alarm, by whom and when; only added to",
)

alarm_counts = Table(
    "alarm_counts",
    metadata,
    Column("slot", UtcDateTime, primary_key=True, comment="begin of ten minutes"),
    Column("source", String(200), primary_key=True),
    Column("raised", Integer, nullable=False),
    comment="how often each source was raised; metrics are made of it",
)

alarm_floods = Table(
    "alarm_floods",
    metadata,
    Column("began_at", UtcDateTime, primary_key=True),
    Column("ended_at", UtcDateTime, index=True),
    comment="when more alarms came than people can follow",
)

alarm_suppressions = Table(
    "alarm_suppressions",
    metadata,
    Column("subject_kind", String(16), primary_key=True),
    Column("subject_id", String(128), primary_key=True),
    Column("cause", String(200), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    comment="where an alarm is what must happen just now, as a gate that a fire holds open",
)

alarm_procedures = Table(
    "alarm_procedures",
    metadata,
    Column("key", String(200), primary_key=True, comment="a kind, or one source"),
    Column("zh_cn", Text, nullable=False, comment="empty: as shipped"),
    Column("en", Text, nullable=False),
    Column("priority", Integer, comment="null: as shipped"),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="what to do, where the site says otherwise than what is shipped",
)

alarm_settings = Table(
    "alarm_settings",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("body", Text, nullable=False, comment="AlarmSettings as JSON"),
    Column("secret", Text, comment="wrapped; of the webhook, or of the mail account"),
    comment="to whom alarms are told outside of the console",
)

alarm_deliveries = Table(
    "alarm_deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("alarm_id", String(36), nullable=False),
    Column("body", Text, nullable=False, comment="identifiers and a link, never a name or picture"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, index=True, comment="null: delivered, or given up"),
    Column("attempts", Integer, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("failure", String(200), nullable=False),
    comment="what webhooks and mail servers are still to be told",
)

_WAITING: Final = alarm_deliveries.c.next_at.is_not(None)
Index(
    "ix_alarm_deliveries_waiting",
    alarm_deliveries.c.channel,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)

handovers = Table(
    "handovers",
    metadata,
    Column("handover_id", String(36), primary_key=True),
    Column("written_at", UtcDateTime, nullable=False, index=True),
    Column("written_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("text", Text, nullable=False),
    Column("alarms", JSON, nullable=False, comment="that stood then"),
    Column("taken_at", UtcDateTime),
    Column("taken_by", String(64), comment="the operator's name of then"),
    Column("taken_note", String(500), nullable=False),
    comment="what one shift told the next; nothing is changed once both have confirmed",
)

Index("ix_alarms_place_last_raised_at", alarms.c.place, alarms.c.last_raised_at)
