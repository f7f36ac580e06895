"""Central's own certificate is made anew while it serves."""

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from central.authority import SERVER_LIFETIME, Authority, new_authority
from central.certificates.server import RENEWED_BEFORE, ServerCertificate

DUE = dt.datetime.now(dt.UTC)
MADE = DUE - SERVER_LIFETIME + RENEWED_BEFORE - dt.timedelta(hours=1)


@contextlib.contextmanager
def echoing(context: ssl.SSLContext) -> Iterator[tuple[str, int]]:
    """Serve on loopback: each connection says its bytes back until it is closed."""

    def answer(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
            while piece := secure.recv(100):
                secure.sendall(piece)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                threading.Thread(target=answer, args=(plain,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)


def connected(place: tuple[str, int], authority: Authority) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=authority.pem)
    return context.wrap_socket(socket.create_connection(place), server_hostname="central.test")


def serial(connection: ssl.SSLSocket) -> int:
    return x509.load_der_x509_certificate(connection.getpeercert(True) or b"").serial_number


class Unlucky(ssl.SSLContext):
    """Finds once that another process wrote between certificate and key."""

    is_lucky = False

    def load_cert_chain(self, *files: Any, **more: Any) -> None:  # noqa: ANN401 - the library's
        was_lucky, self.is_lucky = self.is_lucky, True
        if not was_lucky:
            raise ssl.SSLError("KEY_VALUES_MISMATCH")
        super().load_cert_chain(*files, **more)


def test_one_that_cannot_be_served_with_is_made_anew_the_next_time(tmp_path: Path) -> None:
    served = ServerCertificate(new_authority("test", now=MADE), tmp_path, ["central.test"])
    served.write(now=MADE)
    before = served.expires_at
    served.serve_with(Unlucky(ssl.PROTOCOL_TLS_SERVER))

    with pytest.raises(OSError, match="MISMATCH"):
        served.renew_if_due(now=DUE)

    assert served.expires_at == before
    assert served.renew_if_due(now=DUE)


def test_it_is_made_anew_in_time_and_open_connections_stay(tmp_path: Path) -> None:
    authority = new_authority("test", now=MADE)
    served = ServerCertificate(authority, tmp_path, ["central.test"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*served.write(now=MADE))
    served.serve_with(context)
    with echoing(context) as place, connected(place, authority) as first:
        assert not served.renew_if_due(now=DUE - dt.timedelta(hours=2))

        assert served.renew_if_due(now=DUE)

        with connected(place, authority) as second:
            assert serial(second) != serial(first)
        first.sendall(b"still here")
        assert first.recv(100) == b"still here"
    assert served.expires_at is not None
    assert served.expires_at > DUE + RENEWED_BEFORE
