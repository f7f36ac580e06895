"""From the database to the facts of a report."""

from typing import Any

from sqlalchemy import Row, select

from central.database import Transaction
from central.fire import evidence, views
from central.fire.gates import zone_of
from central.fire.report import (
    Answered,
    FireFacts,
    InsideSeen,
    PanelSeen,
    PersonSeen,
    PointSeen,
    Report,
    TestSeen,
    compose,
)
from central.fire.tables import fire_drills, fire_people, fire_points, fire_tests
from central.muster import service as muster
from central.security import Operator
from central.services import Services
from config.site import Site


async def signed_report(
    transaction: Transaction, services: Services, row: Row[Any], operator: Operator
) -> evidence.SignedReport:
    """Return the report of a fire as an operator may see it, signed.

    Who may not see who is inside gets no list, who may not see names gets masked ones; what is
    signed is what is given.
    """
    return evidence.signed(
        await _report(transaction, services, row, operator), services.central_key
    )


async def _report(
    transaction: Transaction, services: Services, row: Row[Any], operator: Operator
) -> Report:
    site = services.settings.site
    told = await views.releases_of(transaction, [row.fire_id])
    asked = fire_drills.c.drill_id == row.fire_id
    drill = (await transaction.execute(select(fire_drills).where(asked))).first()
    zone = zone_of(site, row.zone)
    names = {} if zone is None else zone.name
    facts = FireFacts(
        fire_id=row.fire_id,
        zone=row.zone,
        zone_name={str(language): name for language, name in names.items()},
        is_drill=row.is_drill,
        releases=row.has_release,
        confirmed_by=row.confirmed_by or "unknown",
        points=await _points(transaction, row),
        node=row.origin,
        began_at=row.began_at,
        heard_at=row.heard_at,
        ended_at=row.ended_at,
        asked_by="" if drill is None else drill.asked_by,
        expected=views.expected_of(row, site),
        answered=tuple(_answered(each) for each in told),
        panels=tuple(PanelSeen.model_validate(each) for each in row.panels or ()),
        tests=await _tests(transaction, row),
        inside=await _inside(transaction, row, operator),
    )
    return compose(
        facts,
        site=site.site.id,
        site_name=_named(site),
        time_zone=site.site.time_zone,
        made_at=services.now(),
    )


def _named(site: Site) -> dict[str, str]:
    return {str(language): name for language, name in site.site.name.items()}


def _answered(row: Row[Any]) -> Answered:
    names = ("access_point", "output", "device", "node", "heard", "told_ms", "confirmed_ms")
    more = ("outcome", "attempts", "closed_at", "closed_by")
    return Answered(**{name: getattr(row, name) for name in (*names, *more)})


async def _points(transaction: Transaction, row: Row[Any]) -> tuple[PointSeen, ...]:
    devices = {point["device"] for point in row.points}
    known = await transaction.execute(select(fire_points).where(fire_points.c.device.in_(devices)))
    texts = {(each.device, each.point): each.text for each in known}
    return tuple(
        PointSeen(**point, text=texts.get((point["device"], point["point"]), ""))
        for point in row.points
    )


async def _tests(transaction: Transaction, row: Row[Any]) -> tuple[TestSeen, ...]:
    """Return the tests of the zone that were under way when the fire began."""
    table = fire_tests.c
    query = select(fire_tests).where(
        table.zone == row.zone,
        table.began_at <= row.began_at,
        table.ended_at.is_(None) | (table.ended_at >= row.began_at),
        table.until.is_(None) | (table.until >= row.began_at),
    )
    return tuple(
        TestSeen(
            test_id=each.test_id, zone=each.zone, points=tuple(each.points), asked_by=each.asked_by
        )
        for each in await transaction.execute(query)
    )


async def _inside(transaction: Transaction, row: Row[Any], operator: Operator) -> InsideSeen | None:
    if row.inside_at is None:
        return None
    query = select(fire_people).where(fire_people.c.fire_id == row.fire_id)
    rows = (await transaction.execute(query.order_by(fire_people.c.number))).all()
    people: tuple[PersonSeen, ...] | None = None
    if operator.may("muster.read"):
        names = await muster.names(
            transaction,
            [each.holder_id for each in rows],
            has_names=operator.may("people.names"),
        )
        people = tuple(
            PersonSeen(
                holder_id=each.holder_id,
                name=names.get(each.holder_id),
                area=each.area,
                since=each.since,
            )
            for each in rows
        )
    return InsideSeen(
        taken_at=row.inside_at,
        count=len(rows),
        unnamed_count=row.unnamed_count or 0,
        people=people,
        roll_call=row.roll_call_id,
    )
