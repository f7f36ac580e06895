"""What the timers of retention did, since when somebody is switched off, keys of terminals."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "retention_runs",
        sa.Column("name", sa.String(length=32), nullable=False, comment="of the class of data"),
        sa.Column("last_run_at", UtcDateTime(), nullable=True),
        sa.Column("last_deleted_at", UtcDateTime(), nullable=True),
        sa.Column(
            "last_count",
            sa.Integer(),
            nullable=False,
            comment="deleted by the last run that found any",
        ),
        sa.Column(
            "deleted_count", sa.BigInteger(), nullable=False, comment="since the table was made"
        ),
        sa.Column(
            "mark",
            sa.BigInteger(),
            nullable=False,
            comment="position up to which facts were looked at",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_retention_runs")),
        comment="what the timers of retention did, one line for each class of data",
    )
    op.add_column(
        "nodes",
        sa.Column(
            "release_key",
            sa.Text(),
            nullable=True,
            comment="wrapped; opens what the terminal keeps, if it asks",
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "inactive_since",
            UtcDateTime(),
            nullable=True,
            comment="as the retention's timer saw it",
        ),
    )
