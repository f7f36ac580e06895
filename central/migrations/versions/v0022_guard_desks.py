"""Guards' desks, commands to a whole area, and when and where events happened."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None

BATCH = 5_000
PLACES = ("access_point", "checkpoint", "zone", "camera", "device")
INDEXES = {
    "ix_events_type": ["type"],
    "ix_events_place": ["place"],
    "ix_events_holder_id": ["holder_id"],
}


def upgrade() -> None:
    """Add the tables and columns, and say of the events of before when and where they were."""
    op.create_table(
        "guard_desks",
        sa.Column("desk_id", sa.String(length=36), primary_key=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=False, unique=True),
        sa.Column(
            "user_id",
            sa.String(length=36),
            sa.ForeignKey("users.user_id", ondelete="CASCADE"),
            nullable=False,
            index=True,
            comment="who was on duty last",
        ),
        sa.Column(
            "session",
            sa.String(length=64),
            nullable=True,
            comment="hash of the id of the session there; over or not",
        ),
        sa.Column("since", UtcDateTime(), nullable=False, comment="since when they are on duty"),
        sa.Column("expires_at", UtcDateTime(), nullable=False, index=True),
    )
    op.create_table(
        "duty_changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("desk_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False, index=True),
        sa.Column(
            "change",
            sa.String(length=16),
            nullable=False,
            comment="opened, taken_over, locked or left",
        ),
        sa.Column(
            "username",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column(
            "before",
            sa.String(length=64),
            nullable=False,
            comment="who was on duty, or empty",
        ),
        comment="who was on duty when; nothing is deleted",
    )
    op.add_column(
        "commands",
        sa.Column(
            "action_id",
            sa.String(length=36),
            nullable=True,
            comment="of several that are one act of a guard",
        ),
    )
    op.create_index("ix_commands_action_id", "commands", ["action_id"])
    op.add_column("events", sa.Column("occurred_at", UtcDateTime(), comment="by the node's clock"))
    op.add_column(
        "events",
        sa.Column("place", sa.String(length=128), comment="point or device; else the node"),
    )
    _say_of_the_past()
    with op.batch_alter_table("events") as batch:
        batch.alter_column("occurred_at", existing_type=UtcDateTime(), nullable=False)
        batch.alter_column("place", existing_type=sa.String(length=128), nullable=False)
    for name, columns in INDEXES.items():
        op.create_index(name, "events", [*columns, "occurred_at", "position"])
    op.create_index("ix_events_occurred_at", "events", ["occurred_at", "position"])


def _say_of_the_past() -> None:
    """Read when and where each event was, as new ones are kept."""
    events = sa.table(
        "events",
        sa.column("position", sa.BigInteger()),
        sa.column("node", sa.String()),
        sa.column("body", sa.Text()),
        sa.column("occurred_at", UtcDateTime()),
        sa.column("place", sa.String()),
    )
    connection, last = op.get_bind(), 0
    query = sa.select(events.c.position, events.c.node, events.c.body).order_by(events.c.position)
    while rows := connection.execute(query.where(events.c.position > last).limit(BATCH)).all():
        last = rows[-1].position
        values = [_when_and_where(row.position, row.node, json.loads(row.body)) for row in rows]
        connection.execute(
            sa.update(events)
            .where(events.c.position == sa.bindparam("at"))
            .values(occurred_at=sa.bindparam("when"), place=sa.bindparam("where")),
            values,
        )


def _when_and_where(position: int, node: str, event: dict[str, object]) -> dict[str, object]:
    data = event.get("data")
    told = data if isinstance(data, dict) else {}
    place = next((told[key] for key in PLACES if isinstance(told.get(key), str)), node)
    when = datetime.fromisoformat(str(event["time"]))
    return {"at": position, "when": when, "where": str(place)[:128].replace("\0", "")}
