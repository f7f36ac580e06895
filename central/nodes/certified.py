"""What a node's request demands of the connection that it came by."""

from fastapi import Request

from central.certificates.connection import peer_of
from central.nodes.known import NodeKeys
from central.problems import RefusedError
from central.services import Services
from central.settings import ClientCertificates
from config.contract.headers import CERTIFICATE_NEEDED, CERTIFICATE_REFUSED


def check_connection(request: Request, services: Services, node: str, keys: NodeKeys) -> None:
    """Refuse with 401 what a node has signed and somebody else's connection has brought.

    Args:
        request: Signed by the node, which is proven already.
        services: Of the site.
        node: That has signed.
        keys: That it has.
    """
    peer, now = peer_of(request.scope), services.now()
    if peer is None:
        if services.settings.client_certificates is ClientCertificates.REQUIRED:
            raise RefusedError(
                401, CERTIFICATE_NEEDED, "ask for a certificate, and come again with it"
            )
        return
    if not peer.proves(services.settings.site.site.id, node, keys.texts_at(now)):
        raise RefusedError(
            401, CERTIFICATE_REFUSED, "the connection's certificate is not this node's"
        )
    if not peer.is_good(now):
        raise RefusedError(401, CERTIFICATE_REFUSED, "the connection's certificate is over")


def is_certificate_wanted(
    request: Request, services: Services, node: str, keys: NodeKeys | None
) -> bool:
    """Return whether a node is to ask for a certificate: it has none, or soon none."""
    if keys is None or services.certificate.terminals_port is None:
        return False
    peer = peer_of(request.scope)
    return (
        peer is None
        or peer.is_due(services.now())
        or not peer.proves(services.settings.site.site.id, node, [keys.row.signing_key])
    )
