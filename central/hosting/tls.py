"""Certificates of many sites at one address: chosen by the name that a client asks for (SNI).

Source: RFC 6066 section 3 (server name), RFC 9110 section 7.4 (421 for a name of another
connection).
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from central.hosting.front import TLS_NAME
from central.tls import strict


class ServerNames:
    """The listener's TLS. Attributes: contexts: by host, in lower case."""

    def __init__(self) -> None:
        self.contexts: Mapping[str, ssl.SSLContext] = {}
        self.listener = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
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


class NamedConnection(HttpToolsProtocol):
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
