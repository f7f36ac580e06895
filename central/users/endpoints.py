"""Signing in, one-time links and operators over HTTP."""

import math
import time
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from central.cookies import cookie_of
from central.duty.schemas import CardSignIn
from central.problems import RESPONSES, RefusedError
from central.security import (
    COOKIE,
    DESK_COOKIE,
    SESSION_LIFETIME,
    Operator,
    Requires,
    address_of,
    operator_of,
    session_of,
)
from central.services import Given, Services
from central.users import sessions, tokens
from central.users.account_schemas import ChallengeView, CodeStep, TokenList
from central.users.schemas import (
    AcceptInvitation,
    AcceptReset,
    ChangedUser,
    GivenTerminalCard,
    Invitation,
    Invite,
    SessionList,
    SessionView,
    SignIn,
    UserList,
)
from central.users.sign_in import Challenged, Device, Entered

router = APIRouter(tags=["users"], responses=RESPONSES)
Admin = Annotated[Operator, Depends(Requires("users.manage"))]
Reader = Annotated[Operator, Depends(Requires("users.read"))]
DEVICE_COOKIE = "menshen_device"
DEVICE_LIFETIME = timedelta(days=180)
Only = Annotated[str | None, Query(max_length=64)]


def limit_attempts(request: Request, services: Given) -> None:
    """Refuse an address that tries too often."""
    wait_s = services.attempts.take(address_of(request), now_s=time.monotonic())
    if wait_s > 0:
        raise RefusedError(
            429,
            "too_many_attempts",
            "too many attempts: wait a minute",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )


@router.post(
    "/sessions",
    status_code=201,
    response_model=SessionView,
    responses={202: {"model": ChallengeView}},
)
async def sign_in(
    wish: SignIn, services: Given, request: Request, response: Response
) -> SessionView | JSONResponse:
    """Sign in; sets the session's cookie, or answers 202 where a second factor is asked for."""
    outcome = await services.sign_ins.with_password(
        wish, device=device_of(services, request), address=address_of(request), now=services.now()
    )
    if isinstance(outcome, Challenged):
        return JSONResponse({"challenge": outcome.challenge}, status_code=202)
    return await admitted(services, request, response, outcome)


@router.post("/sessions/second-factor", status_code=201)
async def sign_in_with_code(
    wish: CodeStep, services: Given, request: Request, response: Response
) -> SessionView:
    """Take the second step of signing in; sets the session's cookie."""
    outcome = await services.sign_ins.with_code(
        wish.challenge,
        wish.code,
        device=device_of(services, request),
        address=address_of(request),
        now=services.now(),
    )
    return await admitted(services, request, response, outcome)


@router.post("/sessions/card", status_code=201)
async def sign_in_with_card(
    wish: CardSignIn, services: Given, request: Request, response: Response
) -> SessionView:
    """Take over a guard's desk by card and PIN; of no other browser, and of no administrator."""
    now = services.now()
    async with services.database.read() as transaction:
        desk = await services.desks.view(transaction, cookie_of(request, DESK_COOKIE), now=now)
    if desk is None:
        raise RefusedError(403, "no_desk", "this browser is not a guard's desk")
    outcome = await services.sign_ins.with_card(
        wish.number,
        wish.pin,
        key=services.card_key,
        device=device_of(services, request),
        address=address_of(request),
        now=now,
    )
    return await admitted(services, request, response, outcome)


@router.post("/invitations/accept", status_code=201, dependencies=[Depends(limit_attempts)])
async def accept_invitation(
    wish: AcceptInvitation, services: Given, request: Request, response: Response
) -> SessionView:
    """Become an operator by a one-time link; sets the session's cookie."""
    session, operator = await services.users.accept(
        wish, address=address_of(request), now=services.now()
    )
    device = device_of(services, request).knowing(operator.user_id)
    return _signed_in(response, services, session, operator, device)


@router.post("/resets/accept", status_code=204, dependencies=[Depends(limit_attempts)])
async def accept_reset(wish: AcceptReset, services: Given, request: Request) -> None:
    """Choose a new password by a one-time link; sign in with it then."""
    await services.users.accept_reset(wish, address=address_of(request), now=services.now())


@router.get("/sessions/current")
async def current_session(operator: Annotated[Operator, Depends(operator_of)]) -> SessionView:
    """Return who is signed in."""
    return _view(operator)


@router.delete("/sessions/current", status_code=204)
async def sign_out(
    operator: Annotated[Operator, Depends(session_of)],
    services: Given,
    request: Request,
    response: Response,
) -> None:
    """Sign out; the session's streams end, and the browser is no guard's desk any more."""
    async with services.database.write() as transaction:
        desk = cookie_of(request, DESK_COOKIE)
        await services.desks.leave(transaction, desk, now=services.now())
        await sessions.remove_session(transaction, operator.session)
    services.cookies.take_back(response, COOKIE)
    services.cookies.take_back(response, DESK_COOKIE)


@router.delete("/sessions", status_code=204)
async def end_all_sessions(operator: Admin, services: Given) -> None:
    """End everybody's sessions but this one."""
    await services.users.end_sessions(but=operator.session)


@router.post("/users/invitations", status_code=201)
async def invite_operator(wish: Invite, operator: Admin, services: Given) -> Invitation:
    """Make a one-time link for a new operator."""
    return await services.users.invite(wish.role, made_by=operator.username, now=services.now())


