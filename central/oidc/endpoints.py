"""Signing in at the identity provider over HTTP, and its settings."""

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.cookies import cookie_of
from central.oidc import accounts
from central.oidc.schemas import (
    BegunSignIn,
    ProviderCheck,
    ProviderPlace,
    ProviderView,
    SignInWays,
    WantedProvider,
    WantedProviderAccount,
)
from central.oidc.service import LOGIN_LIFETIME, Answer, SignInRefusedError
from central.problems import RESPONSES, RefusedError
from central.security import COOKIE, DESK_COOKIE, Operator, Requires, address_of, session_of
from central.services import Given, Services
from central.users import sessions
from central.users.endpoints import admitted, device_of
from central.users.sign_in import Challenged

router = APIRouter(tags=["users"], responses=RESPONSES)
Admin = Annotated[Operator, Depends(Requires("users.manage"))]
Reader = Annotated[Operator, Depends(Requires("users.read"))]
LOGIN_COOKIE: Final = "menshen_login"
Word = Annotated[str, Query(max_length=1_000)]
Code = Annotated[str, Query(max_length=3_000)]
"""Together, with every sign escaped, no longer than an address may be."""


@router.get("/sessions/ways")
async def list_sign_in_ways(services: Given) -> SignInWays:
    """Return how one can sign in; for whoever has not."""
    provider = await services.single_sign_on.provider()
    return SignInWays(provider=None if provider is None else provider.settings.label)


@router.post("/sessions/provider")
async def begin_provider_sign_in(
    wish: BegunSignIn, services: Given, response: Response
) -> ProviderPlace:
    """Begin to sign in at the identity provider; the page goes where the answer says."""
    place, cookie = await services.single_sign_on.begin(wish.back, now=services.now())
    # The provider's page leads here, and a strict cookie would stay behind. It opens nothing.
    services.cookies.give(response, LOGIN_COOKIE, cookie, lifetime=LOGIN_LIFETIME, same_site="lax")
    return ProviderPlace(location=place)


@router.get(
    "/sessions/provider/callback",
    response_class=RedirectResponse,
    status_code=303,
)
async def finish_provider_sign_in(
    services: Given,
    request: Request,
    state: Word = "",
    code: Code = "",
    error: Word = "",
    iss: Word = "",
) -> RedirectResponse:
    """Come back from the identity provider: sets the session's cookie, and shows a page."""
    if services.provider_answers.take(address_of(request), now_s=time.monotonic()) > 0:
        # Each is a question to the provider and, refused, a line of the audit log.
        return _leading(services, "/#sign-in=too_many_attempts")
    try:
        outcome, back = await services.single_sign_on.finish(
            Answer(state=state, code=code, error=error, issuer=iss),
            cookie_of(request, LOGIN_COOKIE),
            device=device_of(services, request),
            address=address_of(request),
            now=services.now(),
        )
    except SignInRefusedError as refusal:
        return _leading(services, f"{refusal.back}#sign-in={refusal.code}")
    if isinstance(outcome, Challenged):
        # After the sign, which no server sees: the page asks for the code of our second factor.
        return _leading(services, f"{back}#sign-in-code={outcome.challenge}")
    response = _leading(services, back)
    await admitted(services, request, response, outcome)
    return response


def _leading(services: Services, place: str) -> RedirectResponse:
    response = RedirectResponse(place, status_code=303)
    services.cookies.take_back(response, LOGIN_COOKIE)
    return response


@router.post("/sessions/provider/end")
async def end_provider_session(
    operator: Annotated[Operator, Depends(session_of)],
    services: Given,
    request: Request,
    response: Response,
) -> ProviderPlace:
    """Sign out here, and say where the browser goes so that the provider's session ends, too."""
    place = await services.single_sign_on.farewell(operator.session)
    async with services.database.write() as transaction:
        await services.desks.leave(transaction, cookie_of(request, DESK_COOKIE), now=services.now())
        await sessions.remove_session(transaction, operator.session)
    services.cookies.take_back(response, COOKIE)
    services.cookies.take_back(response, DESK_COOKIE)
    return ProviderPlace(location=place)


@router.post("/sessions/provider/backchannel")
async def take_provider_logout(
    services: Given,
    request: Request,
    response: Response,
    logout_token: Annotated[str, Form(max_length=70_000)],
) -> ProviderPlace:
    """Take the provider's signed word that somebody's session is over."""
    await services.single_sign_on.ended(
        logout_token, address=address_of(request), now=services.now()
    )
    response.headers["Cache-Control"] = "no-store"
    return ProviderPlace(location=None)


@router.get("/identity-provider")
async def get_provider(_: Reader, services: Given) -> ProviderView:
    """Return the settings of the identity provider, without its secret."""
    return await services.single_sign_on.view()


@router.put("/identity-provider", status_code=204)
async def put_provider(wish: WantedProvider, _: Admin, services: Given) -> None:
    """Set the identity provider up; another issuer needs the secret anew."""
    await services.single_sign_on.put(wish, now=services.now())


@router.delete("/identity-provider", status_code=204)
async def remove_provider(_: Admin, services: Given) -> None:
    """Have no identity provider; whoever came from it cannot sign in."""
    await services.single_sign_on.remove()


@router.get("/identity-provider/check")
async def check_provider(_: Admin, services: Given) -> ProviderCheck:
    """Ask the identity provider what it says of itself."""
    return await services.single_sign_on.check()


@router.post("/users/provider-accounts", status_code=204)
async def add_provider_account(wish: WantedProviderAccount, _: Admin, services: Given) -> None:
    """Make an account for somebody whom the identity provider knows; they sign in there."""
    services.users.check_grantable(wish.role)
    settings = (await services.single_sign_on.view()).settings
    if settings is None:
        raise RefusedError(409, "no_provider", "set an identity provider up first")
    async with services.database.write() as transaction:
        user_id = await accounts.invite(transaction, wish, settings, now=services.now())
        transaction.concerns(f"user:{user_id}", f"role:{wish.role}")
