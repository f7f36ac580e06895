"""Central's own certificate for HTTPS: made at the start, and anew in time, without a restart."""

import dataclasses
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from central.authority import CERTIFICATE_FILE, KEY_FILE, Authority

RENEWED_BEFORE: Final = timedelta(days=60)
"""Long before anybody would be told of it (``watch.WARNED_BEFORE``)."""


class ServerCertificate:
    """The certificate of one site's address, and whoever serves with it."""

    def __init__(self, authority: Authority, folder: Path, names: Sequence[str]) -> None:
        """Keep it in ``folder``; the first name is what others call central by."""
        self._authority, self._folder, self._names = authority, folder, list(names)
        self._contexts: list[ssl.SSLContext] = []
        self._expires_at: datetime | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When it is over; None before ``write``."""
        return self._expires_at

    @property
    def files(self) -> tuple[Path, Path]:
        """Those of certificate and key, as ``write`` has made them."""
        return self._folder / CERTIFICATE_FILE, self._folder / KEY_FILE

    def write(self, *, now: datetime) -> tuple[Path, Path]:
        """Make the certificate; returns the files of certificate and key."""
        certificate, key, expires_at = self._written(now)
        self._expires_at = expires_at
        return certificate, key

    def _written(self, now: datetime) -> tuple[Path, Path, datetime]:
        files = self._authority.write_server_files(self._folder, self._names, now=now)
        certificate = x509.load_pem_x509_certificate(files[0].read_bytes())
        return *files, certificate.not_valid_after_utc

    def serve_with(self, context: ssl.SSLContext) -> None:
        """Let whoever serves with this context show the newest certificate at each handshake."""
        self._contexts.append(context)

    def renew_if_due(self, *, now: datetime) -> bool:
        """Make it anew in time; connections that are open stay. Returns whether it was.

        Raises:
            OSError: It was not, and is tried again the next time.
        """
        if self._expires_at is None or self._expires_at - now > RENEWED_BEFORE:
            return False
        certificate, key, expires_at = self._written(now)
        for context in self._contexts:
            # Another process that shares the folder may have written between: then they do not fit.
            context.load_cert_chain(certificate, key)
        self._expires_at = expires_at
        return True


@dataclasses.dataclass(slots=True)
class Served:
    """What this process serves with.

    Attributes:
        value: None while it serves plain HTTP.
        terminals_port: Where connections with a certificate are taken; None where they are not.
    """

    value: ServerCertificate | None = None
    terminals_port: int | None = None
