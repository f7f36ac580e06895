"""Connectors: MQTT and syslog."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0038"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "connectors",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="its settings as JSON"),
        sa.Column("secret", sa.Text(), nullable=True, comment="wrapped; password and private key"),
        sa.Column(
            "doors",
            sa.Text(),
            nullable=True,
            comment="DoorGrant as JSON: what may be commanded, in whose name",
        ),
        sa.Column("memory", sa.Text(), nullable=False, comment="what it said that stays, as JSON"),
        sa.Column(
            "position",
            sa.BigInteger(),
            nullable=False,
            comment="the other side has all up to here",
        ),
        sa.Column(
            "taken_by", sa.String(length=36), nullable=True, comment="the process whose turn it is"
        ),
        sa.Column("taken_until", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column(
            "failure",
            sa.String(length=64),
            nullable=False,
            comment="a code; empty where all is well",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connectors")),
        comment="other systems that central tells, one row for each",
    )
