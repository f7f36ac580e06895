"""What is laid aside, by whom, why and until when: by people, and by design.

A source stays on its shelf or out of service when its alarm has closed: nothing of it would be
shown when it is raised next. So these are lists of sources, not of alarms.
"""

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import or_, select

from central.alarms import suppression
from central.alarms.repository import found
from central.alarms.schemas import AlarmView, OutOfService, Shelf
from central.alarms.tables import alarm_sources, alarm_suppressions
from central.database import Transaction


class AsideSource(BaseModel):
    """A source that people have laid aside.

    Attributes:
        alarm: Its newest one, closed or not; by it the source is returned.
    """

    source: str
    kind: str
    shelved: Shelf | None
    out_of_service: OutOfService | None
    alarm: AlarmView


class Design(BaseModel):
    """A gate whose alarms are hidden since a fire, or a drill, has set it free.

    Attributes:
        device: The gate; None where it was not told.
        until: Then it ends by itself, where nobody closes the release earlier.
    """

    access_point: str
    device: str | None
    since: AwareDatetime
    until: AwareDatetime


class AsideList(BaseModel):
    """Everything that lives behind the list. Attributes: kinds: What a design hides of a gate."""

    sources: list[AsideSource]
    designs: list[Design]
    kinds: list[str]


async def aside(transaction: Transaction) -> AsideList:
    """Return what is laid aside, what comes back first before what nobody has set an end to."""
    columns = alarm_sources.c
    query = (
        select(alarm_sources)
        .where(or_(columns.shelved_until.is_not(None), columns.out_of_service_since.is_not(None)))
        .order_by(columns.shelved_until.is_(None), columns.shelved_until, columns.source)
    )
    rows = (await transaction.execute(query)).all()
    views = {
        str(view.id): view
        for view in await found(transaction, [row.alarm_id for row in rows if row.alarm_id])
    }
    sources = list[AsideSource]()
    for row in rows:
        shelf = out = None
        if row.shelved_until is not None:
            shelf = Shelf(until=row.shelved_until, by=row.shelved_by, reason=row.shelved_reason)
        if row.out_of_service_since is not None:
            out = OutOfService(
                since=row.out_of_service_since,
                by=row.out_of_service_by,
                reason=row.out_of_service_reason,
            )
        if row.alarm_id in views:
            view = views[row.alarm_id]
            sources.append(
                AsideSource(
                    source=row.source, kind=row.kind, shelved=shelf, out_of_service=out, alarm=view
                )
            )
    return AsideList(
        sources=sources,
        designs=await _designs(transaction),
        kinds=sorted(suppression.KINDS),
    )


async def _designs(transaction: Transaction) -> list[Design]:
    columns = alarm_suppressions.c
    rows = (
        await transaction.execute(select(alarm_suppressions).order_by(columns.since, columns.cause))
    ).all()
    gates = {row.cause: row.subject_id for row in rows if row.subject_kind == "device"}
    return [
        Design(
            access_point=row.subject_id,
            device=gates.get(row.cause),
            since=row.since,
            until=row.since + suppression.LIFETIME,
        )
        for row in rows
        if row.subject_kind == "access_point"
    ]
