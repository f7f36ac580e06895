"""Questions to a recorder over HTTP: bounded in time and size, errors in one line."""

import asyncio
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import httpx

from drivers.protocols.xml_answers import SIZE_BYTES_MAX
from edge.video.recorder import RecorderError

TIMEOUT_S: Final = 15.0


class RecorderHttp:
    """One recorder's address, user and password; asked inside ``async with``."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take ``http://USER:PASSWORD@HOST``; an answer may take so long."""
        parts = urlsplit(url)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.host = parts.hostname or ""
        self.path = parts.path.rstrip("/")
        self._base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Open connections when they are needed."""
        self._client = httpx.AsyncClient(
            timeout=self._timeout_s,
            trust_env=False,
            auth=httpx.DigestAuth(self.user, self.password) if self.user else None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        content_type: str = "application/xml",
        has_digest: bool = True,
        faults: tuple[int, ...] = (),
    ) -> bytes:
        """Return the answer's content.

        Args:
            method: Of HTTP.
            path: With the query.
            content: Of the question.
            content_type: Of the question.
            has_digest: Prove the password by HTTP's own means.
            faults: Codes whose answer is to be read, too.

        Raises:
            RecorderError: It does not answer in time, refuses, or says too much.
        """
        if self._client is None:
            raise AssertionError("asked inside async with")
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream(
                    method,
                    self._base + path,
                    content=content or None,
                    headers={"Content-Type": content_type},
                    auth=httpx.USE_CLIENT_DEFAULT if has_digest else None,
                ) as reply,
            ):
                if reply.status_code in (401, 403):
                    raise RecorderError("the recorder refuses the user or the password")
                if not reply.is_success and reply.status_code not in faults:
                    raise RecorderError(f"the recorder answers HTTP {reply.status_code}")
                return await _bounded(reply)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise RecorderError("the recorder does not answer") from error


async def _bounded(reply: httpx.Response) -> bytes:
    data = bytearray()
    async for piece in reply.aiter_bytes():
        data += piece
        if len(data) > SIZE_BYTES_MAX:
            raise RecorderError("the recorder's answer has no end")
    return bytes(data)
