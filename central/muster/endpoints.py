"""Who is inside, over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from central.access.repository import current
from central.database import Transaction
from central.muster import repository
from central.muster.schemas import AreaMuster, Muster, PersonInside, SilentNode
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.people.repository import names_of
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given, Services
from central.visits.repository import visitors_of
from config.contract.access_model import AccessModel
from config.contract.access_terms import Area
from config.contract.area_state import Areas

router = APIRouter(tags=["muster"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("muster.read"))]
NAMES_AT_ONCE = 500


@router.get("/muster")
async def muster(operator: Viewer, services: Given) -> Muster:
    """Return who is inside, by area, as far as central has heard."""
    now = services.now()
    async with services.database.read() as transaction:
        kept = await current(transaction)
        state = await repository.areas(transaction)
        silent = await _silent_nodes(transaction, services, now=now)
        listed = _listed(AccessModel() if kept is None else kept.model, state)
        holder_ids = [fact.holder_id for area in listed for fact in state.people(area.id)]
        names = dict[str, str]()
        for begin in range(0, len(holder_ids), NAMES_AT_ONCE):
            part = holder_ids[begin : begin + NAMES_AT_ONCE]
            for names_in in (names_of, visitors_of):
                names |= await names_in(transaction, part, has_names=operator.may("people.names"))
    return Muster(
        at=now,
        is_configured=bool(listed),
        areas=[_area(area, state, names) for area in listed],
        silent_nodes=silent,
    )


def _listed(model: AccessModel, state: Areas) -> list[Area]:
    """Return the areas of the model, and those it has no more while somebody is in them."""
    known = {area.id for area in model.areas}
    left = (Area(id=area) for area in state.occupied if area not in known)
    return [*model.areas, *left]


def _area(area: Area, state: Areas, names: dict[str, str]) -> AreaMuster:
    people = [
        PersonInside(
            holder_id=fact.holder_id,
            name=names.get(fact.holder_id),
            since=fact.at,
            node=fact.node,
        )
        for fact in state.people(area.id)
    ]
    return AreaMuster(
        area=area.id,
        name={str(language): name for language, name in area.name.items()},
        count=state.count(area.id),
        people=people,
        unnamed_count=state.unnamed_count(area.id),
        occupancy_max=area.occupancy_max,
    )


async def _silent_nodes(
    transaction: Transaction, services: Services, *, now: datetime
) -> list[SilentNode]:
    views = await nodes.views(transaction, installed(services), now=now)
    return [
        SilentNode(node=view.node, last_seen_at=view.last_seen_at)
        for view in views
        if not view.is_online
    ]
