"""Notes that guards write in their shift's log."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "shift_notes",
        sa.Column("note_id", sa.String(length=36), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False, index=True),
        sa.Column(
            "written_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("text", sa.Text(), nullable=False),
        comment="what guards wrote down in their shift; nothing is changed",
    )
