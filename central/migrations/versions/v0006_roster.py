"""Organisation units, who is in the personnel office's file, and files that wait to be applied."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the columns."""
    op.create_table(
        "units",
        sa.Column("unit_id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["units.unit_id"], name=op.f("fk_units_parent_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_units")),
        sa.UniqueConstraint("path", name=op.f("uq_units_path")),
        comment="organisation units; path is the names from the root on, between slashes",
    )
    op.create_index(op.f("ix_units_parent_id"), "units", ["parent_id"], unique=False)
    # In words that both databases know: SQLite adds no constraint to a table that is there, and
    # making people anew would meet the tables that refer to them.
    op.execute(
        "ALTER TABLE people ADD COLUMN unit_id VARCHAR(36)"
        " CONSTRAINT fk_people_unit_id REFERENCES units (unit_id)"
    )
    op.add_column(
        "people", sa.Column("in_roster", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(op.f("ix_people_unit_id"), "people", ["unit_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column(
            "roster",
            sa.Text(),
            nullable=False,
            comment="what the file said, cards as verifiers",
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
        comment="files of the personnel office that were compared and not applied yet",
    )
    op.create_index("ix_imports_expires_at", "imports", ["expires_at"], unique=False)
