"""Who may speak and who may read: request signatures, sealed keys, encrypted templates, tokens.

Pure functions over ``config.crypto`` and PyJWT; time is an argument. A node signs every request
with its own key: a short-lived JWT bound to method, target and body (the idea of RFC 9449, DPoP,
with a hash of the body added). Keys and what is encrypted are written with the mark of their suite;
the first suite has none.
"""

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import jwt
from cryptography.exceptions import InvalidSignature, InvalidTag
from pydantic import ValidationError
from pydantic_core import from_json

from config.contract.identifiers import Frozen, Sha256, Slug, new_id
from config.crypto import jose
from config.crypto.international import INTERNATIONAL
from config.crypto.keys import RecipientKey, SealingKey, SigningKey, VerifyingKey
from config.crypto.sm2 import Sm2UnavailableError
from config.crypto.suite import NONCE_SIZE_BYTES, Suite, SuiteName
from config.crypto.suites import split_mark, suite_of, suite_of_secret

REQUEST_LIFETIME: Final = timedelta(seconds=60)
"""A signed request is refused when it is older, or younger than minus this."""
KEY_SIZE_BYTES: Final = 32
"""Of secrets that make verifiers and one-time secrets; a cipher's key is as its suite has it."""
_SEAL_CONTEXT: Final = b"menshen seal v1"
Key = TypeVar("Key")


class TrustError(Exception):
    """A signature, seal or token is not what it should be: refuse, do not retry with the same."""


class AlgorithmsMissingError(TrustError):
    """A key is of a suite that this machine lacks; the message says what to install."""


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
        crypto: The suite of which the node must make its keys; the first one is not written down.
    """

    url: str
    node: Slug
    secret: str
    ca_fingerprint: Sha256 | None = None
    crypto: SuiteName = INTERNATIONAL.name

    def to_line(self) -> str:
        """Return the token as the line that people copy."""
        unsaid = {"crypto"} if self.crypto == INTERNATIONAL.name else None
        return "menshen1." + to_text(self.model_dump_json(exclude=unsaid).encode())

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


def public_text(key: VerifyingKey | RecipientKey) -> str:
    """Return a public key as text that names its suite: the raw key as base64url."""
    return suite_of(key).mark + to_text(key.public_bytes_raw())


def private_text(key: SigningKey | SealingKey) -> str:
    """Return a private key as text that names its suite."""
    return suite_of(key).mark + to_text(key.private_bytes_raw())


def verifying_key(text: str) -> VerifyingKey:
    """Return the public key of ``public_text``.

    Raises:
        TrustError: It is none.
    """
    suite, raw = _named(text)
    return read_key(suite.verifying_key, raw)


def recipient_key(text: str) -> RecipientKey:
    """Return the public key of ``public_text``.

    Raises:
        TrustError: It is none.
    """
    suite, raw = _named(text)
    return read_key(suite.recipient_key, raw)


def signing_key(text: str) -> SigningKey:
    """Return the key of ``private_text``.

    Raises:
        TrustError: It is none.
    """
    suite, raw = _named(text)
    return read_key(suite.signing_key, raw)


def sealing_key(text: str) -> SealingKey:
    """Return the key of ``private_text``.

    Raises:
        TrustError: It is none.
    """
    suite, raw = _named(text)
    return read_key(suite.sealing_key, raw)


def read_key(read: Callable[[bytes], Key], raw: bytes) -> Key:
    """Return a key of bytes; whoever sent them may name any suite, also one that is not here.

    Args:
        read: Of a suite.
        raw: As they came.

    Raises:
        AlgorithmsMissingError: This machine has no algorithms of that suite.
        TrustError: They are no key.
    """
    try:
        return read(raw)
    except Sm2UnavailableError as error:
        raise AlgorithmsMissingError(str(error)) from error
    except ValueError as error:
        raise TrustError("this is no key") from error


def _named(text: str) -> tuple[Suite, bytes]:
    suite, body = split_mark(text)
    return suite, from_text(body)


def _body_hash(suite: Suite, body: bytes) -> str:
    return to_text(suite.digest(body))


def sign_request(
    key: SigningKey,
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
    suite = suite_of(key)
    claims = {
        "iss": node,
        "aud": site,
        "iat": int(now.timestamp()),
        "jti": str(new_id()),
        "htm": method,
        "htu": target,
        "bsh": _body_hash(suite, body),
    }
    return jose.encode(claims, key, suite)


def claimed_node(token: str) -> str:
    """Return who a token says it is from; nothing is verified yet.

    Raises:
        TrustError: The token cannot be read.
    """
    try:
        # Its claims alone: who verifies it reads all of it.
        claims = from_json(from_text(token.partition(".")[2].partition(".")[0]))
    except (TrustError, ValueError) as error:
        raise TrustError("the request's token cannot be read") from error
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str):
        raise TrustError("the request's token names no node")
    return issuer


def verify_request(
    token: str,
    key: VerifyingKey,
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
    suite = suite_of(key)
    try:
        claims = jose.decode(token, key, suite, audience=site)
    except jwt.PyJWTError as error:
        raise TrustError(f"the request's signature is not valid: {error}") from error
    if abs(now.timestamp() - float(claims["iat"])) > REQUEST_LIFETIME.total_seconds():
        raise TrustError("the request is too old or from the future: compare the clocks")
    expected = {"htm": method, "htu": target, "bsh": _body_hash(suite, body)}
    if any(claims.get(name) != value for name, value in expected.items()):
        raise TrustError("the signature belongs to another request")
    return str(claims["iss"])


def seal(recipient: RecipientKey, secret: bytes) -> str:
    """Encrypt a short secret so that only the recipient's private key opens it."""
    suite = suite_of(recipient)
    return suite.mark + to_text(suite.seal(recipient, secret, context=_SEAL_CONTEXT))


