"""Floor plans."""

import sqlalchemy as sa
from alembic import op

from central.metadata import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the drawings, and the versions of plans that show them."""
    op.create_table(
        "plan_drawings",
        sa.Column("sha256", sa.String(length=64), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False, comment="SVG as central rewrote it"),
        sa.Column("width", sa.Float(), nullable=False),
        sa.Column("height", sa.Float(), nullable=False),
        comment="each once, however many versions of a plan show it",
    )
    op.create_table(
        "plan_versions",
        sa.Column("plan_id", sa.String(length=63), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("name", sa.JSON(), nullable=False, comment="by language"),
        sa.Column(
            "floor",
            sa.Integer(),
            nullable=False,
            comment="order of the plans; 0 is the ground floor",
        ),
        sa.Column(
            "drawing",
            sa.String(length=64),
            nullable=True,
            comment="of plan_drawings; none is an empty sheet",
        ),
        sa.Column("places", sa.JSON(), nullable=False, comment="of devices: kind, id, x, y, angle"),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column(
            "changed_by",
            sa.String(length=64),
            nullable=False,
            comment="the operator's name of then",
        ),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        comment="the highest version of a plan is the one in force",
    )
