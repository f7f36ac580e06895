"""Who arrived for whom, in the order in which central heard of it: what a host is told.

The place in the order is the event's position, so that a reader who goes on after the last one
misses nobody, not even an arrival that a terminal tells late.
"""

from sqlalchemy import select

from central.database import Transaction
from central.people.masking import masked
from central.people.repository import names_of
from central.tables import events, visits
from central.visits.schemas import Arrival
from config.contract.access_events import VisitorArrived
from config.contract.events import Event


async def arrivals(
    transaction: Transaction, *, after: int, host_id: str | None, limit: int, has_names: bool
) -> list[Arrival]:
    """Return arrivals after a position, oldest first; of a host alone where one is named."""
    query = (
        select(events.c.position, events.c.body, visits)
        .join(visits, visits.c.visit_id == events.c.holder_id)
        .where(events.c.type == VisitorArrived.type_name, events.c.position > after)
        .where(~visits.c.is_removed)
        .order_by(events.c.position)
        .limit(limit)
    )
    if host_id is not None:
        query = query.where(visits.c.host_id == host_id)
    rows = (await transaction.execute(query)).all()
    hosts = await names_of(transaction, {row.host_id for row in rows}, has_names=has_names)
    found = list[Arrival]()
    for row in rows:
        event = Event.model_validate_json(row.body)
        told = event.parsed()
        if isinstance(told, VisitorArrived):
            found.append(
                Arrival(
                    position=row.position,
                    arrived_at=event.time,
                    access_point=told.access_point,
                    visit_id=row.visit_id,
                    visitor=row.visitor if has_names else masked(row.visitor),
                    host_id=row.host_id,
                    host=hosts.get(row.host_id),
                )
            )
    return found
