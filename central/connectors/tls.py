"""How the other side proves who it is, and we."""

import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from central.connectors.settings import ConnectorSettings, Secrets
from central.tls import strict


def client_context(settings: ConnectorSettings, secrets: Secrets) -> ssl.SSLContext:
    """Return a context that checks certificate and name of the other side; blocks.

    Raises:
        ssl.SSLError: A certificate or key of the settings is none, or they do not belong together.
    """
    context = strict(ssl.create_default_context(cadata=settings.ca_certificate or None))
    if settings.client_certificate:
        # OpenSSL takes them from a file alone: one that is this user's, and gone at once.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(f"{settings.client_certificate}\n{secrets.client_key}\n")
            file.flush()
            context.load_cert_chain(Path(file.name))
    return context


def first_end(certificates: str) -> datetime | None:
    """Return when the first of these certificates (PEM) ends; None where there is none."""
    if not certificates:
        return None
    found = x509.load_pem_x509_certificates(certificates.encode())
    return min((each.not_valid_after_utc for each in found), default=None)


def end_of_peer(line: ssl.SSLObject) -> datetime | None:
    """Return when the certificate of the other side of a line ends."""
    said = (line.getpeercert() or {}).get("notAfter")
    if not isinstance(said, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(said), UTC)
