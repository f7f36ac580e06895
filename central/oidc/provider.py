"""Speaks to an identity provider: what it says of itself, its keys, and a code for tokens.

What it says is kept for an hour; its keys are asked for anew when a token names one that is not
known, and not more often than every few seconds.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from central.oidc.schemas import ProviderSettings, is_guarded
from central.oidc.tokens import UnknownKeyError, check_identity, check_logout, signed_claims

TIMEOUT_S: Final = 5.0
KEPT_S: Final = 3600.0
KEYS_PAUSE_S: Final = 5.0
"""Whoever sends tokens with made-up keys makes us ask no more often than this."""
DOWN_KEPT_S: Final = 5.0
"""So long nobody waits again for one that did not answer: they wait one behind the other."""
ANSWER_SIZE_BYTES_MAX: Final = 512 * 1024


class ProviderError(Exception):
    """The provider does not answer, or not as one; the message is one line for an administrator."""


class ProviderDownError(ProviderError):
    """It does not answer: try again later, and sign in locally meanwhile."""


class Provider:
    """One identity provider with its settings of now; for one event loop."""

    def __init__(self, settings: ProviderSettings, secret: str | None) -> None:
        """Nothing is asked before somebody wants something."""
        self.settings = settings
        self._secret = secret
        self._client: httpx.AsyncClient | None = None
        self._metadata: dict[str, Any] = {}
        self._keys: list[dict[str, Any]] = []
        self._metadata_at_s = self._keys_at_s = self._renewed_at_s = -KEPT_S
        self._down_at_s, self._why_down = -KEPT_S, ""
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def metadata(self) -> Mapping[str, Any]:
        """Return the discovery document, checked.

        Raises:
            ProviderError: There is none, or it is another provider's.
        """
        async with self._turn:
            now_s = time.monotonic()
            if now_s - self._metadata_at_s >= KEPT_S:
                if now_s - self._down_at_s < DOWN_KEPT_S:
                    raise ProviderDownError(self._why_down)
                try:
                    self._metadata = await self._discover()
                except ProviderDownError as error:
                    self._down_at_s, self._why_down = time.monotonic(), str(error)
                    raise
                self._metadata_at_s = time.monotonic()
            return self._metadata

    async def _discover(self) -> dict[str, Any]:
        place = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._ask("GET", place)
        if found.get("issuer") != self.settings.issuer:
            raise ProviderError(
                f"it calls itself {str(found.get('issuer'))[:200]!r}: copy the issuer to the letter"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_guarded(str(found.get(name, ""))):
                raise ProviderError(f"its {name} is absent, or not https")
        methods = found.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise ProviderError("it does not know PKCE with S256")
        return found

    async def keys(self, *, anew: bool = False) -> list[dict[str, Any]]:
        """Return the keys that sign its tokens.

        Args:
            anew: One was named that is not among them.

        Raises:
            ProviderError: It does not show them.
        """
        place = str((await self.metadata())["jwks_uri"])
        async with self._turn:
            now_s = time.monotonic()
            is_due = anew and now_s - self._renewed_at_s >= KEYS_PAUSE_S
            if is_due or now_s - self._keys_at_s >= KEPT_S:
                self._renewed_at_s = now_s if anew else self._renewed_at_s
                found = (await self._ask("GET", place)).get("keys")
                if not isinstance(found, list):
                    raise ProviderError("it shows no keys")
                self._keys = [key for key in found if isinstance(key, dict)]
                self._keys_at_s = time.monotonic()
            return self._keys

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Return the tokens for a code, which is good once.

        Raises:
            ProviderError: It gives none.
        """
        metadata, settings = await self.metadata(), self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._secret is None:
            form["client_id"] = settings.client_id
        elif "client_secret_basic" in methods:
            # RFC 6749, section 2.3.1: both parts are form-encoded first.
            auth = httpx.BasicAuth(quote(settings.client_id, ""), quote(self._secret, ""))
        else:
            form |= {"client_id": settings.client_id, "client_secret": self._secret}
        found = await self._ask("POST", str(metadata["token_endpoint"]), form=form, auth=auth)
        if not isinstance(found.get("id_token"), str):
            raise ProviderError("it gives no ID token: ask for the scope openid")
        return found

    async def about(self, access_token: str) -> Mapping[str, Any]:
        """Return what the provider says about who signed in; empty where it says nothing.

        Raises:
            ProviderError: It does not answer.
        """
        place = str((await self.metadata()).get("userinfo_endpoint", ""))
        if not is_guarded(place):
            return {}
        return await self._ask("GET", place, bearer=access_token)

    async def identity(
        self, token: str, *, nonce: str, now: datetime
    ) -> tuple[str, dict[str, Any]]:
        """Return the subject and claims of an ID token.

        Raises:
            TokenRefusedError: It is not good.
            ProviderError: Its keys cannot be had.
        """
        claims, settings = await self._claims(token), self.settings
        subject = check_identity(
            claims,
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=nonce,
            skew_s=settings.clock_skew_s,
            now=now,
        )
        return subject, claims

    async def ended(self, token: str, *, now: datetime) -> tuple[str | None, str | None]:
        """Return whose sessions a logout token ends, and which session of the provider's.

        Raises:
            TokenRefusedError: It is not good.
            ProviderError: Its keys cannot be had.
        """
        settings = self.settings
        return check_logout(
            await self._claims(token),
            issuer=settings.issuer,
            client_id=settings.client_id,
            skew_s=settings.clock_skew_s,
            now=now,
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        algorithms = self.settings.algorithms
        try:
            return signed_claims(token, await self.keys(), algorithms=algorithms)
        except UnknownKeyError:
            return signed_claims(token, await self.keys(anew=True), algorithms=algorithms)

    async def _ask(
        self,
        method: str,
        place: str,
        *,
        form: Mapping[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
        bearer: str | None = None,
    ) -> dict[str, Any]:
        if self._client is None:
            context = await asyncio.to_thread(_trusting, self.settings.ca_certificate)
            self._client = httpx.AsyncClient(verify=context, timeout=TIMEOUT_S, trust_env=False)
        headers = {"Accept": "application/json"}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            request = self._client.build_request(method, place, data=form, headers=headers)
            async with asyncio.timeout(2 * TIMEOUT_S):
                response = await self._client.send(request, auth=auth, stream=True)
                try:
                    body = await _bounded(response)
                finally:
                    await response.aclose()
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ProviderError(f"{place[:200]} is no address") from error
        except (httpx.HTTPError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise ProviderDownError(f"it does not answer at {place}: {reason}") from error
        return _read(response, body, place)


def _trusting(ca_certificate: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=ca_certificate or None)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise ProviderError("the certificate of its authority cannot be read") from error


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > ANSWER_SIZE_BYTES_MAX:
            raise ProviderError("its answer is too long")
    return bytes(body)


def _read(response: httpx.Response, body: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if response.is_success and isinstance(found, dict):
        return found
    word = found.get("error", "") if isinstance(found, dict) else ""
    said = f" {word[:80]}" if isinstance(word, str) and word else ""
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise ProviderDownError(f"it answers {response.status_code}{said} at {place}")
    raise ProviderError(f"it answers {response.status_code}{said} at {place}")
