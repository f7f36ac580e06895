"""Around the application: no request has a longer body than anything here takes.

The framework reads a body whole before an endpoint asks who sent it, so a stranger could fill the
memory otherwise. What an endpoint itself takes is less, and its own to say.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.problems import RefusedError

JSON_SIZE_BYTES_MAX: Final = 12_000_000
"""A floor plan of 4 MB with every sign escaped, or a report of a fire."""
SIZE_BYTES_MAX: Final = 34_000_000
"""A clip of an alarm."""


class Bounded:
    """Refuses a body that is too long: at once where its length is said, else as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 413."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        is_json = "json" in headers.get("content-type", "")
        size_bytes, size_bytes_max = 0, JSON_SIZE_BYTES_MAX if is_json else SIZE_BYTES_MAX
        refusal = RefusedError(413, "too_large", f"at most {size_bytes_max} bytes")

        async def receive_bounded() -> Message:
            nonlocal size_bytes
            message = await receive()
            size_bytes += len(message.get("body", b""))
            if size_bytes > size_bytes_max:
                # The framework's own error: of any other it would say that it cannot read the body.
                raise HTTPException(refusal.status, refusal.detail)
            return message

        said = headers.get("content-length", "")
        if said.isdecimal() and int(said[:12]) > size_bytes_max:
            return await refusal.to_response()(scope, receive, send)
        return await self._app(scope, receive_bounded, send)
