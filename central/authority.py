"""The site's certificate authority, and certificates for this central.

The authority is made once per site, by whichever central process starts first; its key lies in the
database, wrapped like every other secret. A server's certificate is made anew at each start.
"""

import dataclasses
import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.database import MIGRATION_LOCK, Database
from central.keys import KeyEncryptionKey, kept_secret, write_private

AUTHORITY_LIFETIME: Final = timedelta(days=20 * 365)
SERVER_LIFETIME: Final = timedelta(days=397)
CERTIFICATE_FILE: Final = "server.pem"
KEY_FILE: Final = "server.key"
CLOCK_TOLERANCE: Final = timedelta(days=1)
"""Nodes may start with a clock that is behind."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """The authority of one site. Not printable: it holds a key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate (DER), lower-case hex."""
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return hashlib.sha256(der).hexdigest()

    def write_server_files(
        self, folder: Path, names: Sequence[str], *, now: datetime
    ) -> tuple[Path, Path]:
        """Make a certificate for these names and addresses; returns certificate and key files."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(names[0], now=now, lifetime=SERVER_LIFETIME)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]),
                critical=False,
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate_file, key_file = folder / CERTIFICATE_FILE, folder / KEY_FILE
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        write_private(certificate_file, pem + self.pem)
        write_private(key_file, _key_pem(key))
        return certificate_file, key_file


def new_authority(site: str, *, now: datetime) -> Authority:
    """Return an authority that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = _self_signed(key, site, now=now)
    return Authority(key, x509.load_pem_x509_certificate(pem.encode()))


async def site_authority(
    database: Database, kek: KeyEncryptionKey, *, site: str, now: datetime
) -> Authority:
    """Return the site's authority, made at the first call."""
    made = new_authority(site, now=now)
    fresh = _key_pem(made.key) + made.pem
    async with database.write() as transaction:
        await transaction.take_turn(MIGRATION_LOCK)
        pem = await kept_secret(transaction, kek, "authority", fresh.encode())
    loaded = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise AssertionError("the authority's key was made here")
    return Authority(loaded, x509.load_pem_x509_certificate(pem))


def _self_signed(key: ec.EllipticCurvePrivateKey, site: str, *, now: datetime) -> str:
    name = f"Menshen {site}"
    certificate = (
        _builder(name, now=now, lifetime=AUTHORITY_LIFETIME)
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _builder(name: str, *, now: datetime, lifetime: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + lifetime)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
