"""Who asks and whether they may: permissions, the session's cookie, the origin of a request, rates.

Every endpoint names one permission (``Requires``), a node's signature (``central.nodes.signed``) or
is public on purpose; a test lists the public ones.
"""

import hashlib
import logging
import secrets
from collections import deque
from datetime import datetime, timedelta
from typing import Annotated, Final, Protocol
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.audit.notes import ACTING, Acting, action_of, objects_of
from central.cookies import cookie_of
from central.problems import FAILED, RefusedError
from central.roles import DESK, PERMISSIONS, ROLES
from config.contract.identifiers import Frozen
from config.web import api_docs

_log = logging.getLogger("central.security")
COOKIE: Final = "menshen_session"
DESK_COOKIE: Final = "menshen_desk"
"""Of a browser that may go on watching after its session; see ``central.duty``."""
SESSION_LIFETIME: Final = timedelta(hours=12)
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ALONE: Final = "max-age=31536000; includeSubDomains"
DOCS_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; frame-ancestors 'none'; object-src 'none'"
)
"""The API's description has a script of its own in the page; it shows nothing of the site."""


def hashed(secret: str) -> str:
    """Return what is stored of a secret of at least 128 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return a secret of 256 random bits, as text for addresses and cookies."""
    return secrets.token_urlsafe(32)


TOKEN_OWNER: Final = "token:"  # noqa: S105 - a kind of actor
"""Before the identifier of a token, where a session's hash stands otherwise."""
DESK_OWNER: Final = "desk:"
"""Before the identifier of a guard's desk, where a session's hash stands otherwise."""
DESK_ROLE: Final = "desk"
TOKEN_NEVER: Final = frozenset(
    {"users.manage", "approvals.decide", "emergency.countersign", "desk.keep", "commands.connect"}
)
"""What no token may, whoever made it: whoever finds one must not become somebody else by it."""


class Operator(Frozen):
    """Who is signed in.

    Attributes:
        session: Hash of the session's id; ``token:ID`` of a program with a token, ``desk:ID``
            of a guard's desk where nobody is signed in.
        address: Of the client.
        scopes: What a token is good for; None in a session, which is good for all of the role.
        has_second_factor: The account has one, or the identity provider has seen one.
        needs_second_factor: The role needs one, the account has none, and its time is over.
        is_of_provider: The session was opened at the identity provider.
    """

    user_id: str
    username: str
    role: str
    session: str
    address: str = ""
    scopes: frozenset[str] | None = None
    created_at: datetime | None = None
    has_second_factor: bool = False
    needs_second_factor: bool = False
    is_of_provider: bool = False

    @property
    def is_desk(self) -> bool:
        """Whether this is a guard's desk, which watches and does nothing."""
        return self.role == DESK_ROLE

    @property
    def actor(self) -> str:
        """As the audit log names who acts or looks."""
        return self.session if self.is_desk else f"user:{self.user_id}"

    @property
    def permissions(self) -> frozenset[str]:
        """What this operator may do now; a role of an older version may do nothing."""
        if self.is_desk:
            return DESK
        if self.needs_second_factor:
            return frozenset()
        permissions = ROLES.get(self.role, frozenset())
        return permissions if self.scopes is None else permissions & self.scopes - TOKEN_NEVER

    def may(self, permission: str) -> bool:
        """Return whether this operator may."""
        return permission in self.permissions


class Finder(Protocol):
    """Finds operators; None when the session is over, or the token is not good any more."""

    async def by_session(self, id_hash: str) -> Operator | None:
        """Return the operator of a session by the hash of its id."""

    async def by_desk(self, secret_hash: str) -> Operator | None:
        """Return the desk that a browser without a session is, by the hash of its secret."""

    async def by_token(self, secret_hash: str) -> Operator | None:
        """Return the operator whose token has a secret of this hash."""


async def operator_of(request: Request) -> Operator:
    """Return who is signed in, or whose token it is; refuses with 401."""
    finder: Finder = request.app.state.finder
    cookie = cookie_of(request, COOKIE)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    operator = None
    if scheme.lower() == "bearer" and token:
        operator = await finder.by_token(hashed(token))
    elif cookie:
        operator = await finder.by_session(hashed(cookie))
    if operator is None and not token and (desk := cookie_of(request, DESK_COOKIE)):
        operator = await finder.by_desk(hashed(desk))
    if operator is None:
        raise RefusedError(401, "not_signed_in", "sign in first")
    operator = operator.model_copy(update={"address": address_of(request)})
    _begin_to_act(request, operator)
    return operator


