"""Certificates of many sites at one address: chosen by the name that a client asks for (SNI).

Source: RFC 6066 section 3 (server name), RFC 9110 section 7.4 (421 for a name of another
connection).
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from central.certificates.connection import CertifiedConnection, demanding
from central.hosting.front import TLS_NAME
from central.tls import strict


class ServerNames:
    """A listener's TLS. Attributes: contexts: by host, in lower case."""

    def __init__(self, *, with_certificate: bool = False) -> None:
        """Know no name yet; ``with_certificate`` no client comes in without one."""
        self.contexts: Mapping[str, ssl.SSLContext] = {}
        self.listener = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        if with_certificate:
            # Which are demanded is the listener's to say, and who has signed them each site's.
            demanding(self.listener)
        self.listener.sni_callback = self._choose

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> int | None:
        context = self.contexts.get((name or "").lower())
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = context
        return None


class NamedContext(ssl.SSLContext):
    """The certificate of one site. Attributes: host: whose it is."""

    host: str


class NamedConnection(CertifiedConnection):
    """HTTP on a connection, which tells the application whose certificate it was opened with."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its own base does
        """Begin to read requests."""
        super().connection_made(transport)
        connection: Any = transport.get_extra_info("ssl_object")
        if connection is not None and isinstance(connection.context, NamedContext):
            self.app_state = {**self.app_state, TLS_NAME: connection.context.host}


def context_of(host: str, certificate: Path, key: Path) -> NamedContext:
    """Return what a site's connections are opened with.

    Args:
        host: The site's.
        certificate: Path of the chain (PEM).
        key: Path of its key (PEM).
    """
    context = strict(NamedContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(certificate, key)
    context.host = host
    return context
