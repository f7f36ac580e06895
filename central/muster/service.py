"""Who is inside, gathered from areas, nodes and names; and how a roll-call begins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from central.access.repository import current
from central.database import Transaction
from central.muster import repository, roll_calls
from central.muster.roll_call_schemas import Cause, KeptArea, KeptState
from central.muster.schemas import SilentNode
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.people.repository import names_of
from central.services import Services
from central.visits.repository import visitors_of
from config.contract.access_model import AccessModel
from config.contract.access_terms import Area
from config.contract.area_state import Areas

NAMES_AT_ONCE: Final = 500


async def inside(transaction: Transaction) -> tuple[Areas, list[Area]]:
    """Return who is where, and every area; one that the model lost while somebody is in it."""
    kept = await current(transaction)
    state = await repository.areas(transaction)
    model = AccessModel() if kept is None else kept.model
    known = {area.id for area in model.areas}
    left = (Area(id=area) for area in state.occupied if area not in known)
    return state, [*model.areas, *left]


async def names(
    transaction: Transaction, holder_ids: Sequence[str], *, has_names: bool
) -> dict[str, str]:
    """Return names of people and visitors who are not removed, masked unless they may be seen."""
    found = dict[str, str]()
    for begin in range(0, len(holder_ids), NAMES_AT_ONCE):
        part = holder_ids[begin : begin + NAMES_AT_ONCE]
        for names_in in (names_of, visitors_of):
            found |= await names_in(transaction, part, has_names=has_names)
    return found


async def silent_nodes(
    transaction: Transaction, services: Services, *, now: datetime
) -> list[SilentNode]:
    """Return the terminals that are not heard."""
    views = await nodes.views(transaction, installed(services), now=now)
    return [
        SilentNode(node=view.node, last_seen_at=view.last_seen_at)
        for view in views
        if not view.is_online
    ]


def named(area: Area) -> dict[str, str]:
    """Return an area's name by language."""
    return {str(language): name for language, name in area.name.items()}


async def begin_roll_call(
    transaction: Transaction, services: Services, *, cause: Cause, reason: str, started_by: str = ""
) -> tuple[UUID, bool]:
    """Begin a roll-call, or join the one that goes on: a building is evacuated once.

    Args:
        transaction: A writing one.
        services: Of this process.
        cause: Who asks for it.
        reason: Shown to operators, and kept.
        started_by: The operator's name; empty for a fire.

    Returns:
        Its identifier, and whether it began here.
    """
    await roll_calls.take_turn(transaction)
    if (going_on := await roll_calls.open_now(transaction)) is not None:
        return UUID(going_on.roll_call_id), False
    now = services.now()
    state, areas = await inside(transaction)
    kept = KeptState(
        areas=[
            KeptArea(area=area.id, name=named(area), unnamed_count=state.unnamed_count(area.id))
            for area in areas
        ],
        silent_nodes=await silent_nodes(transaction, services, now=now),
    )
    begun = await roll_calls.begin(
        transaction, state, kept, cause=cause, reason=reason, started_by=started_by, now=now
    )
    return begun, True
