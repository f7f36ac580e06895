"""The two steps of signing in at an identity provider, and how a session ends there, too.

What belongs to one sign-in (state, nonce, PKCE) is in a cookie of a few minutes, sealed: no process
remembers it, so that any replica takes the second step, and only the browser of the first.
"""

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from central.audit.notes import ANYBODY, Note
from central.database import EVERYTHING, Database
from central.keys import KeyEncryptionKey, KeysError
from central.oidc import repository
from central.oidc.accounts import NotAdmittedError, Person, account_of
from central.oidc.provider import Provider, ProviderDownError, ProviderError
from central.oidc.repository import ProviderSession
from central.oidc.schemas import (
    ProviderCheck,
    ProviderSettings,
    ProviderView,
    WantedProvider,
    is_guarded,
)
from central.oidc.tokens import TokenRefusedError, words_of
from central.problems import RefusedError
from central.security import new_secret
from central.users import sessions, terminals
from central.users.service import Users
from central.users.sign_in import Challenged, Device, Entered, SignIns

LOGIN_LIFETIME: Final = timedelta(minutes=10)
CALLBACK: Final = "/api/v1/sessions/provider/callback"
BACKCHANNEL: Final = "/api/v1/sessions/provider/backchannel"
ID_TOKEN_SIZE_MAX: Final = 8_000
"""A longer one is not kept: the provider then asks whoever signs out."""
_ERRORS: Final = {
    "access_denied": "provider_denied",
    "login_required": "provider_denied",
    "interaction_required": "provider_denied",
    "consent_required": "provider_denied",
    "temporarily_unavailable": "provider_down",
    "server_error": "provider_down",
}


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What the browser brings back from the provider."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Begun:
    state: str
    nonce: str
    verifier: str
    back: str
    until: float
    issuer: str


class SignInRefusedError(Exception):
    """Nobody is signed in. Attributes: code: the word of the refusal. back: the page to show."""

    def __init__(self, code: str, *, back: str = "/") -> None:
        super().__init__(code)
        self.code, self.back = code, back


