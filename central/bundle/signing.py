"""The key that bundles are signed with: Ed25519, in the PEM files that ``openssl`` reads, too."""

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from central.bundle.errors import BundleError

SIGNATURE_SIZE_BYTES: Final = 64


def make_key(path: Path, *, passphrase: str | None) -> Path:
    """Make a key pair; returns the file of the public one, which lies beside the private one.

    Args:
        path: Of the private key, for its owner's eyes alone; never written over.
        passphrase: Encrypts it; None leaves that to the disk.

    Raises:
        BundleError: One of the files is there already, or cannot be written.
    """
    key, public = Ed25519PrivateKey.generate(), path.with_name(f"{path.name}.pub")
    hidden: KeySerializationEncryption = (
        NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    )
    private_text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)
    public_text = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        for file, text, mode in ((path, private_text, 0o600), (public, public_text, 0o644)):
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(text)
    except OSError as error:
        raise BundleError(f"cannot write {error.filename}: {error.strerror}") from error
    return public


def read_key(path: Path, *, passphrase: str | None) -> Ed25519PrivateKey:
    """Read the private key.

    Raises:
        BundleError: It cannot be read, or others may read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise BundleError(f"others may read {path}: chmod 600 {path}")
        password = None if passphrase is None else passphrase.encode()
        key = load_pem_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no key, or another passphrase"
        raise BundleError(f"the key in {path} cannot be read: {why}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{path} is no Ed25519 key: make one with `menshen bundle keygen`")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read the public key.

    Raises:
        BundleError: It cannot be read.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds none"
        raise BundleError(f"the public key in {path} cannot be read: {why}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BundleError(f"{path} is no Ed25519 key")
    return key


def is_signed(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    """Return whether the key's owner signed a text."""
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what two people compare, by telephone: SHA-256 of the public key, in groups."""
    raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = hashlib.sha256(raw).hexdigest()[:32]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
