"""What whoever countersigns says, and who made a one-time link."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to each of the two tables."""
    op.add_column(
        "countersignatures",
        sa.Column(
            "signed_reason",
            sa.String(length=200),
            nullable=True,
            comment="what whoever signed said of it",
        ),
    )
    op.add_column(
        "invitations",
        sa.Column(
            "made_by",
            sa.String(length=64),
            nullable=True,
            comment="the operator's name of then; none of the first link",
        ),
    )
