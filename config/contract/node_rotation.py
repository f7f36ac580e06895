"""A node that changes its keys: the old key says which is the next, and the next says so, too.

Pure functions. A rotation that names another key as the old one than its reader knows changes
nothing, so neither a repeated nor a recorded one does harm.
"""

from typing import Annotated, Final

from pydantic import AwareDatetime, StringConstraints, ValidationError

from config.contract.identifiers import Frozen, Slug
from config.contract.trust import (
    TrustError,
    from_text,
    public_text,
    recipient_key,
    sign,
    to_text,
    verify,
    verifying_key,
)
from config.crypto.keys import RecipientKey, SigningKey
from config.crypto.suites import suite_of

OLD_CONTEXT: Final = "menshen node rotation v1 old"
NEW_CONTEXT: Final = "menshen node rotation v1 new"
ROTATION_SIZE_BYTES_MAX: Final = 2_000
_Text = Annotated[str, StringConstraints(max_length=200)]


class NodeRotation(Frozen):
    """What a node's keys are from now on.

    Attributes:
        old_key: Public key that it signed with so far (``contract.trust.public_text``).
        signing_key: The next one.
        sealing_key: Public key for which secrets are sealed then.
    """

    site: Slug
    node: Slug
    old_key: _Text
    signing_key: _Text
    sealing_key: _Text


class SignedRotation(Frozen):
    """A rotation as it was signed.

    Attributes:
        document: JSON, to the byte.
        by_old: Signature of the old key: the node wants this.
        by_new: Of the next one: whoever wants this has it.
    """

    document: Annotated[str, StringConstraints(max_length=1_000)]
    by_old: _Text
    by_new: _Text


class RotationTaken(Frozen):
    """Central's answer: it knows the next keys.

    Attributes:
        old_key_until: The old key is refused from then on, by central's clock.
        sealed_card_key: The key of card verifiers, sealed for the next sealing key.
    """

    old_key_until: AwareDatetime
    sealed_card_key: str


def sign_rotation(
    *,
    site: str,
    node: str,
    old_key: SigningKey,
    signing_key: SigningKey,
    sealing_key: RecipientKey,
) -> SignedRotation:
    """Return a rotation from one key to the next, signed by both."""
    rotation = NodeRotation(
        site=site,
        node=node,
        old_key=public_text(old_key.public_key()),
        signing_key=public_text(signing_key.public_key()),
        sealing_key=public_text(sealing_key),
    )
    document = rotation.model_dump_json()
    return SignedRotation(
        document=document,
        by_old=to_text(sign(old_key, document.encode(), context=OLD_CONTEXT)),
        by_new=to_text(sign(signing_key, document.encode(), context=NEW_CONTEXT)),
    )


def read_rotation(signed: SignedRotation) -> NodeRotation:
    """Return a rotation that both of its keys have signed; whose the old one is, is not looked at.

    Raises:
        TrustError: It is none, or one of the keys has not signed it.
    """
    try:
        rotation = NodeRotation.model_validate_json(signed.document)
    except ValidationError as error:
        raise TrustError("this is no change of a node's keys") from error
    old, new = verifying_key(rotation.old_key), verifying_key(rotation.signing_key)
    suite = suite_of(old)
    if not (suite.owns(new) and suite.owns(recipient_key(rotation.sealing_key))):
        raise TrustError(f"a node of the suite {suite.name} changes to keys of that suite alone")
    if rotation.old_key == rotation.signing_key:
        raise TrustError("a change of keys from a key to itself")
    document = signed.document.encode()
    verify(old, from_text(signed.by_old), document, context=OLD_CONTEXT)
    verify(new, from_text(signed.by_new), document, context=NEW_CONTEXT)
    return rotation
