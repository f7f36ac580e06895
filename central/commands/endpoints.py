"""Operators' commands to nodes, over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from central.access import repository as access
from central.commands import repository
from central.commands.schemas import (
    AreaCommands,
    CommandList,
    CommandView,
    WantedAreaCommand,
    WantedCommand,
)
from central.nodes.endpoints import installed
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.commands import (
    HOLD_MAX,
    LIFETIME,
    HoldOpen,
    NodeCommand,
    OpenOnce,
    ReconnectDevice,
    Secure,
    Signal,
    SignedCommands,
    Wanted,
    sign_command,
)
from config.contract.identifiers import Slug, new_id

router = APIRouter(tags=["commands"], responses=RESPONSES)
Sender = Annotated[Operator, Depends(Requires("commands.send"))]
Viewer = Annotated[Operator, Depends(Requires("nodes.read"))]


@router.post("/nodes/{node}/commands", status_code=201)
async def send_command(
    node: Slug, wish: WantedCommand, operator: Sender, services: Given
) -> CommandView:
    """Have a node do something within half a minute; its answer comes to the list of commands."""
    now = services.now()
    _refuse_impossible(node, wish.what, services)
    command = _command(node, wish.what, wish.reason, operator, now=now)
    async with services.database.write() as transaction:
        await repository.add(transaction, command, username=operator.username)
        transaction.concerns(f"command:{command.id}", **command.what.model_dump(mode="json"))
        row = await repository.find(transaction, command.id)
    if row is None:
        raise LookupError(command.id)
    return repository.view_of(row, now=now)


@router.post("/areas/{area}/commands", status_code=201)
async def send_to_area(
    area: Slug, wish: WantedAreaCommand, operator: Sender, services: Given
) -> AreaCommands:
    """Have every way into and out of an area do the same: one act, a signed command to each.

    Each is answered by itself, so that some may do it and others not.
    """
    now, action_id = services.now(), new_id()
    nodes = {point.id: point.node for point in services.settings.site.access_point}
    async with services.database.write() as transaction:
        kept = await access.current(transaction)
        areas = () if kept is None else kept.model.areas
        if kept is None or area not in {each.id for each in areas}:
            raise RefusedError(404, "area_not_found", "the access model has no such area")
        points = [p.id for p in kept.model.points if area in (p.from_area, p.to_area)]
        if not set(wish.points) <= set(points):
            raise RefusedError(422, "unknown_access_point", "this area has no such point")
        points = [point for point in points if point in wish.points or not wish.points]
        there = [point for point in points if point in nodes]
        if not there:
            raise RefusedError(409, "area_without_points", "no access point leads into this area")
        for point in there:
            _refuse_impossible(nodes[point], wish.at(point), services)
            command = _command(nodes[point], wish.at(point), wish.reason, operator, now=now)
            await repository.add(
                transaction, command, username=operator.username, action_id=action_id
            )
        transaction.concerns(deed=wish.deed, count=len(there))
        rows = await repository.newest(transaction, limit=len(there), action_id=action_id)
    return AreaCommands(
        action_id=action_id,
        items=[repository.view_of(row, now=now) for row in rows],
        missing=[point for point in points if point not in nodes],
    )


@router.get("/commands")
async def list_commands(
    _: Viewer,
    services: Given,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    action: UUID | None = None,
) -> CommandList:
    """Return the newest commands and what became of them; those of one act with `action`."""
    async with services.database.read() as transaction:
        rows = await repository.newest(transaction, limit=limit, action_id=action)
    now = services.now()
    return CommandList(items=[repository.view_of(row, now=now) for row in rows])


@router.get("/nodes/current/commands")
async def fetch_commands(
    services: Given, signed: Annotated[SignedRequest, Depends(Signed())]
) -> SignedCommands:
    """Hand a node what it is still to do; it may ask again, and does each one once."""
    now = services.now()
    async with services.database.read() as transaction:
        rows = await repository.waiting(transaction, signed.node, now=now)
    if any(row.told_at is None for row in rows):
        async with services.database.write() as transaction:
            await repository.note_told(transaction, rows, now=now)
    site = services.settings.site.site.id
    return SignedCommands(
        commands=tuple(
            sign_command(repository.command_of(row), key=services.central_key, site=site)
            for row in rows
        )
    )


def _command(
    node: str, what: Wanted, reason: str, operator: Operator, *, now: datetime
) -> NodeCommand:
    return NodeCommand(
        id=new_id(),
        node=node,
        what=what,
        asked_by=operator.user_id,
        reason=reason,
        issued_at=now,
        expires_at=now + LIFETIME,
    )


def _refuse_impossible(node: str, what: Wanted, services: Services) -> None:
    site = services.settings.site
    if node not in installed(services):
        raise RefusedError(404, "node_not_installed", "the site file has no such node")
    here = site.for_node(node)
    if isinstance(what, OpenOnce | HoldOpen | Secure):
        if what.access_point not in {point.id for point in here.access_point}:
            raise RefusedError(422, "unknown_access_point", "this node has no such point")
    elif isinstance(what, ReconnectDevice) and what.device not in {d.id for d in here.device}:
        raise RefusedError(422, "unknown_device", "this node has no such device")
    elif isinstance(what, Signal) and what.sounder not in {s.id for s in here.sounder}:
        raise RefusedError(422, "unknown_sounder", "this node has no such sounder")
    if isinstance(what, HoldOpen):
        now = services.now()
        if not now < what.until <= now + HOLD_MAX:
            raise RefusedError(
                422, "hold_too_long", "a point is held open until a time of the next 24 hours"
            )
