"""Proofs of deletion that anybody can check later, without central. Pure."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Row

from central.consent.schemas import Certificate
from config.contract.face_statements import (
    SignedStatement,
    check_document,
    read_statement,
    signed_document,
)
from config.contract.trust import TrustError, public_text, verifying_key
from config.crypto.keys import SigningKey

CERTIFICATE_CONTEXT: Final = "menshen deletion certificate v1"


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What a certificate proves.

    Attributes:
        confirmed: Terminals whose signed statement says that they hold none of the templates.
        outstanding: Terminals that have not answered.
        problems: What does not fit, a line each; then nothing is proved.
    """

    holder_id: str
    reason: str
    ordered_at: str
    central_deleted_at: str | None
    confirmed: tuple[str, ...]
    outstanding: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the face is gone everywhere, and all of it is proved."""
        gone = self.central_deleted_at is not None
        return gone and not self.outstanding and not self.problems


def certificate(
    key: SigningKey,
    order: Row[Any],
    parts: Sequence[Row[Any]],
    *,
    site: str,
    now: datetime,
) -> Certificate:
    """Return the proof as far as it goes now."""
    document = json.dumps(
        {
            "site": site,
            "made_at": now.isoformat(),
            "deletion_id": order.deletion_id,
            "holder_id": order.holder_id,
            "reason": order.reason,
            "template_ids": order.template_ids,
            "picture_count": order.picture_count,
            "replica_version": order.replica_version,
            "ordered_at": order.ordered_at.isoformat(),
            "central_deleted_at": _iso(order.central_deleted_at),
            "terminals": [
                {
                    "node": part.node,
                    "key_at_order": part.signing_key,
                    "confirmed_at": _iso(part.confirmed_at),
                    "key": part.confirmed_key,
                    "document": part.document,
                    "signature": part.signature,
                }
                for part in parts
            ],
        },
        ensure_ascii=False,
    )
    signed = signed_document(key, document, context=CERTIFICATE_CONTEXT)
    return Certificate(
        document=document, signature=signed.signature, central_key=public_text(key.public_key())
    )


def checked(text: str, *, central_key: str | None = None) -> Checked:
    """Check a certificate.

    Args:
        text: Of the file.
        central_key: That the reader knows; None believes the one in the file.

    Raises:
        TrustError: It is no certificate, or central did not sign it.
    """
    try:
        found = Certificate.model_validate_json(text)
        signed = SignedStatement.model_construct(document=found.document, signature=found.signature)
        key = verifying_key(central_key or found.central_key)
        check_document(signed, key, context=CERTIFICATE_CONTEXT)
        document = json.loads(found.document)
    except (ValidationError, ValueError) as error:
        raise TrustError("this is no certificate of a deletion") from error
    confirmed, outstanding, problems = list[str](), list[str](), list[str]()
    for part in document["terminals"]:
        node = str(part["node"])
        if part["confirmed_at"] is None:
            outstanding.append(node)
            continue
        problem = _problem(part, document)
        if problem is None:
            confirmed.append(node)
        else:
            problems.append(f"{node}: {problem}")
    return Checked(
        holder_id=document["holder_id"],
        reason=document["reason"],
        ordered_at=document["ordered_at"],
        central_deleted_at=document["central_deleted_at"],
        confirmed=tuple(confirmed),
        outstanding=tuple(outstanding),
        problems=tuple(problems),
    )


def _problem(part: dict[str, Any], document: dict[str, Any]) -> str | None:
    """Return what is wrong with a terminal's statement."""
    try:
        key = verifying_key(part["key"])
        signed = SignedStatement(document=part["document"], signature=part["signature"])
        said = read_statement(signed, key)
    except (TrustError, ValidationError, ValueError) as error:
        return f"its statement cannot be believed ({error})"
    wanted = (document["site"], part["node"], document["holder_id"])
    if (said.site, said.node, said.holder_id) != wanted:
        return "its statement is about something else"
    if said.replica_version < document["replica_version"]:
        return "its statement is older than the deletion"
    if {str(template_id) for template_id in said.template_ids} & set(document["template_ids"]):
        return "it still holds the face"
    return None


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
