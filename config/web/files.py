"""The pages' files as an ASGI application: compressed once, revalidated cheaply, never listed."""

import functools
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Self

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from config.web import CONTENT_SECURITY_POLICY

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A browser asks every time and gets 304: an update is never half old and half new.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
TYPES = {".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
"""Not left to the machine: on some, the registry says that scripts are plain text."""
_DOCUMENTATION = re.compile(
    r"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)|/\*\* @[^\n]*?\*/ ?", re.DOTALL | re.MULTILINE
)
"""Of a module: a comment that begins a line, and a type in the midst of one."""


def undocumented(script: str) -> str:
    """Return a module without its documentation, each line at its place.

    A quarter of what a page weighs are words for whoever reads the source, and the source is here.
    """
    return _DOCUMENTATION.sub(lambda found: "\n" * found.group().count("\n"), script)


class WebFile:
    """One file, compressed when it is first asked for."""

    def __init__(self, content: bytes | Callable[[], bytes], media_type: str) -> None:
        """Take what it contains, or how that is made when it is first asked for."""
        self._content, self._type = content, media_type

    @functools.cached_property
    def content(self) -> bytes:
        """What it contains."""
        return self._content if isinstance(self._content, bytes) else self._content()

    @functools.cached_property
    def _compressed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @functools.cached_property
    def _etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return a file of a folder."""
        guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
        if path.suffix == ".js":
            return cls(undocumented(path.read_text("utf-8")).encode(), guessed)
        return cls(path.read_bytes(), guessed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            refusal = PlainTextResponse("method not allowed", 405, headers={"Allow": "GET, HEAD"})
            return await refusal(scope, receive, send)
        return await self.response(Headers(scope=scope))(scope, receive, send)

    def response(self, asked: Headers) -> Response:
        """Return the answer to a request with these headers."""
        headers = {**HEADERS, "ETag": self._etag}
        if self._etag in asked.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in asked.get("Accept-Encoding", ""):
            return Response(self.content, media_type=self._type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(self._compressed, media_type=self._type, headers=headers)


class WebFiles:
    """The files of one flat folder, by name: ``app.mount("/web", WebFiles(...))``."""

    def __init__(self, folder: Path) -> None:
        """Read them. Args: folder: Flat; what lies deeper is not served."""
        self._files = {path.name: WebFile.read(path) for path in folder.iterdir() if path.is_file()}

    def __getitem__(self, name: str) -> WebFile:
        """Return a file of the folder; KeyError when there is none of this name."""
        return self._files[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file whose name the path ends with."""
        name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        answer = self._files.get(name) or PlainTextResponse("not found", 404)
        await answer(scope, receive, send)
