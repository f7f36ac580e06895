"""Alarms, their history and metrics, to whom they are told, and handovers of shifts."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    _alarm_sources()
    _alarms()
    _alarm_history()
    _alarm_counts()
    _alarm_deliveries()
    _alarm_floods()
    _alarm_procedures()
    _alarm_settings()
    _alarm_suppressions()
    _handovers()


def _alarm_sources() -> None:
    op.create_table(
        "alarm_sources",
        sa.Column("source", sa.String(length=200), nullable=False, comment="kind and subject"),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column(
            "node",
            sa.String(length=63),
            nullable=True,
            comment="null for what central finds by itself",
        ),
        sa.Column(
            "subject_kind",
            sa.String(length=16),
            nullable=False,
            comment="empty for the node itself",
        ),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "changed_at",
            UtcDateTime(),
            nullable=True,
            comment="by the node's clock, of the newest that was heard",
        ),
        sa.Column("epoch", sa.String(length=36), nullable=True),
        sa.Column("event_class", sa.String(length=16), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column(
            "pending",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="a raise of the past that may be over",
        ),
        sa.Column("pending_at", UtcDateTime(), nullable=True, comment="when it was heard"),
        sa.Column(
            "recent",
            sa.JSON(),
            nullable=False,
            comment="times of the last raises, to find chattering",
        ),
        sa.Column("shelved_until", UtcDateTime(), nullable=True),
        sa.Column(
            "shelved_by", sa.String(length=64), nullable=True, comment="the operator's name of then"
        ),
        sa.Column("shelved_reason", sa.String(length=200), nullable=True),
        sa.Column("out_of_service_since", UtcDateTime(), nullable=True),
        sa.Column(
            "out_of_service_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then",
        ),
        sa.Column("out_of_service_reason", sa.String(length=200), nullable=True),
        sa.Column("alarm_id", sa.String(length=36), nullable=True, comment="its newest alarm"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_alarm_sources")),
        comment="what can be raised, as it was last heard of; a source keeps shelf and service",
    )
    op.create_index(op.f("ix_alarm_sources_node"), "alarm_sources", ["node"], unique=False)
    op.create_index(
        op.f("ix_alarm_sources_pending_at"), "alarm_sources", ["pending_at"], unique=False
    )
    op.create_index(
        op.f("ix_alarm_sources_shelved_until"), "alarm_sources", ["shelved_until"], unique=False
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="grows with each change"),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=True),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column(
            "place",
            sa.String(length=80),
            nullable=False,
            comment="alarms of one place have a first one",
        ),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("last_raised_at", UtcDateTime(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False, comment="by central's clock"),
        sa.Column("returned_at", UtcDateTime(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column(
            "acknowledged_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then",
        ),
        sa.Column("raise_count", sa.Integer(), nullable=False),
        sa.Column("is_chattering", sa.Boolean(), nullable=False),
        sa.Column("is_first_up", sa.Boolean(), nullable=False),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.Column("is_suppressed", sa.Boolean(), nullable=False),
        sa.Column(
            "is_gathered", sa.Boolean(), nullable=False, comment="raised in a flood, and not urgent"
        ),
        sa.Column("is_history", sa.Boolean(), nullable=False, comment="central heard of it late"),
        sa.Column("escalation", sa.Integer(), nullable=False),
        sa.Column(
            "told_at", UtcDateTime(), nullable=False, comment="since when it waits for somebody"
        ),
        sa.Column(
            "due_at", UtcDateTime(), nullable=True, comment="when time alone changes it next"
        ),
        sa.Column("event_position", sa.BigInteger(), nullable=True),
        sa.Column(
            "event_id",
            sa.String(length=36),
            nullable=True,
            comment="whose pictures are its own",
        ),
        sa.Column(
            "detail", sa.JSON(), nullable=False, comment="identifiers and figures, never names"
        ),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source"], ["alarm_sources.source"], name=op.f("fk_alarms_source")
        ),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_alarms")),
        comment="one line for each time that something was raised, until it is over and seen",
    )
    op.create_index(op.f("ix_alarms_closed_at"), "alarms", ["closed_at"], unique=False)
    op.create_index(op.f("ix_alarms_due_at"), "alarms", ["due_at"], unique=False)
    op.create_index(op.f("ix_alarms_event_id"), "alarms", ["event_id"], unique=False)
    op.create_index(op.f("ix_alarms_heard_at"), "alarms", ["heard_at"], unique=False)
    op.create_index(
        "ix_alarms_place_last_raised_at", "alarms", ["place", "last_raised_at"], unique=False
    )
    op.create_index(op.f("ix_alarms_source"), "alarms", ["source"], unique=False)
    op.create_index(op.f("ix_alarms_version"), "alarms", ["version"], unique=False)


def _alarm_history() -> None:
    op.create_table(
        "alarm_history",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alarm_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column(
            "by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then, or empty",
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alarm_id"],
            ["alarms.alarm_id"],
            name=op.f("fk_alarm_history_alarm_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_alarm_history")),
        comment="what became of each alarm, by whom and when; only added to",
    )
    op.create_index(op.f("ix_alarm_history_alarm_id"), "alarm_history", ["alarm_id"], unique=False)


def _alarm_counts() -> None:
    op.create_table(
        "alarm_counts",
        sa.Column("slot", UtcDateTime(), nullable=False, comment="begin of ten minutes"),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("raised", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slot", "source", name=op.f("pk_alarm_counts")),
        comment="how often each source was raised; metrics are made of it",
    )


def _alarm_deliveries() -> None:
    op.create_table(
        "alarm_deliveries",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("alarm_id", sa.String(length=36), nullable=False),
        sa.Column(
            "body",
            sa.Text(),
            nullable=False,
            comment="identifiers and a link, never a name or picture",
        ),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True, comment="null: delivered, or given up"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_alarm_deliveries")),
        comment="what webhooks and mail servers are still to be told",
    )
    op.create_index(
        op.f("ix_alarm_deliveries_next_at"), "alarm_deliveries", ["next_at"], unique=False
    )


def _alarm_floods() -> None:
    op.create_table(
        "alarm_floods",
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("began_at", name=op.f("pk_alarm_floods")),
        comment="when more alarms came than people can follow",
    )
    op.create_index(op.f("ix_alarm_floods_ended_at"), "alarm_floods", ["ended_at"], unique=False)


def _alarm_procedures() -> None:
    op.create_table(
        "alarm_procedures",
        sa.Column("key", sa.String(length=200), nullable=False, comment="a kind, or one source"),
        sa.Column("zh_cn", sa.Text(), nullable=False, comment="empty: as shipped"),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True, comment="null: as shipped"),
        sa.Column(
            "changed_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarm_procedures")),
        comment="what to do, where the site says otherwise than what is shipped",
    )


def _alarm_settings() -> None:
    op.create_table(
        "alarm_settings",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="AlarmSettings as JSON"),
        sa.Column(
            "secret",
            sa.Text(),
            nullable=True,
            comment="wrapped; of the webhook, or of the mail account",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alarm_settings")),
        comment="to whom alarms are told outside of the console",
    )


def _alarm_suppressions() -> None:
    op.create_table(
        "alarm_suppressions",
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=128), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "subject_kind", "subject_id", "cause", name=op.f("pk_alarm_suppressions")
        ),
        comment="where an alarm is what must happen just now, as a gate that a fire holds open",
    )


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("handover_id", sa.String(length=36), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column(
            "written_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("alarms", sa.JSON(), nullable=False, comment="that stood then"),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column(
            "taken_by", sa.String(length=64), nullable=True, comment="the operator's name of then"
        ),
        sa.Column("taken_note", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("handover_id", name=op.f("pk_handovers")),
        comment="what one shift told the next; nothing is changed once both have confirmed",
    )
    op.create_index(op.f("ix_handovers_written_at"), "handovers", ["written_at"], unique=False)
