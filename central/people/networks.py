"""Which network made people's faces, in the database: whom a change of network concerns."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, delete, exists, false, func, or_, select

from central.database import Transaction
from central.tables import enrolment_pictures, people, templates


def picture_count(network: str | None) -> ScalarSelect[Any]:
    """Return the expression: of how many pictures a row of ``people`` has its face."""
    query = select(func.max(templates.c.picture_count)).where(
        templates.c.holder_id == people.c.holder_id
    )
    if network is not None:
        query = query.where(templates.c.network == network)
    return query.scalar_subquery()


def must_come_again(network: str | None) -> ColumnElement[bool]:
    """Return the condition: a row of ``people`` whose face nobody can make anew.

    Args:
        network: The site's; None as long as nobody knows it, and then nobody must.
    """
    if network is None:
        return false()
    return _is_outdated(network) & ~_is_renewable(network)


def _is_outdated(network: str) -> ColumnElement[bool]:
    theirs = templates.c.holder_id == people.c.holder_id
    return exists().where(theirs) & ~exists().where(theirs, templates.c.network == network)


def _is_renewable(network: str) -> ColumnElement[bool]:
    failed = enrolment_pictures.c.failed_network
    return exists().where(
        enrolment_pictures.c.holder_id == people.c.holder_id,
        enrolment_pictures.c.review_id.is_(None),
        or_(failed.is_(None), failed != network),
    )


async def next_renewable(transaction: Transaction, *, network: str) -> str | None:
    """Return the holder id of somebody whose face can be made anew from kept pictures."""
    query = select(people.c.holder_id).where(_is_outdated(network), _is_renewable(network))
    found = await transaction.execute(query.order_by(people.c.holder_id).limit(1))
    holder_id: str | None = found.scalar_one_or_none()
    return holder_id


async def has_templates(transaction: Transaction) -> bool:
    """Return whether anybody has a face."""
    return (await transaction.execute(select(templates.c.template_id).limit(1))).first() is not None


async def template_ids(transaction: Transaction, holder_id: str) -> set[str]:
    """Return which templates a person has, of whatever network."""
    query = select(templates.c.template_id).where(templates.c.holder_id == holder_id)
    return set((await transaction.execute(query)).scalars())


async def superseded(transaction: Transaction, *, network: str, limit: int) -> list[str]:
    """Return people who have a face of the site's network and one of an earlier one."""
    earlier = templates.alias()
    query = (
        select(templates.c.holder_id)
        .join(earlier, earlier.c.holder_id == templates.c.holder_id)
        .where(templates.c.network == network, earlier.c.network != network)
        .distinct()
        .order_by(templates.c.holder_id)
        .limit(limit)
    )
    return list((await transaction.execute(query)).scalars())


async def remove_superseded(transaction: Transaction, holder_id: str, *, network: str) -> bool:
    """Forget a person's faces of earlier networks; the one of the site's network must be there.

    Returns:
        Whether there were any.
    """
    current = templates.alias()
    has_current = exists().where(current.c.holder_id == holder_id, current.c.network == network)
    removed = await transaction.execute(
        delete(templates)
        .where(templates.c.holder_id == holder_id, templates.c.network != network, has_current)
        .returning(templates.c.template_id)
    )
    return removed.first() is not None


async def counts(transaction: Transaction, *, network: str | None) -> Mapping[str, int]:
    """Return how many people there are of each kind, as ``schemas.FaceMigration`` names them."""
    has_face = exists().where(templates.c.holder_id == people.c.holder_id)
    conditions: dict[str, ColumnElement[bool]] = {"people_count": has_face}
    if network is not None:
        theirs = templates.c.holder_id == people.c.holder_id
        has_current = exists().where(theirs, templates.c.network == network)
        has_earlier = exists().where(theirs, templates.c.network != network)
        conditions |= {
            "current_count": has_current,
            "renewable_count": _is_outdated(network) & _is_renewable(network),
            "must_come_again_count": must_come_again(network),
            "kept_for_nodes_count": has_current & has_earlier,
        }
    found = dict.fromkeys(
        ("current_count", "renewable_count", "must_come_again_count", "kept_for_nodes_count"), 0
    )
    for name, condition in conditions.items():
        query = select(func.count()).select_from(people).where(condition)
        found[name] = int((await transaction.execute(query)).scalar_one())
    return found
