"""An erasure as central signed it: kept by terminals and beside the database, so that it stands.

Whoever holds one can give it back to a central that was restored from an older backup, which then
erases the person again; nobody can make one up. Pure functions.
"""

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, StringConstraints, ValidationError

from config.contract.face_statements import SignedStatement, check_document, signed_document
from config.contract.identifiers import Frozen
from config.contract.trust import TrustError
from config.crypto.keys import SigningKey, VerifyingKey

ERASURE_CONTEXT: Final = "menshen erasure v1"


class Erasure(Frozen):
    """Something of a person went for ever.

    Attributes:
        kind: ``person``: all; the identifier is nobody's any more. ``face``: what was enrolled
            until then, and the consent to it.
    """

    kind: Literal["person", "face"]
    holder_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    erased_at: AwareDatetime


def sign_erasure(key: SigningKey, erasure: Erasure) -> SignedStatement:
    """Return an erasure with central's signature."""
    return signed_document(key, erasure.model_dump_json(), context=ERASURE_CONTEXT)


def read_erasure(signed: SignedStatement, key: VerifyingKey) -> Erasure:
    """Return the erasure.

    Raises:
        TrustError: Central did not sign it, or it is none.
    """
    check_document(signed, key, context=ERASURE_CONTEXT)
    try:
        return Erasure.model_validate_json(signed.document)
    except ValidationError as error:
        raise TrustError("this is no erasure") from error
