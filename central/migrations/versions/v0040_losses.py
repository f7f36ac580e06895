"""What nodes counted as lost, apart from what is held."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what was counted before is told by its events alone."""
    op.create_table(
        "event_losses",
        sa.Column("node", sa.String(63), primary_key=True),
        sa.Column("epoch", sa.String(36), primary_key=True),
        sa.Column("event_class", sa.String(16), primary_key=True),
        sa.Column("first", sa.Integer(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
        comment="of those, what its node counted as lost and central does not hold",
    )
