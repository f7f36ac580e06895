"""Signatures of a merchant API of the v3 family; no I/O.

A request carries the merchant's signature in ``Authorization``, an answer and a notice the
provider's in headers of their own. Both are RSA PKCS #1 v1.5 over SHA-256.

Source: WeChat Pay merchant documentation, "APIv3 signature": lines of method, target, time, nonce
    and body, each ended by a line feed; of time, nonce and body for what the provider signs.
    Edition unconfirmed: the public pages carry none.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from central.payments.provider import ForgedError

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
TIMESTAMP, NONCE = "wechatpay-timestamp", "wechatpay-nonce"
SIGNATURE, SERIAL = "wechatpay-signature", "wechatpay-serial"
AGE_MAX: Final = timedelta(minutes=5)
"""What was signed longer ago, or so far ahead, is a replay."""


def authorization(
    key: RSAPrivateKey,
    *,
    merchant: str,
    serial: str,
    method: str,
    target: str,
    body: bytes,
    nonce: str,
    now: datetime,
) -> str:
    """Return the value of ``Authorization`` for a request; ``target`` is its path with query."""
    timestamp = str(int(now.timestamp()))
    signed = _lines(method.encode(), target.encode(), timestamp.encode(), nonce.encode(), body)
    signature = base64.b64encode(key.sign(signed, PKCS1v15(), SHA256())).decode()
    fields = {
        "mchid": merchant,
        "nonce_str": nonce,
        "timestamp": timestamp,
        "serial_no": serial,
        "signature": signature,
    }
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in fields.items())


def verify(
    keys: Mapping[str, RSAPublicKey], headers: Mapping[str, str], body: bytes, *, now: datetime
) -> None:
    """Check that the provider signed this body, lately.

    Args:
        keys: Of the provider, by serial number.
        headers: By names in lower case.
        body: As it came.
        now: Aware UTC.

    Raises:
        ForgedError: It did not.
    """
    key = keys.get(headers.get(SERIAL, ""))
    timestamp, nonce = headers.get(TIMESTAMP, ""), headers.get(NONCE, "")
    if key is None or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
        raise ForgedError("signed by no key that is known")
    if abs(now.timestamp() - int(timestamp)) > AGE_MAX.total_seconds():
        raise ForgedError("signed too long ago")
    try:
        signature = base64.b64decode(headers.get(SIGNATURE, ""), validate=True)
        signed = _lines(timestamp.encode(), nonce.encode(), body)
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ForgedError("the signature does not fit") from error


def _lines(*parts: bytes) -> bytes:
    return b"".join(part + b"\n" for part in parts)
