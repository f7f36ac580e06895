"""The control port of a simulator: a hand's reach over HTTP, on loopback and with a token only."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

BODY_SIZE_BYTES_MAX: Final = 65_536
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class ControlServer:
    """Serves ``GET /state``, ``POST /actions/NAME`` and ``POST /faults`` until it is stopped."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        state: Callable[[], Mapping[str, Any]],
        act: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
        set_fault: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        """Listen.

        Raises:
            ValueError: The host is not this machine alone.
        """
        if host not in LOOPBACK:
            raise ValueError(f"a control port listens on 127.0.0.1 only, not on {host}")
        self.token = secrets.token_urlsafe(24)
        self._server = ThreadingHTTPServer(
            (host, port), _handler(self.token, state, act, set_fault)
        )
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="control", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(
    token: str,
    state: Callable[[], Mapping[str, Any]],
    act: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    set_fault: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one piece: in two, the second waits 40 ms for a delayed acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            if self._is_allowed():
                if self.path == "/state":
                    self._answer(HTTPStatus.OK, state())
                else:
                    self._answer(HTTPStatus.NOT_FOUND, {"detail": "GET /state"})

        def do_POST(self) -> None:
            body = self._body()
            if not self._is_allowed():
                return
            try:
                if body is None:
                    raise ValueError("the body is one JSON object")
                if self.path.startswith("/actions/"):
                    self._answer(HTTPStatus.OK, act(self.path.removeprefix("/actions/"), body))
                elif self.path == "/faults":
                    self._answer(HTTPStatus.OK, set_fault(body))
                else:
                    self._answer(HTTPStatus.NOT_FOUND, {"detail": "POST /actions/NAME or /faults"})
            except (ValueError, TypeError, KeyError) as error:
                self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": str(error)})

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as above
            """Say nothing: standard output belongs to the ready line."""

        def _is_allowed(self) -> bool:
            given = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if secrets.compare_digest(given.encode(), token.encode()):
                return True
            self._answer(HTTPStatus.UNAUTHORIZED, {"detail": "Authorization: Bearer TOKEN"})
            return False

        def _body(self) -> dict[str, Any] | None:
            length = self.headers.get("Content-Length", "0")
            size = int(length) if length.isdecimal() else 0
            if size > BODY_SIZE_BYTES_MAX:
                self.close_connection = True
                return None
            try:
                body = json.loads(self.rfile.read(size) or b"{}")
            except ValueError:
                return None
            return body if isinstance(body, dict) else None

        def _answer(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
