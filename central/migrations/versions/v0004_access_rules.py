"""The access model's versions, lockdowns, what was forgiven, who is where, more about people."""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WHO_COMMENT = "the operator's name of then"
_MARKS = (
    "needs_escort",
    "may_escort",
    "is_first_person",
    "is_passback_exempt",
    "has_extended_access_time",
)


def upgrade() -> None:
    """Make the tables, and columns that leave everybody as they were."""
    op.add_column("people", sa.Column("profiles", sa.JSON(none_as_null=True), nullable=True))
    for name in ("pin_verifier", "duress_verifier"):
        op.add_column("people", sa.Column(name, sa.String(length=64), nullable=True))
    for name in _MARKS:
        op.add_column(
            "people", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.create_table(
        "access_models",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="AccessModel as JSON"),
        sa.Column("changed_by", sa.String(length=64), nullable=False, comment=_WHO_COMMENT),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_access_models")),
        comment="every version of the access model that was ever in force; nothing is deleted",
    )
    op.create_table(
        "lockdowns",
        sa.Column("lockdown_id", sa.String(length=36), nullable=False),
        sa.Column("level", sa.String(length=63), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False, comment=_WHO_COMMENT),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("lockdown_id", name=op.f("pk_lockdowns")),
        comment="lockdown levels that are or were on; nothing is deleted",
    )
    op.create_index(op.f("ix_lockdowns_ended_at"), "lockdowns", ["ended_at"], unique=False)
    op.create_table(
        "forgiven",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=True),
        sa.Column("access_point", sa.String(length=63), nullable=True),
        sa.Column("forgiven_by", sa.String(length=64), nullable=False, comment=_WHO_COMMENT),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_forgiven")),
        comment="whose place, or which point's refusals, an operator forgave; nobody is everybody",
    )
    op.create_table(
        "area_facts",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False, comment="a holder, or an area"),
        sa.Column(
            "counted_by",
            sa.String(length=63),
            nullable=False,
            comment="of counts, the node; else empty",
        ),
        sa.Column(
            "area",
            sa.String(length=63),
            nullable=True,
            comment="null outside, and where nobody knows",
        ),
        sa.Column("body", sa.Text(), nullable=False, comment="the fact as JSON"),
        sa.PrimaryKeyConstraint("kind", "subject", "counted_by", name=op.f("pk_area_facts")),
        comment="the last fact of each person and of each node's count, in the order of facts",
    )
    op.create_index(op.f("ix_area_facts_area"), "area_facts", ["area"], unique=False)
