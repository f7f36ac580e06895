"""Who is inside, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.muster import service
from central.muster.schemas import AreaMuster, Muster, PersonInside
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given
from config.contract.access_terms import Area
from config.contract.area_state import Areas

router = APIRouter(tags=["muster"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("muster.read"))]


@router.get("/muster")
async def muster(operator: Viewer, services: Given) -> Muster:
    """Return who is inside, by area, as far as central has heard."""
    now = services.now()
    async with services.database.read() as transaction:
        state, listed = await service.inside(transaction)
        silent = await service.silent_nodes(transaction, services, now=now)
        holder_ids = [fact.holder_id for area in listed for fact in state.people(area.id)]
        names = await service.names(transaction, holder_ids, has_names=operator.may("people.names"))
    return Muster(
        at=now,
        is_configured=bool(listed),
        areas=[_area(area, state, names) for area in listed],
        silent_nodes=silent,
    )


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
        name=service.named(area),
        count=state.count(area.id),
        people=people,
        unnamed_count=state.unnamed_count(area.id),
        occupancy_max=area.occupancy_max,
    )
