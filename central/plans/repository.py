"""Floor plans in the database: every change is a version, the highest one is in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, and_, delete, func, insert, select

from central.database import Transaction
from central.plans.drawing import Drawing
from central.plans.schemas import Place, PlanVersion, PlanView
from central.plans.tables import plan_drawings, plan_versions

TOPIC: Final = "plans"
VERSION_COUNT_MAX: Final = 50
EMPTY_WIDTH: Final = 1200.0
EMPTY_HEIGHT: Final = 800.0
"""Of a plan without a drawing."""
_VERSIONS: Final = plan_versions.c


async def in_force(transaction: Transaction) -> list[PlanView]:
    """Return the plans, lowest floor first."""
    newest = (
        select(_VERSIONS.plan_id, func.max(_VERSIONS.version).label("version"))
        .group_by(_VERSIONS.plan_id)
        .subquery()
    )
    query = _query().join(
        newest,
        and_(newest.c.plan_id == _VERSIONS.plan_id, newest.c.version == _VERSIONS.version),
    )
    rows = await transaction.execute(
        query.where(~_VERSIONS.is_removed).order_by(_VERSIONS.floor, _VERSIONS.plan_id)
    )
    return [_view(row) for row in rows]


async def find(
    transaction: Transaction, plan_id: str, version: int | None = None
) -> Row[Any] | None:
    """Return a version of a plan, the newest one by default, a removal as well."""
    query = _query().where(_VERSIONS.plan_id == plan_id)
    if version is not None:
        query = query.where(_VERSIONS.version == version)
    return (await transaction.execute(query.order_by(_VERSIONS.version.desc()).limit(1))).first()


async def versions(transaction: Transaction, plan_id: str) -> list[PlanVersion]:
    """Return what is kept of a plan's versions, newest first."""
    query = select(plan_versions).where(_VERSIONS.plan_id == plan_id)
    rows = await transaction.execute(query.order_by(_VERSIONS.version.desc()))
    return [
        PlanVersion(
            version=row.version,
            drawing=row.drawing,
            place_count=len(row.places),
            is_removed=row.is_removed,
            changed_by=row.changed_by,
            changed_at=row.changed_at,
        )
        for row in rows
    ]


async def keep_drawing(transaction: Transaction, drawing: Drawing) -> str:
    """Keep a drawing once; returns its hash."""
    sha256 = drawing.sha256
    query = select(plan_drawings.c.sha256).where(plan_drawings.c.sha256 == sha256)
    if (await transaction.execute(query)).first() is None:
        await transaction.execute(
            insert(plan_drawings).values(
                sha256=sha256,
                content=drawing.content,
                width=drawing.width,
                height=drawing.height,
            )
        )
    return sha256


async def add_version(
    transaction: Transaction,
    *,
    plan_id: str,
    name: dict[str, str],
    floor: int,
    drawing: str | None,
    places: Sequence[Place],
    changed_by: str,
    now: datetime,
    is_removed: bool = False,
) -> PlanView:
    """Put a version in force after those of before; the caller has taken its turn."""
    last = select(func.max(_VERSIONS.version)).where(_VERSIONS.plan_id == plan_id)
    version = int((await transaction.execute(last)).scalar_one() or 0) + 1
    await transaction.execute(
        insert(plan_versions).values(
            plan_id=plan_id,
            version=version,
            name=name,
            floor=floor,
            drawing=drawing,
            places=[place.model_dump() for place in places],
            is_removed=is_removed,
            changed_by=changed_by,
            changed_at=now,
        )
    )
    await _forget(transaction, plan_id, before=version - VERSION_COUNT_MAX)
    transaction.announce(TOPIC)
    row = await find(transaction, plan_id, version)
    if row is None:
        raise LookupError(plan_id)
    return _view(row)


async def drawing_of(transaction: Transaction, sha256: str) -> str | None:
    """Return a drawing that some version shows."""
    query = select(plan_drawings.c.content).where(plan_drawings.c.sha256 == sha256)
    found: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return found


async def _forget(transaction: Transaction, plan_id: str, *, before: int) -> None:
    """Forget the oldest versions, and drawings that nothing shows any more."""
    forgotten = await transaction.execute(
        delete(plan_versions)
        .where(_VERSIONS.plan_id == plan_id, _VERSIONS.version <= before)
        .returning(_VERSIONS.version)
    )
    if forgotten.first() is not None:
        shown = select(_VERSIONS.drawing).where(_VERSIONS.drawing.is_not(None))
        await transaction.execute(delete(plan_drawings).where(plan_drawings.c.sha256.not_in(shown)))


def _query() -> Select[Any]:
    return select(plan_versions, plan_drawings.c.width, plan_drawings.c.height).outerjoin(
        plan_drawings, plan_drawings.c.sha256 == _VERSIONS.drawing
    )


def _view(row: Row[Any]) -> PlanView:
    return PlanView(
        id=row.plan_id,
        version=row.version,
        name=row.name,
        floor=row.floor,
        drawing=row.drawing,
        width=row.width or EMPTY_WIDTH,
        height=row.height or EMPTY_HEIGHT,
        places=tuple(Place.model_validate(place) for place in row.places),
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
