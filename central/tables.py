"""Every table of central. A change here needs a migration in ``central/migrations/versions``."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

import central.alarms.tables
import central.canteen.tables
import central.connectors.tables
import central.consent.tables
import central.diner.tables
import central.duty.tables
import central.fire.tables
import central.firmware.tables
import central.integrations.tables
import central.ledger.tables
import central.muster.tables
import central.office.tables
import central.operator_tables
import central.patrol.tables
import central.payments.tables
import central.plans.tables
import central.video.tables  # noqa: F401 - its tables belong to the same collection
from central.metadata import UtcDateTime as UtcDateTime
from central.metadata import metadata as metadata

site_values = Table(
    "site_values",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    comment="epoch of the store, version of the replica, secrets wrapped by the KEK",
)

nodes = Table(
    "nodes",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("signing_key", String(64), nullable=False),
    Column("sealing_key", String(64), nullable=False),
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime),
    Column("silent_at", UtcDateTime, comment="when it counts as lost if silent"),
    Column("contract", Integer, comment="version that it speaks"),
    Column("status", Text, comment="NodeStatus as JSON, as it was last reported"),
    Column("release_key", Text, comment="wrapped; opens what the terminal keeps, if it asks"),
    Column("keys_at", UtcDateTime, comment="since when it has these keys; null since it joined"),
    Column("old_signing_key", String(64), comment="good beside the other until old_key_until"),
    Column("old_key_until", UtcDateTime),
    Column("keys_wanted_at", UtcDateTime, comment="when an operator asked for other keys"),
)

node_tokens = Table(
    "node_tokens",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

_JOURNAL_KEY = ("node", "epoch", "event_class", "sequence")

events = Table(
    "events",
    metadata,
    Column("position", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("epoch", String(36), nullable=False),
    Column("event_class", String(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("type", Text, nullable=False),
    Column("holder_id", String(64)),
    Column("received_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False, comment="the event as JSON"),
    Column("occurred_at", UtcDateTime, nullable=False, comment="by the node's clock"),
    Column("place", String(128), nullable=False, comment="point or device; else the node"),
    # On PostgreSQL each partition has these keys for itself; see ``central.events.partitions``.
    UniqueConstraint(*_JOURNAL_KEY).ddl_if(dialect="sqlite"),
    Index("ix_events_event_class", "event_class", "occurred_at", "position").ddl_if(
        dialect="sqlite"
    ),
    Index("ix_events_occurred_at", "occurred_at", "position"),
    Index("ix_events_type", "type", "occurred_at", "position"),
    Index("ix_events_place", "place", "occurred_at", "position"),
    Index("ix_events_holder_id", "holder_id", "occurred_at", "position"),
    comment="position is the order of commits, so who continues after one misses none",
)

event_conflicts = Table(
    "event_conflicts",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("epoch", String(36), primary_key=True),
    Column("event_class", String(16), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    comment="events whose key was taken by another event",
)

event_ranges = Table(
    "event_ranges",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("epoch", String(36), primary_key=True),
    Column("event_class", String(16), primary_key=True),
    Column("first", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
    comment="sequences that central holds or knows to be lost; what lies between is a gap",
)

event_losses = Table(
    "event_losses",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("epoch", String(36), primary_key=True),
    Column("event_class", String(16), primary_key=True),
    Column("first", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
    comment="of those, what its node counted as lost and central does not hold",
)

PERSON_MARKS: Final = (
    "needs_escort",
    "may_escort",
    "is_first_person",
    "is_passback_exempt",
    "has_extended_access_time",
)
"""What the access rules know of a person besides profiles; named as in ``HolderRecord``."""

units = Table(
    "units",
    metadata,
    Column("unit_id", String(36), primary_key=True),
    Column("parent_id", ForeignKey("units.unit_id"), index=True),
    Column("name", String(400), nullable=False),
    Column("path", String(400), nullable=False, unique=True),
    comment="organisation units; path is the names from the root on, between slashes",
)

people = Table(
    "people",
    metadata,
    Column("holder_id", String(36), primary_key=True),
    Column("version", BigInteger, nullable=False, unique=True),
    Column("is_removed", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("name", String(200), nullable=False),
    Column("number", String(64), unique=True),
    Column("valid_from", UtcDateTime),
    Column("valid_until", UtcDateTime),
    Column("access_points", JSON(none_as_null=True)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("profiles", JSON(none_as_null=True)),
    Column("pin_verifier", String(64)),
    Column("duress_verifier", String(64)),
    *(Column(name, Boolean, nullable=False, server_default=false()) for name in PERSON_MARKS),
    Column("unit_id", ForeignKey("units.unit_id"), index=True),
    Column("in_roster", Boolean, nullable=False, server_default=false()),
    Column("inactive_since", UtcDateTime, comment="as the retention's timer saw it"),
    Column("face_withheld_at", UtcDateTime, comment="a leaver's goes to no terminal since then"),
    comment="a removed person leaves the identifier alone, so that every node learns of it",
)

cards = Table(
    "cards",
    metadata,
    Column("card_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("verifier", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, comment="of a temporary card"),
)

temporary_codes = Table(
    "temporary_codes",
    metadata,
    Column("code_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("nonce", String(16), nullable=False, comment="of the code, which is made again from it"),
    Column("points", JSON, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("cancelled_at", UtcDateTime),
    comment="codes of new hires, good many times until their end",
)

imports = Table(
    "imports",
    metadata,
    Column("import_id", String(36), primary_key=True),
    Column("created_by", String(36), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("roster", Text, nullable=False, comment="what the file said, cards as verifiers"),
    comment="files of the personnel office that were compared and not applied yet",
)

templates = Table(
    "templates",
    metadata,
    Column("template_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("network", String(64), nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("wrapped_key", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("picture_count", Integer, comment="whose mean it is; null where nobody counted"),
    comment="one for each person and network: while a site changes its network, there are two",
)

face_reviews = Table(
    "face_reviews",
    metadata,
    Column("review_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("resembles", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column("similarity", Float, nullable=False),
    Column("network", String(64), nullable=False),
    Column("ciphertext", Text, nullable=False),
    Column("wrapped_key", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("requested_by", String(36), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("picture_count", Integer, comment="whose mean it is; null where nobody counted"),
    comment="look-alikes that wait for a second person; gone once decided",
)

enrolment_pictures = Table(
    "enrolment_pictures",
    metadata,
    Column("picture_id", String(36), primary_key=True),
    Column("holder_id", ForeignKey("people.holder_id"), nullable=False, index=True),
    Column(
        "review_id",
        ForeignKey("face_reviews.review_id", ondelete="CASCADE"),
        index=True,
        comment="set while a second person has not looked; of the template in force otherwise",
    ),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("wrapped_key", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("failed_network", String(64), comment="the network that found no face in it"),
    Column("created_at", UtcDateTime, nullable=False),
    comment="kept where the site wants it, to make templates anew for another network",
)

confusable_pairs = Table(
    "confusable_pairs",
    metadata,
    Column("one", ForeignKey("people.holder_id"), primary_key=True),
    Column("other", ForeignKey("people.holder_id"), primary_key=True, index=True),
    Column("origin", String(16), nullable=False),
    Column("similarity", Float),
    Column("found_at", UtcDateTime, nullable=False),
    Column("verdict", String(16)),
    Column("decided_by", String(36)),
    Column("decided_at", UtcDateTime),
    Column("decided_similarity", Float),
    comment="people whom face alone does not tell apart, unless an operator says that it does",
)

self_tests = Table(
    "self_tests",
    metadata,
    Column("test_id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("wanted_by", String(36)),
    Column("wanted_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("claimed_until", UtcDateTime),
    Column("progress", Float, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("failure", String(32)),
    Column("network", String(64)),
    Column("result", Text, comment="SelfTestResult as JSON"),
    comment="comparisons of the gallery with itself; whose lease is over was interrupted",
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

access_models = Table(
    "access_models",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False, comment="AccessModel as JSON"),
    Column("changed_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="every version of the access model that was ever in force; nothing is deleted",
)

lockdowns = Table(
    "lockdowns",
    metadata,
    Column("lockdown_id", String(36), primary_key=True),
    Column("level", String(63), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("set_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("reason", String(200), nullable=False),
    Column("ended_at", UtcDateTime, index=True),
    Column("ended_by", String(64)),
    comment="lockdown levels that are or were on; nothing is deleted",
)

visits = Table(
    "visits",
    metadata,
    Column("visit_id", String(36), primary_key=True, comment="the holder of the code"),
    Column("version", BigInteger, nullable=False, unique=True),
    Column("is_removed", Boolean, nullable=False),
    Column("visitor", String(200), nullable=False),
    Column("host_id", String(36), nullable=False),
    Column("points", JSON, nullable=False, comment="the home access point first"),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False, index=True),
    Column("needs_escort", Boolean, nullable=False),
    Column("nonce", String(16), nullable=False, comment="of the code, which is made again from it"),
    Column("created_by", String(64), nullable=False, comment="the operator's name of then"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("cancelled_at", UtcDateTime),
    Column("arrived_at", UtcDateTime),
    Column("arrived_point", String(63)),
    comment="a removed visit leaves the identifier alone, so that every node learns of it",
)

commands = Table(
    "commands",
    metadata,
    Column("command_id", String(36), primary_key=True),
    Column("node", String(63), nullable=False),
    Column("what", Text, nullable=False, comment="contract.commands.Wanted as JSON"),
    Column("asked_by", String(36), nullable=False),
    Column("username", String(64), nullable=False, comment="the operator's name of then"),
    Column("reason", String(200), nullable=False),
    Column("issued_at", UtcDateTime, nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime, comment="when the node fetched it first"),
    Column("outcome", String(16), comment="as the node answered; the first answer stands"),
    Column("refusal", String(32)),
    Column("answered_at", UtcDateTime, comment="by the node's clock"),
    Column("action_id", String(36), index=True, comment="of several that are one act of a guard"),
    comment="what operators had nodes do, and what became of it",
)

assistance_calls = Table(
    "assistance_calls",
    metadata,
    Column("call_id", String(36), primary_key=True),
    Column("ring_id", String(36), nullable=False, comment="the newest ring that it answers"),
    Column("node", String(63), nullable=False),
    Column("access_point", String(63), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False, index=True),
    Column("taken_at", UtcDateTime),
    Column("taken_by", String(64), comment="the operator's name of then"),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(64), comment="null where a later call took its place"),
    comment="who asked for a person to come: one stands open for each point",
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(100), nullable=False),
    Column("objects", Text, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("detail", Text, nullable=False, comment="canonical JSON"),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    comment="a chain of hashes that is only added to; triggers refuse anything else",
)

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("signature", Text, nullable=False, comment="of central, over sequence and hash"),
    comment="entries up to here were forgotten in due time; the rest of the chain begins behind it",
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("name", String(32), primary_key=True, comment="of the class of data"),
    Column("last_run_at", UtcDateTime),
    Column("last_deleted_at", UtcDateTime),
    Column("last_count", Integer, nullable=False, comment="deleted by the last run that found any"),
    Column("deleted_count", BigInteger, nullable=False, comment="since the table was made"),
    Column("mark", BigInteger, nullable=False, comment="position up to which facts were looked at"),
    comment="what the timers of retention did, one line for each class of data",
)

Index(
    "ix_commands_open",
    commands.c.node,
    commands.c.expires_at,
    sqlite_where=commands.c.outcome.is_(None),
    postgresql_where=commands.c.outcome.is_(None),
)
Index(
    "ix_assistance_calls_open",
    assistance_calls.c.node,
    assistance_calls.c.access_point,
    sqlite_where=assistance_calls.c.closed_at.is_(None),
    postgresql_where=assistance_calls.c.closed_at.is_(None),
)
Index("ix_audit_log_at", audit_log.c.at)
Index("uq_templates_holder_id_network", templates.c.holder_id, templates.c.network, unique=True)
Index("ix_events_received_at", events.c.received_at)
Index("ix_blobs_expires_at", blobs.c.expires_at)
Index("ix_imports_expires_at", imports.c.expires_at)
