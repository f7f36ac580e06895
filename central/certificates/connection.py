"""Connections that bring a certificate: which are taken, and how the application hears of it."""

import asyncio
import socket
import ssl
from typing import Any, Final, NamedTuple, TypeVar

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from central.certificates.terminals import PeerCertificate

PEER: Final = "menshen.peer_certificate"
"""In a request's state: what the connection's client has proven."""
Context = TypeVar("Context", bound=ssl.SSLContext)


class Entrance(NamedTuple):
    """Where terminals with a certificate come in. Attributes: listener: bound and listening."""

    listener: socket.socket
    tls: ssl.SSLContext

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.listener.getsockname()[1]
        return port


class CertifiedConnection(HttpToolsProtocol):
    """HTTP on a connection, which tells the application what certificate it was opened with."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its own base does
        """Begin to read requests."""
        super().connection_made(transport)
        connection: Any = transport.get_extra_info("ssl_object")
        der = None if connection is None else connection.getpeercert(binary_form=True)
        if der is not None:
            self.app_state = {**self.app_state, PEER: PeerCertificate.from_der(der)}


def peer_of(scope: Scope) -> PeerCertificate | None:
    """Return what came with the connection of a request; None where nothing was asked for."""
    peer: PeerCertificate | None = scope.get("state", {}).get(PEER)
    return peer


def demanding(context: Context, authority: str | None = None) -> Context:
    """Return a context of a server that takes no connection without a certificate.

    Args:
        context: Of a server.
        authority: PEM; its certificates and no other's. None is no one's, until the context is
            changed for a site's.
    """
    context.verify_mode = ssl.CERT_REQUIRED
    # A connection that went on from an earlier one would show what may be over since.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    if authority is not None:
        context.load_verify_locations(cadata=authority)
    return context
