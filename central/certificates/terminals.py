"""Certificates of terminals: what this site gives them, and what one proves at a connection.

A certificate names the key that the terminal signs its requests with. So it is good beside
signatures of that key alone, and for as long as central takes them: nothing has to be kept of it,
and who is shut out has none. Source: RFC 5280 (URI as a subject's alternative name).
"""

import dataclasses
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central.authority import Authority

LIFETIME: Final = timedelta(days=3)
RENEWED_BEFORE: Final = timedelta(days=2)
"""So long it goes on without central, counted from when it would be made anew."""
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""Between processes of central: no terminal's clock is asked."""


class CertificateWishError(Exception):
    """What a terminal asks with is no request for a certificate; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What came with a connection; TLS has proven that its key is there and who signed it.

    Attributes:
        names: URIs that it names.
    """

    names: frozenset[str]
    not_before: datetime
    not_after: datetime

    @classmethod
    def from_der(cls, der: bytes) -> "PeerCertificate":
        """Return what a certificate says; one that names nobody is of nobody."""
        certificate = x509.load_der_x509_certificate(der)
        try:
            extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = extension.value.get_values_for_type(x509.UniformResourceIdentifier)
        except x509.ExtensionNotFound:
            names = []
        return cls(
            frozenset(names), certificate.not_valid_before_utc, certificate.not_valid_after_utc
        )

    def proves(self, site: str, node: str, keys: Iterable[str]) -> bool:
        """Return whether it is of a node of a site, with one of these public keys."""
        return any(name_of(site, node, key) in self.names for key in keys)

    def is_good(self, now: datetime) -> bool:
        """Return whether its time has come and is not over."""
        return self.not_before <= now < self.not_after

    def is_due(self, now: datetime) -> bool:
        """Return whether it is to be made anew."""
        return self.not_after - now <= RENEWED_BEFORE


def name_of(site: str, node: str, key: str) -> str:
    """Return what a certificate names: a node of a site, and its public key (``public_text``)."""
    return f"menshen://{site}/{node}#{hashlib.sha256(key.encode()).hexdigest()}"


def give(
    authority: Authority, request: str, *, site: str, node: str, key: str, now: datetime
) -> str:
    """Return a certificate (PEM) for the key of a request; whatever else it asks is passed over.

    Args:
        authority: Of the site.
        request: PKCS #10, PEM; its key is ECDSA P-256.
        site: That the authority is of.
        node: That asks.
        key: Public key that it has signed with (``contract.trust.public_text``).
        now: Aware UTC.

    Raises:
        CertificateWishError: It is no such request, or not signed by its own key.
    """
    public_key = _asked(request)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)]))
        .issuer_name(authority.certificate.subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + LIFETIME)
        .public_key(public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name_of(site, node, key))]),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _asked(request: str) -> ec.EllipticCurvePublicKey:
    try:
        asked = x509.load_pem_x509_csr(request.encode())
        key = asked.public_key()
        is_signed = asked.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise CertificateWishError("this is no request for a certificate") from error
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise CertificateWishError("the key of a certificate is ECDSA P-256")
    if not is_signed:
        raise CertificateWishError("the request is not signed by its own key")
    return key
