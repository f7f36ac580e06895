"""Identifiers: what they look like and how they are made."""

from typing import Annotated, NewType
from uuid import UUID

import uuid_utils.compat
from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
"""A name of the site file: lower-case letters, digits and hyphens, 1..63 long."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hex."""

HolderId = NewType("HolderId", str)
"""A credential holder: a UUID as text, never a personnel number (events carry it)."""


class Frozen(BaseModel):
    """Base of everything in the contract: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562): unique, and ordered by the time it was made."""
    return uuid_utils.compat.uuid7()
