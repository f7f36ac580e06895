"""What a simulated payment provider writes: its keys and its bills.

Source: as ``payment_provider``.
"""

import base64
import json
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from drivers.simulators.http_server import Request

MERCHANT: Final = "1900000001"
SERIAL: Final = "SIMULATED01"
KEY_BITS: Final = 2048
COLUMNS: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,"
    "退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS: Final = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)

_AUTHORIZATION: Final = re.compile(r'(\w+)="([^"]*)"')


class Files:
    """The keys of both sides in one folder: central reads its own, the provider the rest.

    Attributes:
        own: The provider's private key.
        merchant: The merchant's public key.
        sealing: What notices are sealed with.
    """

    def __init__(self, folder: Path) -> None:
        """Read the keys; the first call makes them.

        Raises:
            OSError: The folder cannot be used.
        """
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        merchant = self._key("merchant.pem")
        self.own = self._key("simulated-provider.key")
        public = self.own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._write(f"provider-{SERIAL}.pem", public)
        sealing = folder / "sealing.key"
        if not sealing.exists():
            self._write(sealing.name, secrets.token_hex(16).encode())
        self.sealing = sealing.read_bytes()
        self.merchant = merchant.public_key()

    def write_connector(self, *, url: str, notify_url: str) -> None:
        """Write ``connector.toml`` where there is none yet."""
        lines = [
            f'url = "{url}"',
            f'notify_url = "{notify_url}"',
            f'merchant = "{MERCHANT}"',
            'app = "wx-simulated"',
            'serial = "MERCHANT01"',
        ]
        if not (self._folder / "connector.toml").exists():
            self._write("connector.toml", ("\n".join(lines) + "\n").encode())

    def signatures(self, body: bytes, *, now: datetime) -> dict[str, str]:
        """Return the headers that sign what the provider says."""
        stamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.own.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": SERIAL,
        }

    def is_signed(self, request: Request) -> bool:
        """Return whether the merchant signed a request."""
        fields = dict(_AUTHORIZATION.findall(request.headers.get("authorization", "")))
        parts = (
            request.method,
            request.path,
            fields.get("timestamp", ""),
            fields.get("nonce_str", ""),
        )
        message = "".join(f"{part}\n" for part in parts).encode() + request.body + b"\n"
        try:
            signature = base64.b64decode(fields.get("signature", ""))
            self.merchant.verify(signature, message, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return fields.get("mchid") == MERCHANT

    def sealed(self, document: dict[str, Any], original: str) -> dict[str, str]:
        """Return what a notice holds, sealed for the merchant."""
        nonce = secrets.token_hex(6)
        ciphertext = AESGCM(self.sealing).encrypt(
            nonce.encode(), json.dumps(document).encode(), original.encode()
        )
        return {
            "original_type": original,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "associated_data": original,
            "nonce": nonce,
        }

    def _key(self, name: str) -> rsa.RSAPrivateKey:
        path = self._folder / name
        if not path.exists():
            made = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
            form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            self._write(name, made.private_bytes(*form))
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} is no RSA key")
        return key

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def bill_of(rows: Sequence[tuple[str, str, str, int, str, int]], *, day: str) -> bytes:
    """Return a day's bill.

    Args:
        rows: Order number, number of the provider, state, amount, refund number, amount of it; fen.
        day: Of the bill.
    """
    lines = [COLUMNS]
    for order_no, number, state, amount, refund_no, refund in rows:
        is_refund = state == "REFUND"
        cells = [
            f"{day} 12:00:00",
            "wx-simulated",
            MERCHANT,
            "0",
            "",
            number,
            order_no,
            "",
            "NATIVE",
        ]
        cells += [state, "OTHERS", "CNY", "0.00" if is_refund else _yuan(amount), "0.00"]
        cells += [f"5{number}" if is_refund else "0", refund_no or "0", _yuan(refund), "0.00"]
        cells += ["ORIGINAL" if is_refund else "", "SUCCESS" if is_refund else "", "餐费充值", ""]
        cells += ["0.00000", "0.60%", "0.00" if is_refund else _yuan(amount), _yuan(refund), ""]
        lines.append(",".join(f"`{cell}" for cell in cells))
    paid = sum(row[3] for row in rows if row[2] != "REFUND")
    back = sum(row[5] for row in rows)
    sums = [str(len(rows)), _yuan(paid), _yuan(back), "0.00", "0.00000", _yuan(paid), _yuan(back)]
    lines += [SUMS, ",".join(f"`{cell}" for cell in sums)]
    return ("﻿" + "\r\n".join(lines) + "\r\n").encode()


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
