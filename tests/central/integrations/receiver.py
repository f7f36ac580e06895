"""A program that listens to a webhook, and checks what it is sent as the documents say."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What came, in order.

    Attributes:
        answer: The status of the next answers.
        meanwhile: Is done once, while the next message waits for its answer.
    """

    def __init__(self) -> None:
        self.url, self.answer = "", 204
        self.meanwhile: Callable[[], object] | None = None
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self._changed = threading.Condition()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        with self._changed:
            self.messages.append((headers, body))
            self._changed.notify_all()
        return self.answer

    def wait(self, is_enough: Callable[["Receiver"], bool], *, timeout_s: float = 30.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: is_enough(self), timeout_s), self.messages

    @property
    def events(self) -> list[dict[str, Any]]:
        found = list[dict[str, Any]]()
        for _, body in self.messages:
            told = json.loads(body)
            found += told if isinstance(told, list) else [told]
        return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen while inside."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take({k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Return whether one of the signatures is made with a secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")
