"""What one site's listeners show, and demand, of certificates."""

import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

from central.certificates.connection import Entrance, demanding
from central.certificates.server import ServerCertificate
from central.services import Services
from central.tls import strict


def server_tls(services: Services, names: Sequence[str]) -> ssl.SSLContext | None:
    """Return what connections to a site are opened with; None where it speaks plain HTTP.

    Args:
        services: Of the site.
        names: Of this machine; the first is what others call it by.
    """
    if services.authority is None:
        return None
    served = ServerCertificate(services.authority, services.settings.home / "tls", names)
    context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(*served.write(now=datetime.now(UTC)))
    # Made anew in time, it is shown from the next handshake on.
    served.serve_with(context)
    services.certificate.value = served
    return context


def entrance_of(services: Services, listener: socket.socket) -> Entrance | None:
    """Return where a site's terminals come in with a certificate; None as ``server_tls``.

    Args:
        services: Of a site, for which ``server_tls`` was called.
        listener: Bound and listening.
    """
    served = services.certificate
    if services.authority is None or served.value is None:
        return None
    context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(*served.value.files)
    served.value.serve_with(context)
    entrance = Entrance(listener, demanding(context, services.authority.pem))
    served.terminals_port = entrance.port
    return entrance
