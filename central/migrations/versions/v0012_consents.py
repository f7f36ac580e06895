"""Consent, proofs of deletion, templates that lie at terminals alone, and erasures.

Faces of people whose consent is not on record are not given to terminals from now on: those people
get a new version, so that every terminal learns of it.
"""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and tell terminals of everybody who has a face."""
    op.add_column(
        "people",
        sa.Column(
            "face_withheld_at",
            UtcDateTime(),
            nullable=True,
            comment="a leaver's goes to no terminal since then",
        ),
    )
    _consents()
    _deletions()
    op.create_table(
        "terminal_faces",
        sa.Column("template_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column(
            "stored_at",
            UtcDateTime(),
            nullable=True,
            comment="when the terminal said that it holds it",
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["people.holder_id"], name=op.f("fk_terminal_faces_holder_id")
        ),
        sa.PrimaryKeyConstraint("template_id", "node", name=op.f("pk_terminal_faces")),
        comment="templates that lie at terminals alone, once all of them hold it",
    )
    op.create_index(op.f("ix_terminal_faces_holder_id"), "terminal_faces", ["holder_id"])
    op.create_index(op.f("ix_terminal_faces_node"), "terminal_faces", ["node"])
    op.create_table(
        "erasures",
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False, comment="of central"),
        sa.PrimaryKeyConstraint("holder_id", "kind", name=op.f("pk_erasures")),
        comment="who and whose faces went for ever; the same lines lie in a file beside",
    )
    _tell_of_faces()


def _consents() -> None:
    op.create_table(
        "consent_texts",
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zh_cn", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column(
            "made_by",
            sa.String(length=36),
            nullable=True,
            comment="null: shipped with the program",
        ),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version", name=op.f("pk_consent_texts")),
        comment="what people are told before they consent; a version is never changed",
    )
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False, comment="where the template lies"),
        sa.Column(
            "nodes",
            sa.JSON(),
            nullable=False,
            comment="the terminals, where it lies there alone",
        ),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("is_under_14", sa.Boolean(), nullable=False),
        sa.Column("guardian_name", sa.String(length=200), nullable=True),
        sa.Column("guardian_relation", sa.String(length=100), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by", sa.String(length=36), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.Column("end_reason", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["people.holder_id"], name=op.f("fk_consents_holder_id")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consents")),
        comment="one stands for each person and purpose: the one that is not ended",
    )
    op.create_index(op.f("ix_consents_holder_id"), "consents", ["holder_id"])


def _deletions() -> None:
    op.create_table(
        "face_deletions",
        sa.Column("deletion_id", sa.String(length=36), nullable=False),
        sa.Column("holder_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("template_ids", sa.JSON(), nullable=False),
        sa.Column("picture_count", sa.Integer(), nullable=False),
        sa.Column("replica_version", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.Column("ordered_by", sa.String(length=36), nullable=True),
        sa.Column(
            "central_deleted_at",
            UtcDateTime(),
            nullable=True,
            comment="null while a leaver may still return",
        ),
        sa.PrimaryKeyConstraint("deletion_id", name=op.f("pk_face_deletions")),
        comment="what had to go, and why; kept after the person is erased, under the pseudonym",
    )
    op.create_index(op.f("ix_face_deletions_holder_id"), "face_deletions", ["holder_id"])
    op.create_table(
        "face_deletion_nodes",
        sa.Column("deletion_id", sa.String(length=36), nullable=False),
        sa.Column("node", sa.String(length=63), nullable=False),
        sa.Column(
            "signing_key",
            sa.String(length=64),
            nullable=False,
            comment="of the terminal at the order",
        ),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_key", sa.String(length=64), nullable=True),
        sa.Column(
            "document",
            sa.Text(),
            nullable=True,
            comment="the terminal's statement, as it was signed",
        ),
        sa.Column("signature", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["deletion_id"],
            ["face_deletions.deletion_id"],
            name=op.f("fk_face_deletion_nodes_deletion_id"),
        ),
        sa.PrimaryKeyConstraint("deletion_id", "node", name=op.f("pk_face_deletion_nodes")),
        comment="which terminals had to delete, and their proofs",
    )
    op.create_index(op.f("ix_face_deletion_nodes_node"), "face_deletion_nodes", ["node"])


def _tell_of_faces() -> None:
    connection = op.get_bind()
    query = (
        "SELECT DISTINCT people.holder_id FROM people"
        " JOIN templates ON templates.holder_id = people.holder_id"
        " WHERE NOT people.is_removed ORDER BY people.holder_id"
    )
    holder_ids = connection.execute(sa.text(query)).scalars().all()
    if not holder_ids:
        return
    named = "name = 'replica_version'"
    last = int(
        connection.execute(sa.text(f"SELECT value FROM site_values WHERE {named}")).scalar_one()  # noqa: S608 - a constant
    )
    connection.execute(
        sa.text("UPDATE people SET version = :version WHERE holder_id = :holder_id"),
        [
            {"holder_id": holder_id, "version": last + number}
            for number, holder_id in enumerate(holder_ids, start=1)
        ],
    )
    connection.execute(
        sa.text(f"UPDATE site_values SET value = :value WHERE {named}"),  # noqa: S608 - a constant
        {"value": str(last + len(holder_ids))},
    )
