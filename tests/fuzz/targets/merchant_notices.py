"""Any bytes as a payment provider's notice, inside its seal and outside."""

import base64
import contextlib
import json
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central.payments.merchant_notices import member, read_notice, read_refund, read_trade
from central.payments.provider import ForgedError, SilentError

KEY: Final = bytes(32)
NONCE: Final = b"abcdefghijkl"


def run(data: bytes) -> None:
    """Let only ``ForgedError`` and ``SilentError`` pass; of another merchant nothing is taken."""
    with contextlib.suppress(ForgedError):
        read_notice(data, key=KEY, merchant="1")
    for event in ("TRANSACTION.SUCCESS", "REFUND.SUCCESS"):
        sealed = base64.b64encode(AESGCM(KEY).encrypt(NONCE, data, b"")).decode()
        resource = {"algorithm": "AEAD_AES_256_GCM", "ciphertext": sealed, "nonce": NONCE.decode()}
        body = json.dumps({"id": "1", "event_type": event, "resource": resource}).encode()
        with contextlib.suppress(ForgedError):
            assert read_notice(body, key=KEY, merchant="1").seen.order_no
    for read in (read_refund, lambda body: read_trade(body, merchant="1")):
        with contextlib.suppress(SilentError):
            assert read(data).amount_fen >= 0
    with contextlib.suppress(SilentError):
        assert member(data, "code_url")
