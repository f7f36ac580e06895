"""Around the application: no body is longer, or comes slower, than anything here takes.

The framework reads a body whole before an endpoint asks who sent it, so a stranger could fill the
memory otherwise. What an endpoint itself takes is less, and its own to say.
"""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.problems import RefusedError

JSON_SIZE_BYTES_MAX: Final = 12_000_000
"""A floor plan of 4 MB with every sign escaped, or a report of a fire."""
SIZE_BYTES_MAX: Final = 34_000_000
"""A clip of an alarm."""
SLACK_S: Final = 30.0
RATE_BYTES_PER_S: Final = 4_000
"""Slower than any terminal's line: who sends less holds a connection and nothing else."""


class Bounded:
    """Refuses a body that is too long, or too slow: as it comes, and at once by a length said."""

    def __init__(self, app: ASGIApp, *, slack_s: float = SLACK_S) -> None:
        self._app, self._slack_s = app, slack_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 408 or 413."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        is_json = "json" in headers.get("content-type", "")
        size_bytes, size_bytes_max = 0, JSON_SIZE_BYTES_MAX if is_json else SIZE_BYTES_MAX
        refusal = RefusedError(413, "too_large", f"at most {size_bytes_max} bytes")

        begun_s, is_whole = asyncio.get_running_loop().time(), False

        async def receive_bounded() -> Message:
            nonlocal size_bytes, is_whole
            if is_whole:
                # What comes now is that the client has gone, which may take a stream's whole life.
                return await receive()
            until_s = begun_s + self._slack_s + size_bytes / RATE_BYTES_PER_S
            try:
                async with asyncio.timeout_at(until_s):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408, "the body came too slowly: send it again") from error
            is_whole = not message.get("more_body", False)
            size_bytes += len(message.get("body", b""))
            if size_bytes > size_bytes_max:
                # The framework's own error: of any other it would say that it cannot read the body.
                raise HTTPException(refusal.status, refusal.detail)
            return message

        said = headers.get("content-length", "")
        if said.isdecimal() and int(said[:12]) > size_bytes_max:
            return await refusal.to_response()(scope, receive, send)
        return await self._app(scope, receive_bounded, send)
