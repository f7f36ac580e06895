"""The payment provider's files: a folder of central's home that only central's user reads.

    payments/connector.toml      PaymentSettings
    payments/merchant.pem        our private key (RSA)
    payments/sealing.key         32 characters: what notices are sealed with
    payments/provider-SERIAL.pem the provider's public key or certificate; two while it changes

Without the folder a site has no connector, and tops up at the counter alone.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from pydantic import Field, StringConstraints, ValidationError

from central.keys import KeysError
from config.contract.identifiers import Frozen
from config.contract.money import Fen

FOLDER: Final = "payments"
_PREFIX: Final = "provider-"
_Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
_Url = Annotated[str, StringConstraints(max_length=256, pattern=r"^https?://[^\s/?#]+$")]


class PaymentSettings(Frozen):
    """What the provider's contract says, and our own bounds.

    Attributes:
        url: Of the provider, without a path.
        notify_url: What the provider reaches central by, ending in ``/payments/notices``.
        merchant, app, serial: As the provider calls us, our programme and our key.
        subject: What the diner reads at the provider's.
        pay_within_min: So long an order can be paid.
        least_fen, most_fen: Of one top-up.
        bill_hour: From this hour of the site's day on the bill of the day before is there.
    """

    url: _Url
    notify_url: Annotated[str, StringConstraints(max_length=256, pattern=r"^https?://\S+$")]
    merchant: _Word
    app: _Word
    serial: _Word
    subject: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "餐费充值"
    pay_within_min: Annotated[int, Field(ge=1, le=120)] = 10
    least_fen: Fen = 100
    most_fen: Fen = 50_000
    bill_hour: Annotated[int, Field(ge=9, le=23)] = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MerchantKeys:
    """Not printable: it holds keys. Attributes: provider: by serial number."""

    settings: PaymentSettings
    merchant: RSAPrivateKey
    sealing: bytes
    provider: Mapping[str, RSAPublicKey]


def load_keys(home: Path) -> MerchantKeys | None:
    """Return what central's home has of a provider; None where the site has none.

    Raises:
        KeysError: A file is missing, damaged, or can be read by others.
    """
    folder = home / FOLDER
    if not folder.is_dir():
        return None
    try:
        settings = PaymentSettings.model_validate(
            tomllib.loads(_text(folder / "connector.toml", is_secret=False))
        )
        key = load_pem_private_key(_text(folder / "merchant.pem").encode(), password=None)
        sealing = _text(folder / "sealing.key").strip().encode()
        provider = {
            path.stem.removeprefix(_PREFIX): _public(path)
            for path in sorted(folder.glob(f"{_PREFIX}*.pem"))
        }
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KeysError(f"{folder / 'connector.toml'}: {place}: {first['msg']}") from error
    except (OSError, ValueError, TypeError) as error:
        raise KeysError(f"the payment provider's files in {folder}: {error}") from error
    if not isinstance(key, RSAPrivateKey) or len(sealing) != 32 or not provider:
        raise KeysError(
            f"{folder} needs an RSA key in merchant.pem, 32 characters in sealing.key and"
            " provider-SERIAL.pem"
        )
    return MerchantKeys(settings=settings, merchant=key, sealing=sealing, provider=provider)


def _public(path: Path) -> RSAPublicKey:
    text = _text(path, is_secret=False).encode()
    is_certificate = b"BEGIN CERTIFICATE" in text
    key = (
        load_pem_x509_certificate(text).public_key()
        if is_certificate
        else load_pem_public_key(text)
    )
    if not isinstance(key, RSAPublicKey):
        raise TypeError(f"{path} is no RSA key")
    return key


def _text(path: Path, *, is_secret: bool = True) -> str:
    if is_secret and path.stat().st_mode & 0o077:
        raise KeysError(f"others may read {path}: chmod 600 {path}")
    return path.read_text(encoding="utf-8")
