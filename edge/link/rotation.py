"""One datagram by which a node tells another its next key, so that central is not needed for it.

Bytes: the format's name; the sender's name, its length before it; the signature of the old key;
that of the next one; the document (``config.contract.node_rotation``). It says nothing that is
fresh: whoever repeats it tells again what is so, or what is known to be over.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from config.contract.node_rotation import OLD_CONTEXT, NodeRotation, SignedRotation, read_rotation
from config.contract.trust import TrustError, from_text, public_text, to_text, verify
from config.crypto.keys import VerifyingKey
from config.crypto.suite import SIGNATURE_SIZE_BYTES
from edge.link.message import DATAGRAM_SIZE_BYTES, LinkError

FORMAT: Final = b"MSR1"


def encode_rotation(sender: str, rotation: SignedRotation) -> bytes:
    """Return a rotation as bytes."""
    name = sender.encode()
    signatures = from_text(rotation.by_old) + from_text(rotation.by_new)
    return FORMAT + bytes([len(name)]) + name + signatures + rotation.document.encode()


def is_rotation(data: bytes) -> bool:
    """Return whether a datagram is to be a rotation."""
    return data.startswith(FORMAT)


def decode_rotation(data: bytes, *, site: str, keys: Mapping[str, VerifyingKey]) -> NodeRotation:
    """Return the next key of another node, or once more the one that is known.

    Args:
        data: As it came.
        site: This site.
        keys: Of the other nodes, as they are known.

    Raises:
        LinkError: No key that is known here has signed it.
    """
    start = len(FORMAT) + 1
    if not is_rotation(data) or not start < len(data) <= DATAGRAM_SIZE_BYTES:
        raise LinkError("no change of a key")
    end = start + data[len(FORMAT)]
    sender = data[start:end].decode("ascii", "replace")
    by_old, by_new, document = (
        data[end : end + SIGNATURE_SIZE_BYTES],
        data[end + SIGNATURE_SIZE_BYTES : end + 2 * SIGNATURE_SIZE_BYTES],
        data[end + 2 * SIGNATURE_SIZE_BYTES :],
    )
    key = keys.get(sender)
    if key is None:
        raise LinkError(f"a change of the key of {sender!r}, which is no node of this site")
    is_known = not _has_signed(key, by_old, document)
    try:
        signed = SignedRotation(
            document=document.decode(), by_old=to_text(by_old), by_new=to_text(by_new)
        )
        rotation = read_rotation(signed)
    except (TrustError, ValidationError, UnicodeDecodeError) as error:
        raise LinkError(f"a change of the key of {sender!r} that cannot be read") from error
    if (rotation.site, rotation.node) != (site, sender):
        raise LinkError("a change of the key of another node")
    if public_text(key) != (rotation.signing_key if is_known else rotation.old_key):
        raise LinkError(f"a change of the key of {sender!r} that its key has not signed")
    return rotation


def _has_signed(key: VerifyingKey, signature: bytes, document: bytes) -> bool:
    try:
        verify(key, signature, document, context=OLD_CONTEXT)
    except TrustError:
        return False
    return True
