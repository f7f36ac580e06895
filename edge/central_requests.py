"""Requests to central as one node makes them: each is signed, and each answer sets the clock."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from config.contract import headers as headers_of
from config.contract.nodes import CertificateWish, GivenCertificate
from config.contract.trust import sign_request
from config.crypto.keys import SigningKey
from config.tracing import HEADER, TRACE, traceparent
from edge.central_answers import (
    CentralError,
    CentralRefusedError,
    CentralUnreachableError,
    CertificateWantedError,
    date_of,
    error_of,
    reason_of,
)
from edge.certificates import CertificateKey
from edge.clock import NodeClock
from edge.identity import Identity
from edge.ways_to_central import WaysToCentral

_log = logging.getLogger("edge.central")

TIMEOUT_S: Final = 10.0
STREAM_SILENCE_S_MAX: Final = 60.0
"""A stream that says nothing for this long, keep-alive included, is taken for dead."""
IDLE_CONNECTION_S: Final = 50.0
"""Less than central and proxies keep one, or a request would cross with their close; more than two
reports are apart, or each would open a connection anew."""


CERTIFICATE_TARGET: Final = "/api/v1/nodes/current/certificate"
CERTIFICATE_PAUSE_S: Final = 600.0
"""Between two certificates that central would like and does not demand."""


class SignedRequests:
    """What goes to central under a node's signature; for one event loop."""

    def __init__(
        self, identity: Identity, clock: NodeClock, *, tls: ssl.SSLContext | None = None
    ) -> None:
        """Speak for a node; ``tls`` is ``identity.tls()``, which reads and so is not done here."""
        self.identity, self.clock = identity, clock
        self.on_key_to_change: Callable[[str], None] = lambda _: None
        self._on_refused: Callable[[], None] = lambda: None
        self._ways = WaysToCentral(
            tls,
            httpx.Limits(
                max_connections=8,
                max_keepalive_connections=4,
                keepalive_expiry=IDLE_CONNECTION_S,
            ),
        )
        self._certifying = asyncio.Lock()
        self._asks_again_at_s = 0.0
        self.http = httpx.AsyncClient(
            base_url=identity.url,
            transport=self._ways,
            headers={headers_of.CONTRACT: str(headers_of.CONTRACT_VERSION)},
            timeout=TIMEOUT_S,
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
            asked_at_s, certificate_count = time.monotonic(), self.certificate_count
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
            refusal = error_of(response)
            # Where the request for a certificate is refused for want of one, nothing helps.
            is_vain = target == CERTIFICATE_TARGET and isinstance(refusal, CertificateWantedError)
            if response.status_code != 401 or is_last or is_vain:
                is_refused = isinstance(refusal, CentralRefusedError) and refusal.is_of_signature
                if is_refused and key is None:
                    self._on_refused()
                raise refusal
            await self.mend(refusal, since=certificate_count, key=key)
        raise AssertionError("the loop returns or raises")

    @property
    def certificate_count(self) -> int:
        """How many certificates there were, for ``mend``."""
        return self._ways.count

    async def mend(
        self, refusal: CentralError, *, since: int, key: SigningKey | None = None
    ) -> None:
        """Do what there is to do before a request that met with 401 is made once more.

        A wrong clock makes a signature that is too old: the answer's date has corrected it already.

        Args:
            refusal: What it met with.
            since: ``certificate_count`` when it was made.
            key: That signed it; None is the node's.

        Raises:
            CentralError: Nothing can be done now.
        """
        if isinstance(refusal, CertificateWantedError):
            await self.certify(since=since, key=key)

    async def certify(self, *, since: int, key: SigningKey | None = None) -> None:
        """Ask for a certificate, and go by it.

        Args:
            since: Nothing is done where another certificate was taken since that count of them.
            key: That signs; None is the node's.

        Raises:
            CentralError: There is none.
        """
        async with self._certifying:
            if self._ways.count != since:
                return
            if self.identity.ca_certificate is None:
                raise CentralUnreachableError("central wants a certificate, and speaks no TLS")
            fresh = CertificateKey()
            wish = CertificateWish(request=fresh.request(self.identity.node))
            body = wish.model_dump_json().encode()
            response = await self.request(
                "POST", CERTIFICATE_TARGET, body, "application/json", key=key
            )
            try:
                given = GivenCertificate.model_validate_json(response.content, extra="ignore")
                tls = await asyncio.to_thread(self.identity.tls)
                if tls is None:
                    return
                await asyncio.to_thread(fresh.show_with, tls, given.certificate)
            except (ValueError, OSError) as error:
                raise CentralUnreachableError("central's certificate is of no use") from error
            await self._ways.go_by(tls, given.port)

    async def certify_if_due(self) -> None:
        """Ask for a certificate, as central would like; without one everything goes on."""
        now_s = time.monotonic()
        if now_s < self._asks_again_at_s:
            return
        self._asks_again_at_s = now_s + CERTIFICATE_PAUSE_S
        try:
            await self.certify(since=self._ways.count)
        except CentralError as error:
            _log.warning("no certificate for connections to central: %s", error)

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
