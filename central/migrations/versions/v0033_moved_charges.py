"""Whose charge it is after a wrong person was put right: reports, limits and voids follow."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and fill them from the deeds that moved a charge."""
    for column in (
        sa.Column("moved_to", sa.String(64), comment="who ate, after a wrong person"),
        sa.Column("moved_group", sa.String(64), comment="of prices, theirs"),
        sa.Column("moved_by", sa.String(36), comment="the deed, under which they paid"),
    ):
        op.add_column("canteen_charges", column)
    op.create_index(op.f("ix_canteen_charges_moved_to"), "canteen_charges", ["moved_to"])
    connection = op.get_bind()
    deeds = connection.exec_driver_sql(
        "SELECT deed_id, kind, charge_id, amount_fen, wish FROM office_deeds"
        " WHERE kind IN ('wrong_person', 'refund') ORDER BY done_at"
    ).all()
    origins = dict[str, str]()
    for deed_id, kind, charge_id, amount_fen, wish in deeds:
        origin, back_fen = origins.get(charge_id, charge_id), 0
        if kind == "wrong_person":
            origins[deed_id] = origin
            # What had moved to somebody else was counted as given back.
            back_fen = -amount_fen if origin == charge_id else 0
            connection.execute(
                sa.text(
                    "UPDATE canteen_charges SET moved_to = :holder, moved_by = :deed"
                    " WHERE charge_id = :charge"
                ),
                {"holder": json.loads(wish)["holder_id"], "deed": deed_id, "charge": origin},
            )
        elif origin != charge_id:
            # What whoever it was moved to got back was counted nowhere.
            back_fen = amount_fen
        connection.execute(
            sa.text(
                "UPDATE canteen_charges SET returned_fen = returned_fen + :fen"
                " WHERE charge_id = :charge"
            ),
            {"fen": back_fen, "charge": origin},
        )
