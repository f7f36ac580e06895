"""The audit log, which the database itself only lets grow.

An entry is never changed. It is deleted only below an anchor, and an anchor is only taken when
every entry up to it is 180 days old and its hash is that of its entry.
"""

import sqlalchemy as sa
from alembic import op

from central.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REFUSED = "the audit log is only added to"
_TOO_YOUNG = "the audit log is kept for 180 days"
_NO_ENTRY = "an anchor is the hash of its entry"


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("objects", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, comment="canonical JSON"),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_log")),
        comment="a chain of hashes that is only added to; triggers refuse anything else",
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_table(
        "audit_anchors",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "signature", sa.Text(), nullable=False, comment="of central, over sequence and hash"
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_anchors")),
        comment=(
            "entries up to here were forgotten in due time; the rest of the chain begins behind it"
        ),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if is_postgresql else _SQLITE:
        op.execute(statement)


_YOUNG = "EXISTS (SELECT 1 FROM audit_log WHERE sequence <= NEW.sequence AND at > {limit})"
_YOUNG_SQLITE = _YOUNG.format(limit="datetime('now', '-180 days')")
_YOUNG_POSTGRESQL = _YOUNG.format(limit="now() - interval '180 days'")
_KNOWN = "EXISTS (SELECT 1 FROM audit_log WHERE sequence = NEW.sequence AND hash = NEW.hash)"
_LATER = "EXISTS (SELECT 1 FROM audit_log WHERE sequence >= NEW.sequence)"
_LATER_ANCHOR = "EXISTS (SELECT 1 FROM audit_anchors WHERE sequence >= NEW.sequence)"
_BELOW = "EXISTS (SELECT 1 FROM audit_anchors WHERE sequence >= OLD.sequence)"
_SQLITE = (
    # Without this, "insert or replace" would change an entry and wake none of the others.
    f"CREATE TRIGGER audit_log_insert BEFORE INSERT ON audit_log WHEN {_LATER}"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER audit_anchors_insert BEFORE INSERT ON audit_anchors WHEN {_LATER_ANCHOR}"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    "CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log WHEN NOT {_BELOW}"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER audit_anchors_young BEFORE INSERT ON audit_anchors WHEN {_YOUNG_SQLITE}"
    f" BEGIN SELECT RAISE(ABORT, '{_TOO_YOUNG}'); END",
    f"CREATE TRIGGER audit_anchors_known BEFORE INSERT ON audit_anchors WHEN NOT {_KNOWN}"
    f" BEGIN SELECT RAISE(ABORT, '{_NO_ENTRY}'); END",
    "CREATE TRIGGER audit_anchors_update BEFORE UPDATE ON audit_anchors"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    "CREATE TRIGGER audit_anchors_delete BEFORE DELETE ON audit_anchors"
    f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION menshen_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    "CREATE FUNCTION menshen_audit_delete() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN IF NOT {_BELOW} THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN OLD; END $$",
    "CREATE FUNCTION menshen_audit_anchor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF {_YOUNG_POSTGRESQL} THEN RAISE EXCEPTION '{_TOO_YOUNG}'; END IF;"
    f" IF NOT {_KNOWN} THEN RAISE EXCEPTION '{_NO_ENTRY}'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log"
    " FOR EACH ROW EXECUTE FUNCTION menshen_audit_refuse()",
    "CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log"
    " FOR EACH ROW EXECUTE FUNCTION menshen_audit_delete()",
    "CREATE TRIGGER audit_log_truncate BEFORE TRUNCATE ON audit_log"
    " FOR EACH STATEMENT EXECUTE FUNCTION menshen_audit_refuse()",
    "CREATE TRIGGER audit_anchors_insert BEFORE INSERT ON audit_anchors"
    " FOR EACH ROW EXECUTE FUNCTION menshen_audit_anchor()",
    "CREATE TRIGGER audit_anchors_change BEFORE UPDATE OR DELETE ON audit_anchors"
    " FOR EACH ROW EXECUTE FUNCTION menshen_audit_refuse()",
    "CREATE TRIGGER audit_anchors_truncate BEFORE TRUNCATE ON audit_anchors"
    " FOR EACH STATEMENT EXECUTE FUNCTION menshen_audit_refuse()",
)
