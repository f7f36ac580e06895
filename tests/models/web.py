"""A small web server with the faults of real ones, on the loopback interface."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme


class Web(ThreadingHTTPServer):
    """Serves files from memory.

    Attributes:
        files: Content by path.
        redirects: Address by path.
        cuts: How many bytes each of the next answers has before the connection breaks.
        has_ranges: Whether it can continue in the middle of a file.
        range_shift: By how many bytes it misses the place that was asked for.
        asked: Path and Range header of every request.
    """

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Listen on a free port; with a context, over TLS."""
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_address[1]}"
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.cuts: list[int] = []
        self.has_ranges = True
        self.range_shift = 0
        self.asked: list[tuple[str, str | None]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that refuse what they are sent hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: Web
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        if target := self.server.redirects.get(self.path):
            self._answer(302, b"", {"Location": target})
            return
        raw = self.server.files.get(self.path)
        if raw is None:
            self._answer(404, b"no such file")
        elif wanted is None or not self.server.has_ranges:
            self._answer(200, raw)
        else:
            self._answer_part(raw, int(wanted.removeprefix("bytes=").removesuffix("-")))

    def _answer_part(self, raw: bytes, start: int) -> None:
        if start >= len(raw):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(raw)}"})
            return
        start += self.server.range_shift
        content_range = f"bytes {start}-{len(raw) - 1}/{len(raw)}"
        self._answer(206, raw[start:], {"Content-Range": content_range})

    def _answer(self, status: int, raw: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if status in (200, 206) and self.server.cuts:
            raw, self.close_connection = raw[: self.server.cuts.pop(0)], True
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


def trusted_tls(monkeypatch: pytest.MonkeyPatch, folder: Path) -> ssl.SSLContext:
    """Return a certificate for the server that this process trusts, as an administrator would."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return context


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Run a server until the end of the block."""
    with Web(context) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            web.shutdown()
            thread.join()