@router.delete("/users/links/{link_id}", status_code=204)
async def revoke_link(link_id: str, _: Admin, services: Given) -> None:
    """Let a one-time link, of an invitation or for a new password, be good no more."""
    await services.users.revoke_link(link_id, now=services.now())


@router.get("/users")
async def list_users(_: Reader, services: Given) -> UserList:
    """Return all operators, and the one-time links that nobody has used yet."""
    return await services.users.list_all(now=services.now())


@router.patch("/users/{user_id}", status_code=204)
async def change_user(user_id: str, wish: ChangedUser, operator: Admin, services: Given) -> None:
    """Change an operator's role, or shut them out or let them in again; their sessions end."""
    await services.users.change(user_id, wish, operator, now=services.now())


@router.delete("/users/{user_id}", status_code=204)
async def remove_user(user_id: str, operator: Admin, services: Given) -> None:
    """Remove an operator, whose sessions end at once."""
    if user_id == operator.user_id:
        raise RefusedError(409, "own_account", "another administrator must remove you")
    await services.users.remove(user_id, now=services.now())


@router.post("/users/{user_id}/reset", status_code=201)
async def reset_password(user_id: str, operator: Admin, services: Given) -> Invitation:
    """Make a one-time link for a new password; the old one is good until it is used."""
    return await services.users.reset(user_id, operator, now=services.now())


@router.delete("/users/{user_id}/second-factor", status_code=204)
async def remove_second_factor_of(user_id: str, operator: Admin, services: Given) -> None:
    """Remove the second factor of who has lost it; their sessions end."""
    await services.users.remove_second_factor(user_id, operator)


@router.put("/users/{user_id}/terminal-card", status_code=204)
async def put_terminal_card_of(
    user_id: str, wish: GivenTerminalCard, operator: Admin, services: Given
) -> None:
    """Give an operator a card and a PIN for terminals; only verifiers are kept."""
    await services.users.give_terminal_card(
        user_id, wish, operator, key=services.card_key, now=services.now()
    )


@router.delete("/users/{user_id}/terminal-card", status_code=204)
async def remove_terminal_card_of(user_id: str, _: Admin, services: Given) -> None:
    """Take an operator's card and PIN for terminals away; terminals are told at once."""
    await services.users.take_terminal_card(user_id)


@router.get("/users/{user_id}/sessions")
async def list_sessions_of(user_id: str, operator: Reader, services: Given) -> SessionList:
    """Return an operator's open sessions."""
    items = await services.users.sessions_of(user_id, this=operator.session, now=services.now())
    return SessionList(items=items)


@router.delete("/users/{user_id}/sessions", status_code=204)
async def end_sessions_of(user_id: str, _: Admin, services: Given, only: Only = None) -> None:
    """End an operator's sessions, or `only` one of them."""
    await services.users.end_sessions(user_id=user_id, only=only)


@router.get("/users/{user_id}/tokens")
async def list_tokens_of(user_id: str, _: Reader, services: Given) -> TokenList:
    """Return an operator's tokens."""
    async with services.database.read() as transaction:
        return TokenList(items=await tokens.list_tokens(transaction, user_id, now=services.now()))


@router.delete("/users/{user_id}/tokens/{token_id}", status_code=204)
async def revoke_token_of(user_id: str, token_id: str, _: Admin, services: Given) -> None:
    """Revoke an operator's token at once."""
    await revoke(services, user_id, token_id)


async def revoke(services: Services, user_id: str, token_id: str) -> None:
    """Revoke a token; refuses with 404 what is not this operator's."""
    async with services.database.write() as transaction:
        if not await sessions.remove_tokens(transaction, user_id, token_id=token_id):
            raise RefusedError(404, "token_not_found", "there is no such token")


def _view(operator: Operator) -> SessionView:
    return SessionView(
        username=operator.username,
        role=operator.role,
        permissions=sorted(operator.permissions),
        needs_second_factor=operator.needs_second_factor,
        is_locked=operator.is_desk,
        is_of_provider=operator.is_of_provider,
    )


async def _take_over(services: Services, request: Request, operator: Operator) -> None:
    """Let the desk that this browser may be have another guard."""
    secret = cookie_of(request, DESK_COOKIE)
    if secret:
        operator = operator.model_copy(update={"address": address_of(request)})
        async with services.database.write() as transaction:
            await services.desks.take_over(transaction, secret, operator, now=services.now())


def device_of(services: Services, request: Request) -> Device:
    """Return the browser that a request comes from."""
    return services.sign_ins.device_of(cookie_of(request, DEVICE_COOKIE))


async def admitted(
    services: Services, request: Request, response: Response, outcome: Entered
) -> SessionView:
    """Let the browser have its session, and the desk that it may be its guard."""
    await _take_over(services, request, outcome.operator)
    return _signed_in(response, services, outcome.session, outcome.operator, outcome.device)


def _signed_in(
    response: Response, services: Services, session: str, operator: Operator, device: Device
) -> SessionView:
    services.cookies.give(response, COOKIE, session, lifetime=SESSION_LIFETIME)
    services.cookies.give(
        response,
        DEVICE_COOKIE,
        services.sign_ins.cookie_of(device),
        lifetime=DEVICE_LIFETIME,
    )
    return _view(operator)
