"""What a terminal says of the faces that it holds: signed by its own key, checked by anybody later.

A statement names every template of one person that lies at the terminal, in its file and in its
memory; none is the proof of deletion. Pure functions.
"""

from typing import Annotated, Final
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from config.contract.identifiers import Frozen, Slug
from config.contract.trust import TrustError, from_text, sign, to_text, verify
from config.crypto.keys import SigningKey, VerifyingKey

STATEMENT_CONTEXT: Final = "menshen face statement v1"
STATEMENT_COUNT_MAX: Final = 200


class FaceStatement(Frozen):
    """What a terminal holds of one person's face.

    Attributes:
        template_ids: All that it holds of this person; empty is none at all.
        replica_version: What it had applied when it looked.
        at: By its own clock.
    """

    site: Slug
    node: Slug
    holder_id: Annotated[str, StringConstraints(max_length=64)]
    template_ids: tuple[UUID, ...]
    replica_version: int
    at: AwareDatetime


class SignedStatement(Frozen):
    """A statement as it was signed. Attributes: document: JSON, to the byte."""

    document: Annotated[str, StringConstraints(max_length=10_000)]
    signature: Annotated[str, StringConstraints(max_length=100)]


class FaceStatements(Frozen):
    """What a terminal sends to central.

    Attributes:
        erased: Erasures that central signed (``contract.erasures``) of people whom it tells of
            again, as after a restored backup.
    """

    items: Annotated[tuple[SignedStatement, ...], Field(max_length=STATEMENT_COUNT_MAX)] = ()
    erased: Annotated[tuple[SignedStatement, ...], Field(max_length=STATEMENT_COUNT_MAX)] = ()


def sign_statement(key: SigningKey, statement: FaceStatement) -> SignedStatement:
    """Return a statement with the signature of the terminal's key."""
    return signed_document(key, statement.model_dump_json(), context=STATEMENT_CONTEXT)


def read_statement(signed: SignedStatement, key: VerifyingKey) -> FaceStatement:
    """Return what a terminal said.

    Raises:
        TrustError: Another key signed it, or it is no statement.
    """
    check_document(signed, key, context=STATEMENT_CONTEXT)
    try:
        return FaceStatement.model_validate_json(signed.document)
    except ValidationError as error:
        raise TrustError("this is no statement about faces") from error


def signed_document(key: SigningKey, document: str, *, context: str) -> SignedStatement:
    """Return a document with its signature."""
    signature = to_text(sign(key, document.encode(), context=context))
    return SignedStatement(document=document, signature=signature)


def check_document(signed: SignedStatement, key: VerifyingKey, *, context: str) -> None:
    """Check the signature of a document.

    Raises:
        TrustError: It is of another key, document or purpose.
    """
    verify(key, from_text(signed.signature), signed.document.encode(), context=context)
