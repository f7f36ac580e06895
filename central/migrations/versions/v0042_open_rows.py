"""Indices of what is open among all that ever was, and of what is looked for by time alone."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OPEN = {
    "ix_commands_open": ("commands", ["node", "expires_at"], "outcome IS NULL"),
    "ix_assistance_calls_open": (
        "assistance_calls",
        ["node", "access_point"],
        "closed_at IS NULL",
    ),
    "ix_duty_checks_open": ("duty_checks", ["due_at"], "answered_at IS NULL AND missed_at IS NULL"),
    "ix_canteen_exceptions_open": ("canteen_exceptions", ["node"], "decided_at IS NULL"),
    "ix_alarm_deliveries_waiting": ("alarm_deliveries", ["channel"], "next_at IS NOT NULL"),
}
BY_TIME = {
    "ix_canteen_charges_charged_at": ("canteen_charges", ["charged_at", "charge_id"]),
    "ix_canteen_orders_day": ("canteen_orders", ["day"]),
    "ix_alarms_last_raised_at": ("alarms", ["last_raised_at"]),
    "ix_alarm_history_at": ("alarm_history", ["at"]),
}


def upgrade() -> None:
    """Build them; the table of events itself is not touched."""
    for name, (table, columns, condition) in OPEN.items():
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    for name, (table, columns) in BY_TIME.items():
        op.create_index(name, table, columns)