class SingleSignOn:
    """The identity provider of one site; for one event loop."""

    def __init__(
        self,
        database: Database,
        users: Users,
        sign_ins: SignIns,
        kek: KeyEncryptionKey,
        *,
        seal: KeyEncryptionKey,
        url: str,
    ) -> None:
        """Let operators in who come from the provider.

        Args:
            database: Of the site.
            users: Its operators.
            sign_ins: Asks for our second factor where one is needed.
            kek: Wraps the client's secret.
            seal: Seals what browsers carry and what sessions keep.
            url: Of central, without a slash at the end.
        """
        self._database, self._users, self._sign_ins = database, users, sign_ins
        self._kek, self._seal, self._url = kek, seal, url
        self._provider: Provider | None = None
        self._is_read, self._turn = False, asyncio.Lock()
        database.listen(self._heard)

    def _heard(self, topic: str) -> None:
        if topic in (repository.CHANGED, EVERYTHING):
            self._is_read = False

    async def close(self) -> None:
        """Close the connections to the provider."""
        if self._provider is not None:
            await self._provider.close()

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self._url}{CALLBACK}"

    async def provider(self) -> Provider | None:
        """Return the provider that is set up and on; None where there is none."""
        async with self._turn:
            if not self._is_read:
                # A change that is heard from here on is read the next time.
                self._is_read = True
                try:
                    await self._read()
                except BaseException:
                    # The database did not answer, or nobody waits: it is read the next time.
                    self._is_read = False
                    raise
            return self._provider

    async def _read(self) -> None:
        async with self._database.read() as transaction:
            settings = await repository.settings_of(transaction)
            secret = await repository.secret_of(transaction, self._kek)
        before, self._provider = self._provider, None
        if settings is not None and settings.is_on:
            self._provider = Provider(settings, secret)
        if before is not None:
            await before.close()

    async def _needed(self) -> Provider:
        provider = await self.provider()
        if provider is None:
            raise RefusedError(404, "no_provider", "this site has no identity provider")
        return provider

    async def view(self) -> ProviderView:
        """Return the settings, and what the provider must be told of us."""
        async with self._database.read() as transaction:
            settings = await repository.settings_of(transaction)
            secret = await repository.secret_of(transaction, self._kek)
        return ProviderView(
            settings=settings,
            has_secret=secret is not None,
            redirect_uri=self.redirect_uri,
            after_logout_uri=f"{self._url}/",
            backchannel_uri=f"{self._url}{BACKCHANNEL}",
        )

    async def put(self, wish: WantedProvider, *, now: datetime) -> None:
        """Replace the settings."""
        settings = ProviderSettings.model_validate(wish.model_dump(exclude={"client_secret"}))
        async with self._database.write() as transaction:
            before = await repository.settings_of(transaction)
            if before is not None and before.issuer != settings.issuer and not wish.client_secret:
                # A secret must never be sent to whoever calls themselves the next provider.
                wish = wish.model_copy(update={"client_secret": ""})
            await repository.put_settings(
                transaction, settings, secret=wish.client_secret, kek=self._kek, now=now
            )
            changed = [
                name
                for name in ProviderSettings.model_fields
                if before is None or getattr(before, name) != getattr(settings, name)
            ]
            transaction.concerns(f"provider:{urlsplit(settings.issuer).netloc}", fields=changed)

    async def remove(self) -> None:
        """Have no provider any more; whoever came from it cannot sign in until there is one."""
        async with self._database.write() as transaction:
            if not await repository.remove_settings(transaction):
                raise RefusedError(404, "no_provider", "this site has no identity provider")

    async def check(self) -> ProviderCheck:
        """Ask the provider for what it says of itself and for its keys."""
        provider = await self._needed()
        try:
            metadata = await provider.metadata()
            keys = await provider.keys(anew=True)
        except ProviderError as error:
            return ProviderCheck(problem=str(error))
        has_logout = is_guarded(str(metadata.get("end_session_endpoint", "")))
        return ProviderCheck(problem="", has_logout=has_logout, key_count=len(keys))

    async def begin(self, back: str, *, now: datetime) -> tuple[str, str]:
        """Return where the browser goes, and the cookie that it brings back."""
        provider = await self._needed()
        try:
            metadata = await provider.metadata()
        except ProviderError as error:
            raise RefusedError(
                503, "provider_down", f"the identity provider cannot be used: {error}"
            ) from error
        settings = provider.settings
        until = (now + LOGIN_LIFETIME).timestamp()
        begun = _Begun(new_secret(), new_secret(), new_secret(), back, until, settings.issuer)
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *settings.scopes))),
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if settings.second_factor == "provider" and settings.acr_values:
            asked["acr_values"] = " ".join(settings.acr_values)
        place = str(metadata["authorization_endpoint"])
        joint = "&" if urlsplit(place).query else "?"
        cookie = self._seal.wrap(json.dumps(dataclasses.asdict(begun)).encode(), purpose="sso")
        return f"{place}{joint}{urlencode(asked)}", cookie

    async def finish(
        self, answer: Answer, cookie: str | None, *, device: Device, address: str, now: datetime
    ) -> tuple[Entered | Challenged, str]:
        """Take the second step; returns who is signed in, or what is asked, and the page to show.

        Raises:
            SignInRefusedError: Nobody is; it is on the audit log, and why.
        """
        begun = self._begun(cookie, answer.state, now=now)
        if begun is None:
            # A link that somebody else made, or a page that was left open: nothing is believed.
            raise SignInRefusedError("sign_in_not_begun")
        try:
            return await self._finished(answer, begun, device, address, now), begun.back
        except NotAdmittedError as error:
            await self._refused(error.code, error.user_id, address)
            raise SignInRefusedError(error.code, back=begun.back) from error
        except TokenRefusedError as error:
            await self._refused("provider_token", None, address, why=str(error))
            raise SignInRefusedError("provider_token", back=begun.back) from error
        except ProviderDownError as error:
            await self._refused("provider_down", None, address, why=str(error))
            raise SignInRefusedError("provider_down", back=begun.back) from error
        except ProviderError as error:
            await self._refused("provider_error", None, address, why=str(error))
            raise SignInRefusedError("provider_error", back=begun.back) from error
        except RefusedError as error:
            await self._refused(error.code, None, address)
            raise SignInRefusedError(error.code, back=begun.back) from error

    def _begun(self, cookie: str | None, state: str, *, now: datetime) -> _Begun | None:
        try:
            begun = _Begun(**json.loads(self._seal.unwrap(cookie or "", purpose="sso")))
        except (KeysError, ValueError, TypeError):
            # Not ours, or of a version that kept something else.
            return None
        is_own = hmac.compare_digest(begun.state.encode(), state.encode())
        return begun if is_own and begun.until > now.timestamp() else None

    async def _finished(
        self, answer: Answer, begun: _Begun, device: Device, address: str, now: datetime
    ) -> Entered | Challenged:
        provider = await self._needed()
        settings = provider.settings
        if begun.issuer != settings.issuer:
            # Another one was set up meanwhile: it must get nothing of what the other gave.
            raise NotAdmittedError("sign_in_not_begun")
        # RFC 9207, section 2.4: who says that it names itself must.
        is_named = (await provider.metadata()).get(
            "authorization_response_iss_parameter_supported"
        ) is True
        if (answer.issuer or is_named) and answer.issuer != settings.issuer:
            raise TokenRefusedError("the answer is another provider's")
        if answer.error or not answer.code:
            raise NotAdmittedError(_ERRORS.get(answer.error, "provider_error"))
        tokens = await provider.exchange(
            answer.code, verifier=begun.verifier, redirect_uri=self.redirect_uri
        )
        id_token = str(tokens["id_token"])
        subject, claims = await provider.identity(id_token, nonce=begun.nonce, now=now)
        claims = await self._completed(provider, subject, claims, tokens)
        return await self._entered(settings, subject, claims, id_token, device, address, now)

    @staticmethod
    async def _completed(
        provider: Provider,
        subject: str,
        claims: dict[str, Any],
        tokens: Any,  # noqa: ANN401 - JSON
    ) -> dict[str, Any]:
        """Return the claims with those that the provider tells apart from its token."""
        access_token = tokens.get("access_token")
        wanted = (provider.settings.groups_claim.partition(".")[0], "email")
        if all(name in claims for name in wanted) or not isinstance(access_token, str):
            return claims
        about = await provider.about(access_token)
        if about and about.get("sub") != subject:
            # OpenID Connect Core 1.0, section 5.3.2: else it may be about somebody else.
            raise TokenRefusedError("what the provider says is about somebody else")
        return {**about, **claims}

    async def _entered(
        self,
        settings: ProviderSettings,
        subject: str,
        claims: dict[str, Any],
        id_token: str,
        device: Device,
        address: str,
        now: datetime,
    ) -> Entered | Challenged:
        provider_session = claims.get("sid")
        opened = ProviderSession(
            issuer=settings.issuer,
            provider_session=provider_session if isinstance(provider_session, str) else None,
            id_token=self._sealed(id_token),
            is_strong=_is_strong(settings, claims),
            expires_at=now + timedelta(hours=settings.session_hours),
        )
        person = _person(settings, subject, claims)
        try:
            async with self._database.write() as transaction:
                user_id = await account_of(transaction, person, settings, self._users, now=now)
        except NotAdmittedError as error:
            if error.user_id is not None:
                await self._take_away(error.user_id)
            raise
        return await self._sign_ins.of_provider(
            user_id, opened, device=device, address=address, now=now
        )

    async def _take_away(self, user_id: str) -> None:
        """End what somebody still has to whom the provider gives nothing here any more."""
        async with self._database.write() as transaction:
            await sessions.end_sessions(transaction, user_id=user_id)
            await sessions.remove_tokens(transaction, user_id)
            await terminals.take(transaction, user_id)

    def _sealed(self, id_token: str) -> str | None:
        if len(id_token) > ID_TOKEN_SIZE_MAX:
            return None
        return self._seal.wrap(id_token.encode(), purpose="id-token")

    async def _refused(
        self, code: str, user_id: str | None, address: str, *, why: str = ""
    ) -> None:
        detail = {"way": "provider", "code": code} | ({"why": why[:300]} if why else {})
        about = () if user_id is None else (f"user:{user_id}",)
        async with self._database.write() as transaction:
            transaction.note(
                Note(
                    actor=ANYBODY,
                    address=address,
                    action="sessions_refused",
                    objects=about,
                    detail=detail,
                )
            )

    async def farewell(self, id_hash: str) -> str | None:
        """Return where the browser goes so that the provider's session ends; None where nowhere."""
        async with self._database.read() as transaction:
            session = await repository.session_of(transaction, id_hash)
        provider = await self.provider()
        if session is None or provider is None or session.provider != provider.settings.issuer:
            return None
        try:
            place = str((await provider.metadata()).get("end_session_endpoint", ""))
        except ProviderError:
            # It is down: the session here ends all the same.
            return None
        if not is_guarded(place):
            return None
        said = {
            "client_id": provider.settings.client_id,
            "post_logout_redirect_uri": f"{self._url}/",
        }
        if session.id_token is not None:
            said["id_token_hint"] = self._seal.unwrap(session.id_token, purpose="id-token").decode()
        joint = "&" if urlsplit(place).query else "?"
        return f"{place}{joint}{urlencode(said)}"

    async def ended(self, logout_token: str, *, address: str, now: datetime) -> None:
        """End the sessions that the provider says are over."""
        provider = await self._needed()
        try:
            subject, session = await provider.ended(logout_token, now=now)
        except TokenRefusedError as error:
            raise RefusedError(400, "provider_token", str(error)) from error
        except ProviderError as error:
            raise RefusedError(503, "provider_down", str(error)) from error
        issuer = provider.settings.issuer
        hashed = None if subject is None else repository.subject_hash(issuer, subject)
        async with self._database.write() as transaction:
            whose = await repository.end_provider_sessions(
                transaction, issuer=issuer, hashed_subject=hashed, session=session
            )
            about = tuple(f"user:{user_id}" for user_id in whose)
            transaction.note(
                Note(actor=ANYBODY, address=address, action="provider_ended", objects=about)
            )


def _person(settings: ProviderSettings, subject: str, claims: dict[str, Any]) -> Person:
    email = claims.get("email")
    is_confirmed = claims.get("email_verified") is True and isinstance(email, str)
    named = (claims.get(name) for name in ("preferred_username", "email", "name"))
    return Person(
        subject=subject,
        email=str(email) if is_confirmed else None,
        names=(*(name for name in named if isinstance(name, str)), subject),
        groups=words_of(claims, settings.groups_claim),
    )


def _is_strong(settings: ProviderSettings, claims: dict[str, Any]) -> bool:
    """Return whether the provider has seen what the site takes for a second factor."""
    if settings.second_factor != "provider":
        return False
    by_class = claims.get("acr") in settings.acr_values
    return by_class or bool(words_of(claims, "amr") & set(settings.amr_values))
