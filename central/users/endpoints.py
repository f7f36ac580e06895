"""Sessions, invitations and operators over HTTP."""

import math
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.problems import RESPONSES, RefusedError
from central.security import COOKIE, SESSION_LIFETIME, Operator, Requires, address_of, operator_of
from central.services import Given, Services
from central.users import repository
from central.users.schemas import (
    AcceptInvitation,
    Invitation,
    Invite,
    SessionView,
    SignIn,
    UserList,
)
from central.users.service import Users

router = APIRouter(tags=["users"], responses=RESPONSES)
Admin = Annotated[Operator, Depends(Requires("users.manage"))]


def users_of(services: Given) -> Users:
    """Return the operators of the application."""
    return services.users


UsersGiven = Annotated[Users, Depends(users_of)]


def limit_attempts(request: Request, services: Given) -> None:
    """Refuse an address that tries too often."""
    address = "" if request.client is None else request.client.host
    wait_s = services.attempts.take(address, now_s=time.monotonic())
    if wait_s > 0:
        raise RefusedError(
            429,
            "too_many_attempts",
            "too many attempts: wait a minute",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )


@router.post("/sessions", status_code=201, dependencies=[Depends(limit_attempts)])
async def sign_in(
    wish: SignIn, users: UsersGiven, services: Given, request: Request, response: Response
) -> SessionView:
    """Sign in; sets the session's cookie."""
    session, operator = await users.sign_in(wish, address=address_of(request), now=services.now())
    return _signed_in(response, services, session, operator)


@router.post("/invitations/accept", status_code=201, dependencies=[Depends(limit_attempts)])
async def accept_invitation(
    wish: AcceptInvitation,
    users: UsersGiven,
    services: Given,
    request: Request,
    response: Response,
) -> SessionView:
    """Become an operator by a one-time link; sets the session's cookie."""
    session, operator = await users.accept(wish, address=address_of(request), now=services.now())
    return _signed_in(response, services, session, operator)


@router.get("/sessions/current")
async def current_session(operator: Annotated[Operator, Depends(operator_of)]) -> SessionView:
    """Return who is signed in."""
    return _view(operator)


@router.delete("/sessions/current", status_code=204)
async def sign_out(
    operator: Annotated[Operator, Depends(operator_of)], users: UsersGiven, response: Response
) -> None:
    """Sign out; the session's streams end."""
    await users.sign_out(operator)
    response.delete_cookie(COOKIE)


@router.post("/users/invitations", status_code=201)
async def invite(wish: Invite, _: Admin, users: UsersGiven, services: Given) -> Invitation:
    """Make a one-time link for a new operator."""
    return await users.invite(wish.role, now=services.now())


@router.get("/users")
async def list_users(_: Admin, services: Given) -> UserList:
    """Return all operators."""
    async with services.database.read() as transaction:
        return UserList(items=await repository.list_users(transaction))


@router.delete("/users/{user_id}", status_code=204)
async def remove_user(user_id: str, operator: Admin, users: UsersGiven) -> None:
    """Remove an operator, whose sessions end at once."""
    if user_id == operator.user_id:
        raise RefusedError(409, "own_account", "another administrator must remove you")
    await users.remove(user_id)


def _view(operator: Operator) -> SessionView:
    return SessionView(
        username=operator.username,
        role=operator.role,
        permissions=sorted(operator.permissions),
    )


def _signed_in(
    response: Response, services: Services, session: str, operator: Operator
) -> SessionView:
    response.set_cookie(
        COOKIE,
        session,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=services.settings.is_secure,
    )
    return _view(operator)
