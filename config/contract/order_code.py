"""The QR code of an order: a secret that central makes and a till only recognises.

``MO1.`` and 32 characters of base32: upper-case letters, digits and a point, which a QR code holds
in its compact form and no keyboard layout of a scanner turns into others. Tills know its hash, so
it is recognised with the network cut, and whoever has a till's disk has no order's code.
"""

import base64
import hashlib
import re
from typing import Final

PREFIX: Final = "MO1."
SECRET_SIZE_BYTES: Final = 20
_FORM: Final = re.compile(r"MO1\.[A-Z2-7]{32}")


def encode_order_code(secret: bytes) -> str:
    """Return the text of a QR code.

    Args:
        secret: 20 bytes that nobody can guess.

    Raises:
        ValueError: It has another length.
    """
    if len(secret) != SECRET_SIZE_BYTES:
        raise ValueError(f"an order's secret has {SECRET_SIZE_BYTES} bytes, not {len(secret)}")
    return PREFIX + base64.b32encode(secret).decode()


def code_hash(text: str) -> str | None:
    """Return what a till compares with ``TillOrder.code_hash``: SHA-256, hex; None: no such code.

    Args:
        text: As it was scanned, of any content; letters of either case.
    """
    code = text.strip().upper()
    return hashlib.sha256(code.encode()).hexdigest() if _FORM.fullmatch(code) else None
