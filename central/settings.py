"""What one central process is told at its start."""

from enum import StrEnum
from pathlib import Path

from config.contract.identifiers import Frozen
from config.crypto.suite import SuiteName
from config.site import Site


class ClientCertificates(StrEnum):
    """Whether terminals prove by a certificate, too, who opens a connection."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Settings(Frozen):
    """Settings.

    Attributes:
        home: State folder of this process.
        database: SQLAlchemy address; None is ``home/central.sqlite3``.
        url: What nodes and browsers call central by, without a slash at the end.
        crypto: The suite of a new site; one that is there must be of it. None takes what is there.
        client_certificates: Not ``off`` where central is reached by HTTPS alone.
    """

    site: Site
    home: Path
    database: str | None = None
    url: str = "http://127.0.0.1:8080"
    crypto: SuiteName | None = None
    client_certificates: ClientCertificates = ClientCertificates.OFF

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.home / 'central.sqlite3'}"

    @property
    def is_secure(self) -> bool:
        """Whether central is reached by HTTPS."""
        return self.url.startswith("https://")
