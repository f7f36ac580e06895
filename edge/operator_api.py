"""What operators do at the terminal itself, over its local API, central reachable or not.

It is added to the kiosk's application, whose ``LoopbackGuard`` asks for the node's key; a session
by card and PIN says who it is. Opening is done by the desk that carries out central's commands.
"""

import dataclasses
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Header, HTTPException
from pydantic import Field

from config.contract.command_events import (
    CommandAskedHere,
    CommandOutcome,
    CommandRefusal,
    LocalReason,
)
from config.contract.commands import LIFETIME, NodeCommand, OpenOnce
from config.contract.events import EventData
from config.contract.identifiers import Frozen, Slug, new_id
from config.contract.nodes import NodeStatus
from config.contract.operators import EdgePermission
from edge.commands.desk import Carried
from edge.journal import JournalError
from edge.kept_file import KeptFileError
from edge.local_api import CardPresented, PinTyped
from edge.operators import IDLE_S_MAX, OperatorRefusedError, Operators, Refusal

_ANSWERS = {
    Refusal.NOT_KNOWN: (
        401,
        "not this card and PIN; after five wrong PINs none is right for five minutes",
    ),
    Refusal.NO_SESSION: (401, "this session is over: sign in again"),
    Refusal.RIGHTS_ENDED: (403, "your rights at terminals are over: ask your administrator"),
    Refusal.NOT_PERMITTED: (403, "your role may not do this at a terminal"),
}


class Recorder(Protocol):
    """The part of the journal that is needed here."""

    async def append(self, data: EventData, *, subject: str | None, now: datetime) -> object:
        """See ``Journal.append``."""
        ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OperatorDeeds:
    """What the node gives operators.

    Attributes:
        carry_out: See ``Desk.do``.
        is_central_reachable: Whether central took the last thing that it was told.
        now: Wall clock, aware UTC.
    """

    node: str
    operators: Operators
    status: Callable[[], NodeStatus]
    carry_out: Callable[[NodeCommand], Awaitable[Carried]]
    journal: Recorder
    is_central_reachable: Callable[[], bool]
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic

    async def open_once(self, point: str, reason: LocalReason, asked_by: str) -> Carried:
        """Let one person through; who asked and why is recorded first.

        Raises:
            JournalError: It cannot be recorded, and is not done.
            KeptFileError: The node has just started; try again.
        """
        now = self.now()
        command = NodeCommand(
            id=new_id(),
            node=self.node,
            what=OpenOnce(access_point=point),
            asked_by=asked_by,
            reason=reason,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        asked = CommandAskedHere(
            command_id=command.id,
            what=command.what.kind,
            access_point=point,
            asked_by=asked_by,
            reason=reason,
            is_central_reachable=self.is_central_reachable(),
        )
        await self.journal.append(asked, subject=point, now=now)
        return await self.carry_out(command)


class OperatorSignIn(CardPresented, PinTyped):
    """An operator's card and PIN."""


class OperatorSession(Frozen):
    """Who is signed in.

    Attributes:
        token: Sent with each deed as the header ``Operator-Session``.
        idle_s_max: The session ends when it was not used for so long.
    """

    token: Annotated[str, Field(repr=False)]
    operator_id: str
    name: str
    permissions: tuple[str, ...]
    idle_s_max: float = IDLE_S_MAX


class OpenWish(Frozen):
    """Why somebody is let through."""

    reason: LocalReason


class CommandAnswer(Frozen):
    """What became of it."""

    outcome: CommandOutcome
    refusal: CommandRefusal | None = None


Token = Annotated[str, Header(alias="Operator-Session", max_length=64)]


def operator_api(deeds: OperatorDeeds) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/operators")

    def permitted(token: str, permission: EdgePermission) -> str:
        try:
            operator = deeds.operators.permitted(
                token, permission, now=deeds.now(), now_s=deeds.monotonic()
            )
        except OperatorRefusedError as error:
            raise refused(error) from error
        return operator.operator_id

    @router.post("/sessions", status_code=201)
    async def sign_in(wish: OperatorSignIn) -> OperatorSession:
        """Sign in by card and PIN."""
        try:
            token, operator = deeds.operators.sign_in(
                wish.number, wish.pin, now=deeds.now(), now_s=deeds.monotonic()
            )
        except OperatorRefusedError as error:
            raise refused(error) from error
        return OperatorSession(
            token=token,
            operator_id=operator.operator_id,
            name=operator.name,
            permissions=operator.permissions,
        )

    @router.delete("/sessions/current", status_code=204)
    async def sign_out(token: Token) -> None:
        """Sign out."""
        deeds.operators.sign_out(token)

    @router.get("/status")
    async def get_status(token: Token) -> NodeStatus:
        """Return how the node is."""
        permitted(token, EdgePermission.STATUS_READ)
        return deeds.status()

    @router.post("/access-points/{access_point}/open")
    async def open_once(access_point: Slug, wish: OpenWish, token: Token) -> CommandAnswer:
        """Let one person through an access point; answers when the gate has."""
        asked_by = permitted(token, EdgePermission.COMMANDS_SEND)
        try:
            carried = await deeds.open_once(access_point, wish.reason, asked_by)
        except (JournalError, KeptFileError) as error:
            raise HTTPException(503, f"not done, try again: {error}") from error
        return CommandAnswer(outcome=carried.outcome, refusal=carried.refusal)

    return router


def refused(error: OperatorRefusedError) -> HTTPException:
    """Return what an operator is answered who may not."""
    status, detail = _ANSWERS[error.refusal]
    return HTTPException(status, detail)
