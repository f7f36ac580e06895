"""Until when a node that says nothing is not silent yet, and which contract it speaks."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0039"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; who was heard before is heard again before anybody misses it."""
    op.add_column(
        "nodes",
        sa.Column(
            "silent_at", UtcDateTime(), nullable=True, comment="when it counts as lost if silent"
        ),
    )
    op.add_column(
        "nodes",
        sa.Column("contract", sa.Integer(), nullable=True, comment="version that it speaks"),
    )
