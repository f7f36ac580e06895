"""Events on PostgreSQL in partitions by position and class; on SQLite an index of classes."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

LENGTH = 1 << 22
INDICES = {
    "ix_events_occurred_at": "occurred_at, position",
    "ix_events_type": "type, occurred_at, position",
    "ix_events_place": "place, occurred_at, position",
    "ix_events_holder_id": "holder_id, occurred_at, position",
    "ix_events_received_at": "received_at",
}
LEAVES = {
    "access": "FOR VALUES IN ('access')",
    "telemetry": "FOR VALUES IN ('telemetry')",
    "money": "FOR VALUES IN ('money')",
    "alarm": "FOR VALUES IN ('alarm')",
    "rest": "DEFAULT",
}
JOURNAL_KEY = "node, epoch, event_class, sequence"


def upgrade() -> None:
    """Keep what is there as the first partition, as it is; whatever its size, no row is moved."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(
            "ix_events_event_class", "events", ["event_class", "occurred_at", "position"]
        )
        return
    newest = op.get_bind().execute(sa.text("SELECT max(position) FROM events")).scalar_one()
    op.execute("ALTER TABLE events RENAME TO events_before")
    for name in INDICES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('events', 'events_before', 1)}")
    op.execute(
        "CREATE TABLE events (LIKE events_before INCLUDING COMMENTS) PARTITION BY RANGE (position)"
    )
    op.execute(
        "COMMENT ON TABLE events IS"
        " 'position is the order of commits, so who continues after one misses none'"
    )
    for name, columns in INDICES.items():
        op.execute(f"CREATE INDEX {name} ON events ({columns})")
    op.execute("CREATE TABLE events_rest PARTITION OF events DEFAULT")
    _make_unique("events_rest")
    if newest is None:
        op.execute("DROP TABLE events_before")
    else:
        op.execute(
            "CREATE INDEX ix_events_before_event_class"
            " ON events_before (event_class, occurred_at, position)"
        )
        # Its indices are those of the whole already, and become parts of them.
        op.execute(
            "ALTER TABLE events ATTACH PARTITION events_before"
            f" FOR VALUES FROM (MINVALUE) TO ({newest + 1})"
        )
    _make_range((newest or 0) + 1)


def _make_range(first: int) -> None:
    op.execute(
        f"CREATE TABLE events_{first} PARTITION OF events"
        f" FOR VALUES FROM ({first}) TO ({first + LENGTH}) PARTITION BY LIST (event_class)"
    )
    for name, values in LEAVES.items():
        op.execute(f"CREATE TABLE events_{first}_{name} PARTITION OF events_{first} {values}")
        _make_unique(f"events_{first}_{name}")


def _make_unique(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (position)")
    op.execute(f"CREATE UNIQUE INDEX ON {table} ({JOURNAL_KEY})")
