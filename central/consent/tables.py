"""The tables of consents, of faces at terminals alone, and of what was deleted and erased."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from central.metadata import UtcDateTime, metadata

consent_texts = Table(
    "consent_texts",
    metadata,
    Column("purpose", String(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("zh_cn", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("made_by", String(36), comment="null: shipped with the program"),
    Column("made_at", UtcDateTime, nullable=False),
    comment="what people are told before they consent; a version is never changed",
)

consents = Table(
    "consents",
    metadata,
    Column("consent_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("purpose", String(16), nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("place", String(16), nullable=False, comment="where the template lies"),
    Column("nodes", JSON, nullable=False, comment="the terminals, where it lies there alone"),
    Column("method", String(16), nullable=False),
    Column("is_under_14", Boolean, nullable=False),
    Column("guardian_name", String(200)),
    Column("guardian_relation", String(100)),
    Column("given_at", UtcDateTime, nullable=False),
    Column("taken_by", String(36), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(36)),
    Column("end_reason", String(16)),
    comment="one stands for each person and purpose: the one that is not ended",
)

face_deletions = Table(
    "face_deletions",
    metadata,
    Column("deletion_id", String(36), primary_key=True),
    Column("holder_id", String(36), nullable=False, index=True),
    Column("reason", String(16), nullable=False),
    Column("template_ids", JSON, nullable=False),
    Column("picture_count", Integer, nullable=False),
    Column("replica_version", BigInteger, nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("ordered_by", String(36)),
    Column("central_deleted_at", UtcDateTime, comment="null while a leaver may still return"),
    comment="what had to go, and why; kept after the person is erased, under the pseudonym",
)

face_deletion_nodes = Table(
    "face_deletion_nodes",
    metadata,
    Column("deletion_id", ForeignKey("face_deletions.deletion_id"), primary_key=True),
    Column("node", String(63), primary_key=True, index=True),
    Column("signing_key", String(64), nullable=False, comment="of the terminal at the order"),
    Column("confirmed_at", UtcDateTime),
    Column("confirmed_key", String(64)),
    Column("document", Text, comment="the terminal's statement, as it was signed"),
    Column("signature", String(100)),
    comment="which terminals had to delete, and their proofs",
)

terminal_faces = Table(
    "terminal_faces",
    metadata,
    Column("template_id", String(36), primary_key=True),
    Column("node", String(63), primary_key=True, index=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("network", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, comment="when the terminal said that it holds it"),
    comment="templates that lie at terminals alone, once all of them hold it",
)

erasures = Table(
    "erasures",
    metadata,
    Column("holder_id", String(36), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("document", Text, nullable=False),
    Column("signature", String(100), nullable=False, comment="of central"),
    comment="who and whose faces went for ever; the same lines lie in a file beside",
)