async def session_of(operator: Annotated[Operator, Depends(operator_of)]) -> Operator:
    """Return who is signed in by a session; a token is refused, as the account is a person's."""
    if operator.is_desk:
        raise _locked()
    if operator.scopes is not None:
        raise RefusedError(403, "session_needed", "a token cannot do this: sign in")
    return operator


def _locked() -> RefusedError:
    return RefusedError(401, "locked", "nobody is signed in here: take over first")


def address_of(request: Request) -> str:
    """Return where a request comes from, as the connection says."""
    return "" if request.client is None else request.client.host


def _begin_to_act(request: Request, operator: Operator) -> None:
    """Let whatever this request writes be recorded as this operator's."""
    if request.method not in SAFE_METHODS:
        path = request.scope["route"].path.removeprefix("/api/v1")
        objects = objects_of(request.path_params)
        if operator.scopes is not None:
            objects = (*objects, operator.session)
        actor, action = operator.actor, action_of(request.method, path)
        ACTING.set(Acting(actor, operator.address, action, objects))


class Requires:
    """A dependency: the operator, who must have a permission."""

    def __init__(self, permission: str) -> None:
        """Demand a permission.

        Raises:
            ValueError: No role has it.
        """
        if permission not in PERMISSIONS:
            raise ValueError(f"no role may {permission!r}")
        self.permission = permission

    async def __call__(self, request: Request) -> Operator:
        """Return the operator; refuses with 401 or 403."""
        operator = await operator_of(request)
        if operator.needs_second_factor:
            raise RefusedError(
                403, "second_factor_needed", "set up a second factor first: see your account"
            )
        if not operator.may(self.permission):
            if operator.is_desk:
                raise _locked()
            # Reading leaves no entry in the audit log, so that a refusal would leave no trace.
            _log.warning("%s may not: %s", operator.actor, self.permission)
            raise RefusedError(403, "forbidden", f"this needs the permission {self.permission}")
        return operator


class Guarded:
    """Around the application: security headers, and no unsafe request from a foreign page."""

    def __init__(self, app: ASGIApp, *, is_secure: bool) -> None:
        self._app, self._is_secure = app, is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                self._add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if is_foreign(scope["method"], Headers(scope=scope)):
            refusal = RefusedError(403, "foreign_origin", "send this from central's own pages")
            return await refusal.to_response()(scope, receive, send_guarded)
        try:
            return await self._app(scope, receive, send_guarded)
        except Exception:
            # The framework answers failures outside of this and would leave the headers out; it
            # still gets the error, for the log.
            if not has_begun:
                await FAILED.to_response()(scope, receive, send_guarded)
            raise

    def _add_headers(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if path == api_docs.PATH:
            headers["Content-Security-Policy"] = DOCS_POLICY
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        if self._is_secure:
            headers.setdefault("Strict-Transport-Security", HTTPS_ALONE)


def is_foreign(method: str, headers: Headers) -> bool:
    """Return whether an unsafe request may come from another site's page.

    Source: Fetch Standard, section "Origin header": browsers send it with every unsafe method.
    """
    if method in SAFE_METHODS:
        return False
    origin = headers.get("origin")
    if origin is None:
        # No browser's page: then it must not act by a browser's cookie.
        cookies = headers.get("cookie", "")
        return COOKIE in cookies or DESK_COOKIE in cookies
    return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


class RateLimit:
    """At most ``count`` attempts per key in a window; keys that are quiet are forgotten."""

    def __init__(self, *, count: int, window_s: float, key_count_max: int = 10_000) -> None:
        self._count, self._window_s, self._key_count_max = count, window_s, key_count_max
        self._attempts: dict[str, deque[float]] = {}

    def take(self, key: str, *, now_s: float) -> float:
        """Count an attempt; returns 0 when it may be made, else after how many seconds one may."""
        attempts = self._attempts.setdefault(key, deque())
        while attempts and attempts[0] <= now_s - self._window_s:
            attempts.popleft()
        if len(attempts) >= self._count:
            return attempts[0] + self._window_s - now_s
        attempts.append(now_s)
        if len(self._attempts) > self._key_count_max:
            self._forget(now_s)
        return 0.0

    def _forget(self, now_s: float) -> None:
        quiet = [k for k, a in self._attempts.items() if not a or a[-1] <= now_s - self._window_s]
        for key in quiet:
            del self._attempts[key]
