"""One's own account over HTTP: for whoever has a session, and for no token."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.problems import RESPONSES
from central.security import Operator, session_of
from central.services import Given
from central.users import tokens
from central.users.account_schemas import (
    AccountView,
    ChangedPassword,
    ConfirmedByCode,
    MadeToken,
    NewSecondFactor,
    OwnTerminalCard,
    ProvenByPassword,
    ProvenTwice,
    RecoveryCodes,
    TokenList,
    WantedToken,
)
from central.users.endpoints import Only, revoke
from central.users.schemas import SessionList

router = APIRouter(prefix="/account", tags=["account"], responses=RESPONSES)
SVG = "image/svg+xml"
Self = Annotated[Operator, Depends(session_of)]


@router.get("")
async def get_own_account(operator: Self, services: Given) -> AccountView:
    """Return one's own account."""
    return await services.accounts.view(operator)


@router.put("/password", status_code=204)
async def change_password(wish: ChangedPassword, operator: Self, services: Given) -> None:
    """Replace the password; every other session ends."""
    await services.accounts.change_password(wish, operator)


@router.post("/second-factor", status_code=201)
async def begin_second_factor(
    wish: ProvenByPassword, operator: Self, services: Given
) -> NewSecondFactor:
    """Make a second factor, which is in force once it was confirmed."""
    return await services.accounts.begin_second_factor(wish.password, operator)


@router.get(
    "/second-factor/code.svg",
    response_class=Response,
    responses={200: {"content": {SVG: {"schema": {"type": "string"}}}}},
)
async def second_factor_picture(operator: Self, services: Given) -> Response:
    """Return the new second factor as a QR code, until it is confirmed."""
    return Response(await services.accounts.picture(operator), media_type=SVG)


@router.post("/second-factor/confirm")
async def confirm_second_factor(
    wish: ConfirmedByCode, operator: Self, services: Given
) -> RecoveryCodes:
    """Put the second factor in force; returns codes for who loses it."""
    return await services.accounts.confirm_second_factor(wish.code, operator, now=services.now())


@router.post("/second-factor/remove", status_code=204)
async def remove_own_second_factor(wish: ProvenTwice, operator: Self, services: Given) -> None:
    """Go on without a second factor, where the role allows it."""
    await services.accounts.remove_second_factor(
        wish.password, wish.code, operator, now=services.now()
    )


@router.put("/terminal-card", status_code=204)
async def put_own_terminal_card(wish: OwnTerminalCard, operator: Self, services: Given) -> None:
    """Have a card and a PIN for terminals; only verifiers are kept, never shown again."""
    await services.accounts.put_terminal_card(
        wish, operator, key=services.card_key, now=services.now()
    )


@router.delete("/terminal-card", status_code=204)
async def remove_own_terminal_card(operator: Self, services: Given) -> None:
    """Have no card and PIN for terminals any more."""
    await services.accounts.remove_terminal_card(operator)


@router.get("/sessions")
async def list_own_sessions(operator: Self, services: Given) -> SessionList:
    """Return one's own open sessions."""
    items = await services.users.sessions_of(
        operator.user_id, this=operator.session, now=services.now()
    )
    return SessionList(items=items)


@router.delete("/sessions", status_code=204)
async def end_own_sessions(operator: Self, services: Given, only: Only = None) -> None:
    """End one's other sessions, or `only` one."""
    but = operator.session if only is None else ""
    await services.users.end_sessions(user_id=operator.user_id, only=only, but=but)


@router.get("/tokens")
async def list_own_tokens(operator: Self, services: Given) -> TokenList:
    """Return one's own tokens."""
    async with services.database.read() as transaction:
        return TokenList(
            items=await tokens.list_tokens(transaction, operator.user_id, now=services.now())
        )


@router.post("/tokens", status_code=201)
async def make_token(wish: WantedToken, operator: Self, services: Given) -> MadeToken:
    """Make a token for a program: `Authorization: Bearer TOKEN`."""
    return await services.accounts.make_token(wish, operator, now=services.now())


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_own_token(token_id: str, operator: Self, services: Given) -> None:
    """Revoke one's own token at once."""
    await revoke(services, operator.user_id, token_id)
