"""Who may speak and who may read: request signatures, sealed keys, encrypted templates, tokens.

Pure functions over ``cryptography`` and PyJWT; time is an argument. A node signs every request with
its own Ed25519 key: a short-lived JWT bound to method, target and body (the idea of RFC 9449, DPoP,
with a hash of the body added). Keys are sealed for a node with X25519, HKDF-SHA256 and AES-256-GCM.
"""

import base64
import hashlib
import hmac
import os
from datetime import datetime, timedelta
from typing import Final

import jwt
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from config.contract.identifiers import Frozen, Sha256, Slug, new_id

REQUEST_LIFETIME: Final = timedelta(seconds=60)
"""A signed request is refused when it is older, or younger than minus this."""
NONCE_SIZE_BYTES: Final = 12
KEY_SIZE_BYTES: Final = 32
_SEAL_CONTEXT: Final = b"menshen seal v1"


class TrustError(Exception):
    """A signature, seal or token is not what it should be: refuse, do not retry with the same."""


def to_text(raw: bytes) -> str:
    """Return bytes as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Return the bytes of unpadded base64url.

    Raises:
        TrustError: The text is not base64url.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise TrustError("not base64url") from error


class NodeToken(Frozen):
    """What an administrator carries to a new node: one line of text, good once and for minutes.

    Attributes:
        url: Where central listens.
        ca_fingerprint: SHA-256 of the site CA's certificate (DER); None on loopback without TLS.
        secret: Stored hashed at central.
    """

    url: str
    node: Slug
    secret: str
    ca_fingerprint: Sha256 | None = None

    def to_line(self) -> str:
        """Return the token as the line that people copy."""
        return "menshen1." + to_text(self.model_dump_json().encode())

    @classmethod
    def from_line(cls, line: str) -> "NodeToken":
        """Read a token.

        Raises:
            TrustError: The line is not a node token.
        """
        prefix, _, body = line.strip().partition(".")
        if prefix != "menshen1":
            raise TrustError("this is not a node token; it begins with 'menshen1.'")
        try:
            return cls.model_validate_json(from_text(body))
        except ValidationError as error:
            raise TrustError("the node token is damaged; copy the whole line") from error


def public_text(key: Ed25519PublicKey | X25519PublicKey) -> str:
    """Return a public key, raw, as base64url."""
    return to_text(key.public_bytes_raw())


def _body_hash(body: bytes) -> str:
    return to_text(hashlib.sha256(body).digest())


def sign_request(
    key: Ed25519PrivateKey,
    *,
    node: str,
    site: str,
    method: str,
    target: str,
    body: bytes,
    now: datetime,
) -> str:
    """Return the bearer token for one request.

    Args:
        key: The node's own key.
        node: Node identifier, the issuer.
        site: Site identifier, the audience.
        method: HTTP method, upper case.
        target: Path and query as sent.
        body: The request's body as sent.
        now: Aware UTC; central's clock as far as the node knows it.
    """
    claims = {
        "iss": node,
        "aud": site,
        "iat": int(now.timestamp()),
        "jti": str(new_id()),
        "htm": method,
        "htu": target,
        "bsh": _body_hash(body),
    }
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jwt.encode(claims, pem, algorithm="EdDSA")


def claimed_node(token: str) -> str:
    """Return who a token says it is from; nothing is verified yet.

    Raises:
        TrustError: The token cannot be read.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise TrustError("the request's token cannot be read") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise TrustError("the request's token names no node")
    return issuer


