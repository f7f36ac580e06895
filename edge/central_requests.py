"""Requests to central as one node makes them: each is signed, and each answer sets the clock."""

import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from config.contract import headers as headers_of
from config.contract.trust import sign_request
from config.crypto.keys import SigningKey
from config.tracing import HEADER, TRACE, traceparent
from edge.central_answers import (
    CentralRefusedError,
    CentralUnreachableError,
    date_of,
    error_of,
    reason_of,
)
from edge.clock import NodeClock
from edge.identity import Identity

TIMEOUT_S: Final = 10.0
STREAM_SILENCE_S_MAX: Final = 60.0
"""A stream that says nothing for this long, keep-alive included, is taken for dead."""
IDLE_CONNECTION_S: Final = 50.0
"""Less than central and proxies keep one, or a request would cross with their close; more than two
reports are apart, or each would open a connection anew."""


class SignedRequests:
    """What goes to central under a node's signature; for one event loop."""

    def __init__(
        self, identity: Identity, clock: NodeClock, *, tls: ssl.SSLContext | None = None
    ) -> None:
        """Speak for a node; ``tls`` is ``identity.tls()``, which reads and so is not done here."""
        self.identity, self.clock = identity, clock
        self.on_key_to_change: Callable[[str], None] = lambda _: None
        self._on_refused: Callable[[], None] = lambda: None
        self.http = httpx.AsyncClient(
            base_url=identity.url,
            verify=True if tls is None else tls,
            headers={headers_of.CONTRACT: str(headers_of.CONTRACT_VERSION)},
            timeout=TIMEOUT_S,
            limits=httpx.Limits(
                max_connections=8,
                max_keepalive_connections=4,
                keepalive_expiry=IDLE_CONNECTION_S,
            ),
            trust_env=False,
        )

    def when_key_is_to_change(self, call: Callable[[str], None]) -> None:
        """Call this with the public key that central wants to be another; it must be quick."""
        self.on_key_to_change = call

    def when_refused(self, call: Callable[[], None]) -> None:
        """Call this whenever central does not believe this node's signature; it must be quick."""
        self._on_refused = call

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        content_type: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: SigningKey | None = None,
    ) -> httpx.Response:
        """Return an answer that is a success.

        Args:
            method: Upper case.
            target: Path and query.
            body: That is signed.
            content_type: Of the body.
            headers: Beside those of every request.
            key: That signs; None is the node's.

        Raises:
            CentralError: There is none.
        """
        named = {} if content_type is None else {"Content-Type": content_type}
        named |= headers or {}
        if trace := TRACE.get():
            named[HEADER] = traceparent(trace)
        for is_last in (False, True):
            asked_at_s = time.monotonic()
            try:
                response = await self.http.request(
                    method,
                    target,
                    content=body,
                    headers={**named, **self.signature(method, target, body, key)},
                )
            except httpx.HTTPError as error:
                raise CentralUnreachableError(reason_of(error)) from error
            self.compare_clocks(response, asked_at_s)
            if response.is_success:
                return response
            # A wrong clock makes a signature that is too old; the answer's date has corrected it.
            if response.status_code != 401 or is_last:
                refusal = error_of(response)
                is_refused = isinstance(refusal, CentralRefusedError) and refusal.is_of_signature
                if is_refused and key is None:
                    self._on_refused()
                raise refusal
        raise AssertionError("the loop returns or raises")

    def signature(
        self, method: str, target: str, body: bytes, key: SigningKey | None = None
    ) -> dict[str, str]:
        """Return the header of a request that proves who asks; see ``request``."""
        token = sign_request(
            self.identity.signing_key if key is None else key,
            node=self.identity.node,
            site=self.identity.site,
            method=method,
            target=target,
            body=body,
            now=self.clock.now(),
        )
        return {"Authorization": f"Bearer {token}"}

    def compare_clocks(self, response: httpx.Response, asked_at_s: float) -> None:
        """Learn central's time from an answer to what was asked at a monotonic moment."""
        at = date_of(response)
        if at is not None:
            self.clock.compare(at, took_s=time.monotonic() - asked_at_s)