def unseal(recipient: SealingKey, sealed: str) -> bytes:
    """Open what was sealed for this key.

    Raises:
        TrustError: It was sealed for another key or is damaged.
    """
    suite, raw = _named(sealed)
    if not suite.owns(recipient):
        raise TrustError(f"sealed with the suite {suite.name}, and this key is of another")
    try:
        return suite.unseal(recipient, raw, context=_SEAL_CONTEXT)
    except (InvalidTag, ValueError) as error:
        raise TrustError("sealed for another key, or damaged") from error


def encrypt_template(
    key: bytes,
    template: bytes,
    *,
    holder_id: str,
    key_version: int,
    suite: Suite = INTERNATIONAL,
) -> str:
    """Encrypt a template under its record's own key, bound to holder and key version."""
    nonce, context = os.urandom(NONCE_SIZE_BYTES), _template_context(holder_id, key_version)
    return suite.mark + to_text(nonce + suite.cipher(key).encrypt(nonce, template, context))


def decrypt_template(key: bytes, ciphertext: str, *, holder_id: str, key_version: int) -> bytes:
    """Return a template's bytes.

    Raises:
        TrustError: The key, the holder or the key version is another, or the record is damaged.
    """
    suite, raw = _named(ciphertext)
    try:
        return suite.cipher(key).decrypt(
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
    suite = suite_of_secret(key)
    code = suite.mac(key, f"card|{number.strip().upper()}".encode())
    return suite.mark + to_text(code)


def pin_verifier(key: bytes, holder_id: str, pin: str) -> str:
    """Return what is kept of a PIN: an HMAC under the site's card key, bound to its holder."""
    suite = suite_of_secret(key)
    code = suite.mac(key, f"pin|{holder_id}|{pin.strip()}".encode())
    return suite.mark + to_text(code)


def sign(key: SigningKey, message: bytes, *, context: str) -> bytes:
    """Return a signature, 64 bytes, that is good for one purpose alone.

    Args:
        key: Of the signer.
        message: What is signed.
        context: The purpose and its version; a signature of another purpose never fits.
    """
    return key.sign(context.encode() + b"\0" + message)


def verify(key: VerifyingKey, signature: bytes, message: bytes, *, context: str) -> None:
    """Check a signature of ``sign``.

    Raises:
        TrustError: It is of another key, message or purpose.
    """
    try:
        key.verify(signature, context.encode() + b"\0" + message)
    except InvalidSignature as error:
        raise TrustError("the signature does not fit") from error