def verify_request(
    token: str,
    key: Ed25519PublicKey,
    *,
    site: str,
    method: str,
    target: str,
    body: bytes,
    now: datetime,
) -> str:
    """Check a signed request and return the node that signed it.

    Raises:
        TrustError: Signature, audience, age, method, target or body do not fit.
    """
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=site,
            options={
                "require": ["iss", "aud", "iat", "jti"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise TrustError(f"the request's signature is not valid: {error}") from error
    if abs(now.timestamp() - float(claims["iat"])) > REQUEST_LIFETIME.total_seconds():
        raise TrustError("the request is too old or from the future: compare the clocks")
    expected = {"htm": method, "htu": target, "bsh": _body_hash(body)}
    if any(claims.get(name) != value for name, value in expected.items()):
        raise TrustError("the signature belongs to another request")
    return str(claims["iss"])


def seal(recipient: X25519PublicKey, secret: bytes) -> str:
    """Encrypt a short secret so that only the recipient's private key opens it."""
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    key = _seal_key(ephemeral.exchange(recipient), public, recipient.public_bytes_raw())
    return to_text(public + AESGCM(key).encrypt(bytes(NONCE_SIZE_BYTES), secret, _SEAL_CONTEXT))


def unseal(recipient: X25519PrivateKey, sealed: str) -> bytes:
    """Open what was sealed for this key.

    Raises:
        TrustError: It was sealed for another key or is damaged.
    """
    raw = from_text(sealed)
    public, ciphertext = raw[:KEY_SIZE_BYTES], raw[KEY_SIZE_BYTES:]
    try:
        shared = recipient.exchange(X25519PublicKey.from_public_bytes(public))
        key = _seal_key(shared, public, recipient.public_key().public_bytes_raw())
        return AESGCM(key).decrypt(bytes(NONCE_SIZE_BYTES), ciphertext, _SEAL_CONTEXT)
    except (InvalidTag, ValueError) as error:
        raise TrustError("sealed for another key, or damaged") from error


def _seal_key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    # A fresh ephemeral key makes a fresh AES key, so the fixed nonce is used once per key.
    return HKDF(
        algorithm=hashes.SHA256(),
        length=KEY_SIZE_BYTES,
        salt=ephemeral + recipient,
        info=_SEAL_CONTEXT,
    ).derive(shared)


def encrypt_template(key: bytes, template: bytes, *, holder_id: str, key_version: int) -> str:
    """Encrypt a template under its record's own key, bound to holder and key version."""
    nonce = os.urandom(NONCE_SIZE_BYTES)
    return to_text(
        nonce + AESGCM(key).encrypt(nonce, template, _template_context(holder_id, key_version))
    )


def decrypt_template(key: bytes, ciphertext: str, *, holder_id: str, key_version: int) -> bytes:
    """Return a template's bytes.

    Raises:
        TrustError: The key, the holder or the key version is another, or the record is damaged.
    """
    raw = from_text(ciphertext)
    try:
        return AESGCM(key).decrypt(
            raw[:NONCE_SIZE_BYTES],
            raw[NONCE_SIZE_BYTES:],
            _template_context(holder_id, key_version),
        )
    except (InvalidTag, ValueError) as error:
        raise TrustError("the template belongs to another record, or is damaged") from error


def _template_context(holder_id: str, key_version: int) -> bytes:
    return f"menshen template v1|{holder_id}|{key_version}".encode()


def card_verifier(key: bytes, number: str) -> str:
    """Return what is kept of a card: an HMAC of its number under the site's card key."""
    return to_text(hmac.digest(key, f"card|{number.strip().upper()}".encode(), "sha256"))


def pin_verifier(key: bytes, holder_id: str, pin: str) -> str:
    """Return what is kept of a PIN: an HMAC under the site's card key, bound to its holder."""
    return to_text(hmac.digest(key, f"pin|{holder_id}|{pin.strip()}".encode(), "sha256"))


def sign(key: Ed25519PrivateKey, message: bytes, *, context: str) -> bytes:
    """Return an Ed25519 signature, 64 bytes, that is good for one purpose alone.

    Args:
        key: Of the signer.
        message: What is signed.
        context: The purpose and its version; a signature of another purpose never fits.
    """
    return key.sign(context.encode() + b"\0" + message)


def verify(key: Ed25519PublicKey, signature: bytes, message: bytes, *, context: str) -> None:
    """Check a signature of ``sign``.

    Raises:
        TrustError: It is of another key, message or purpose.
    """
    try:
        key.verify(signature, context.encode() + b"\0" + message)
    except InvalidSignature as error:
        raise TrustError("the signature does not fit") from error
