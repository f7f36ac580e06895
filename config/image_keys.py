"""Public keys of whoever signs images for controller boards, and their signatures. Pure.

Source: imgtool 2.5.0, ``keys``: what is signed, in which form, and how an image names its key.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey
"""Of whoever signs images; the curve is always P-256."""

_ECDSA_SIZE_BYTES_MAX: Final = 72


class PublicKeyError(ValueError):
    """A key is none whose images could be verified; the message says what to do."""


def public_keys(pems: Sequence[str]) -> tuple[PublicKey, ...]:
    """Read public keys (PEM), Ed25519 or ECDSA P-256.

    Raises:
        PublicKeyError: One is something else; the message says which, counted from 1.
    """
    return tuple(_public_key(pem, f"key {number}") for number, pem in enumerate(pems, 1))


def key_hash(key: PublicKey) -> bytes:
    """Return the SHA-256 of a public key, by which images name it: 32 bytes."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).digest()


def verify_signature(
    key: PublicKey, signature: bytes, image_hash: bytes, *, is_ed25519: bool
) -> None:
    """Check the signature over the hash of an image.

    Args:
        key: Of whom it should be.
        signature: Ed25519, or ECDSA in DER, which old signers pad to 72 bytes with zeros.
        image_hash: 32 bytes.
        is_ed25519: What the image calls its signature.

    Raises:
        InvalidSignature: It is not the key's.
    """
    if isinstance(key, Ed25519PublicKey) is not is_ed25519:
        raise InvalidSignature
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, image_hash)
    else:
        key.verify(_der(signature), image_hash, ec.ECDSA(Prehashed(hashes.SHA256())))


def _der(signature: bytes) -> bytes:
    """Return an ECDSA signature as it was before it was padded."""
    der = signature[: 2 + signature[1]] if len(signature) >= 2 else signature
    try:
        is_one = encode_dss_signature(*decode_dss_signature(der)) == der
    except ValueError as error:
        raise InvalidSignature from error
    if not is_one or signature[len(der) :].strip(b"\0") or len(signature) > _ECDSA_SIZE_BYTES_MAX:
        raise InvalidSignature
    return der


def _public_key(pem: str, name: str) -> PublicKey:
    if "PRIVATE KEY" in pem:
        raise PublicKeyError(
            f"{name} is a private key, which belongs to the signer alone: give what"
            " imgtool getpub -e pem writes"
        )
    if (count := pem.count("-----BEGIN")) > 1:
        raise PublicKeyError(f"{name} has {count} keys: give each its own text")
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PublicKeyError(
            f"{name} is no public key: give what imgtool getpub -e pem writes"
        ) from error
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    kind = type(key).__name__.removesuffix("PublicKey").strip("_")
    curve = f" {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else ""
    raise PublicKeyError(
        f"{name} is of kind {kind}{curve}; boards verify Ed25519 and ECDSA P-256: make one with"
        " imgtool keygen -t ed25519"
    )
