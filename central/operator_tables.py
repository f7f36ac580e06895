"""The tables of operators: accounts, sessions, tokens, and what needs a second person."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, String, Table, Text, false

from central.metadata import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("user_id", String(36), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("role", String(32), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deactivated_at", UtcDateTime),
    Column("totp_secret", Text, comment="wrapped; of the second factor in force"),
    Column("totp_pending", Text, comment="wrapped; of one that no code has confirmed yet"),
    Column("totp_step", BigInteger, comment="of the last code that was accepted, or an older"),
    Column("terminal_card", String(64), unique=True, index=True, comment="verifier"),
    Column("terminal_pin", String(64), comment="verifier; with the card, for terminals"),
    Column("terminal_until", UtcDateTime, comment="when the rights at terminals end"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
    comment="each opens once in place of a second factor's code, and is gone then",
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False, comment="permissions; never more than the operator's"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", String(36), primary_key=True),
    Column("deed", String(64), nullable=False),
    Column("subject", Text, nullable=False, comment="canonical JSON: what exactly is asked for"),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("asked_by_name", String(64), nullable=False, comment="the operator's name of then"),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("decided_by", String(36)),
    Column("decided_by_name", String(64)),
    Column("decided_at", UtcDateTime),
    comment="deeds that need a second person; nothing is deleted",
)

countersignatures = Table(
    "countersignatures",
    metadata,
    Column("act_id", String(36), primary_key=True),
    Column("act", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("done_by", String(36), nullable=False),
    Column("done_by_name", String(64), nullable=False, comment="the operator's name of then"),
    Column("done_at", UtcDateTime, nullable=False),
    Column("signed_by", String(36)),
    Column("signed_by_name", String(64)),
    Column("signed_at", UtcDateTime),
    Column("signed_reason", String(200), comment="what whoever signed said of it"),
    Column("overdue_at", UtcDateTime, comment="when it was recorded that nobody had signed"),
    comment="what one person did alone in an emergency, and who countersigned; nothing is deleted",
)

invitations = Table(
    "invitations",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("user_id", String(36), comment="whose password it resets; of a new operator nobody's"),
    Column("made_by", String(64), comment="the operator's name of then; none of the first link"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),
    Column("last_seen_at", UtcDateTime),
    Column("provider", String(500), comment="the issuer by which it was opened; null: a password"),
    Column("provider_session", String(255), index=True, comment="as the provider calls it"),
    Column("id_token", Text, comment="sealed; shown to the provider at the end"),
    Column(
        "is_strong",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="the provider has seen a second factor",
    ),
)

identity_providers = Table(
    "identity_providers",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("body", Text, nullable=False, comment="settings, as JSON"),
    Column("secret", Text, comment="wrapped; the client's at the provider"),
    Column("changed_at", UtcDateTime, nullable=False),
    comment="where operators of the organisation sign in; at most one",
)

provider_accounts = Table(
    "provider_accounts",
    metadata,
    Column("user_id", ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True),
    Column("subject_hash", String(64), unique=True, comment="of issuer and subject"),
    Column("email", String(255), unique=True, comment="awaited; null once its holder has come"),
    Column("is_mapped", Boolean, nullable=False, comment="the role is what the groups give"),
    comment="operators who sign in at the identity provider, and with no password kept here",
)

provider_leavers = Table(
    "provider_leavers",
    metadata,
    Column("subject_hash", String(64), primary_key=True, comment="of issuer and subject"),
    Column("removed_at", UtcDateTime, nullable=False),
    comment="who was removed here and must not come again by their groups alone",
)
