"""The second factor: codes that change every 30 s, and codes for who has lost the telephone.

Source: RFC 6238 "TOTP: Time-Based One-Time Password Algorithm", sections 4 and 5.2.
"""

import base64
import hashlib
import hmac
import io
import secrets
from datetime import datetime
from typing import Final

import pyotp
import segno

STEP_S: Final = 30
DIGIT_COUNT: Final = 6
STEPS_EITHER_SIDE: Final = 1
RECOVERY_CODE_COUNT: Final = 10
_RECOVERY_BYTES: Final = 10


def new_secret() -> str:
    """Return a new secret as authenticators take it, 160 bits in base32."""
    return pyotp.random_base32(32)


def address_of(secret: str, *, username: str, issuer: str) -> str:
    """Return the ``otpauth://`` address that an authenticator reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def picture_of(address: str) -> bytes:
    """Return an address as a QR code: an SVG."""
    drawing = io.BytesIO()
    segno.make_qr(address, error="m").save(drawing, kind="svg", scale=4, light="#fff")
    return drawing.getvalue()


def step_of(secret: str, code: str, *, after: int | None, now: datetime) -> int | None:
    """Return the time step whose code this is; None where it is none that is good now.

    Args:
        secret: In base32.
        code: As it was typed, spaces included.
        after: The step of the last code that was accepted; it and those before are used up.
        now: Aware UTC.
    """
    typed = "".join(code.split())
    step_now = int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret, digits=DIGIT_COUNT, interval=STEP_S)
    found: int | None = None
    for step in range(step_now - STEPS_EITHER_SIDE, step_now + STEPS_EITHER_SIDE + 1):
        is_code = hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode())
        if is_code and (after is None or step > after):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return ten codes of 80 random bits each, in groups of four letters."""
    return [_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODE_COUNT)]


def _grouped(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def recovery_hash(user_id: str, code: str) -> str:
    """Return what is stored of a recovery code; case, spaces and dashes do not matter."""
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{user_id} {plain}".encode()).hexdigest()
