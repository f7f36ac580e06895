"""People and their cards in the database. Every change gives the person a new version."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, func, insert, or_, select, update

from central.consent.repository import stands_for
from central.consent.tables import terminal_faces
from central.database import Transaction
from central.patterns import like_pattern
from central.people import networks
from central.people.masking import masked
from central.people.schemas import CardView, NewPerson, Person
from central.site_values import next_replica_version, next_replica_versions
from central.tables import (
    PERSON_MARKS,
    cards,
    confusable_pairs,
    enrolment_pictures,
    face_reviews,
    people,
    templates,
    temporary_codes,
    units,
)


def _query(network: str | None) -> Select[Any]:
    card_count = (
        select(func.count())
        .select_from(cards)
        .where(cards.c.holder_id == people.c.holder_id)
        .scalar_subquery()
    )
    has_face = or_(
        exists().where(templates.c.holder_id == people.c.holder_id),
        exists().where(terminal_faces.c.holder_id == people.c.holder_id),
    )
    return (
        select(
            people,
            units.c.path.label("unit"),
            card_count.label("card_count"),
            has_face.label("has_face"),
            stands_for("gate").label("has_face_consent"),
            networks.picture_count(network).label("picture_count"),
            networks.must_come_again(network).label("must_come_again"),
        )
        .select_from(people.outerjoin(units))
        .where(~people.c.is_removed)
    )


def _person(row: Row[Any], *, has_names: bool) -> Person:
    return Person(
        holder_id=row.holder_id,
        name=row.name if has_names else masked(row.name),
        number=row.number if has_names else None,
        unit=row.unit,
        is_active=row.is_active,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        access_points=row.access_points,
        has_face=bool(row.has_face),
        has_face_consent=bool(row.has_face_consent),
        picture_count=row.picture_count,
        must_come_again=bool(row.must_come_again),
        card_count=row.card_count,
        profiles=row.profiles,
        has_pin=row.pin_verifier is not None,
        has_duress_pin=has_names and row.duress_verifier is not None,
        **{name: getattr(row, name) for name in PERSON_MARKS},
        created_at=row.created_at,
    )


async def find(
    transaction: Transaction, holder_id: str, *, has_names: bool, network: str | None
) -> Person | None:
    """Return a person; ``network`` is the site's, None as long as nobody knows it."""
    query = _query(network).where(people.c.holder_id == holder_id)
    row = (await transaction.execute(query)).first()
    return None if row is None else _person(row, has_names=has_names)


async def names_of(
    transaction: Transaction, holder_ids: Collection[str], *, has_names: bool
) -> dict[str, str]:
    """Return the names of those who are not removed."""
    query = select(people.c.holder_id, people.c.name).where(
        people.c.holder_id.in_(holder_ids), ~people.c.is_removed
    )
    rows = await transaction.execute(query)
    return {row.holder_id: row.name if has_names else masked(row.name) for row in rows}


async def page(
    transaction: Transaction,
    *,
    query: str,
    after: str | None,
    limit: int,
    has_names: bool,
    network: str | None,
    is_outdated: bool = False,
    unit_id: str | None = None,
) -> list[Person]:
    """Return people, newest first.

    Args:
        transaction: Any.
        query: Part of a name or number; looked for only where names may be seen, since an answer
            would tell them.
        after: Holder id of the last one that is known.
        limit: At most so many.
        has_names: Whether names may be seen.
        network: The site's; None as long as nobody knows it.
        is_outdated: Only people who must come again.
        unit_id: Only people of this organisation unit and of those below it.
    """
    wanted = _query(network).order_by(people.c.holder_id.desc()).limit(limit)
    if is_outdated:
        wanted = wanted.where(networks.must_come_again(network))
    if unit_id is not None:
        wanted = wanted.where(people.c.unit_id.in_(_units_below(unit_id)))
    if after is not None:
        wanted = wanted.where(people.c.holder_id < after)
    if query and has_names:
        pattern = like_pattern(query)
        wanted = wanted.where(
            or_(
                people.c.name.ilike(pattern, escape="\\"),
                people.c.number.ilike(pattern, escape="\\"),
            )
        )
    elif query:
        wanted = wanted.where(people.c.holder_id == query)
    return [_person(row, has_names=has_names) for row in await transaction.execute(wanted)]


def _units_below(unit_id: str) -> Select[Any]:
    """Select a unit and all below it; a path begins with the paths above it and a slash."""
    top = units.alias()
    begins = func.substr(units.c.path, 1, func.length(top.c.path) + 1) == top.c.path + "/"
    return (
        select(units.c.unit_id)
        .join(top, or_(units.c.unit_id == top.c.unit_id, begins))
        .where(top.c.unit_id == unit_id)
    )


async def has_number(transaction: Transaction, number: str, *, besides: str | None) -> bool:
    """Return whether somebody else has this personnel number."""
    query = select(people.c.holder_id).where(people.c.number == number)
    if besides is not None:
        query = query.where(people.c.holder_id != besides)
    return (await transaction.execute(query)).first() is not None


async def add(transaction: Transaction, holder_id: str, wish: NewPerson, *, now: datetime) -> None:
    """Add a person."""
    await transaction.execute(
        insert(people).values(
            **wish.model_dump(),
            holder_id=holder_id,
            version=await next_replica_version(transaction),
            is_removed=False,
            created_at=now,
        )
    )


async def change(transaction: Transaction, holder_id: str, values: dict[str, Any]) -> None:
    """Change a person who is there; an empty change still gives a new version."""
    version = await next_replica_version(transaction)
    await transaction.execute(
        update(people).where(people.c.holder_id == holder_id).values(**values, version=version)
    )


async def touch(transaction: Transaction, holder_ids: Collection[str]) -> None:
    """Give people new versions, so that nodes learn what else is known of them."""
    if not holder_ids:
        return
    versions = await next_replica_versions(transaction, len(holder_ids))
    await transaction.execute_many(
        update(people)
        .where(people.c.holder_id == bindparam("of_holder"))
        .values(version=bindparam("new_version")),
        [
            {"of_holder": holder_id, "new_version": version}
            for holder_id, version in zip(sorted(holder_ids), versions, strict=True)
        ],
    )


async def remove(transaction: Transaction, holder_id: str) -> None:
    """Forget a person: all that stays is that this identifier is removed.

    The caller has taken its turn (``templates.take_turn``).
    """
    await _forget_pairs(transaction, holder_id)
    for table in (cards, enrolment_pictures, templates, temporary_codes, terminal_faces):
        await transaction.execute(delete(table).where(table.c.holder_id == holder_id))
    await transaction.execute(
        delete(face_reviews).where(
            or_(face_reviews.c.holder_id == holder_id, face_reviews.c.resembles == holder_id)
        )
    )
    await change(
        transaction,
        holder_id,
        {
            "is_removed": True,
            "is_active": False,
            "name": "",
            "number": None,
            "valid_from": None,
            "valid_until": None,
            "access_points": None,
            "profiles": None,
            "pin_verifier": None,
            "duress_verifier": None,
            **dict.fromkeys(PERSON_MARKS, False),
            "unit_id": None,
            "in_roster": False,
            "face_withheld_at": None,
        },
    )


async def _forget_pairs(transaction: Transaction, holder_id: str) -> None:
    """Let those who could not be told from somebody be told by their face again."""
    pair = confusable_pairs.c
    mine = or_(pair.one == holder_id, pair.other == holder_id)
    rows = await transaction.execute(select(pair.one, pair.other).where(mine))
    await touch(transaction, {key for row in rows for key in row} - {holder_id})
    await transaction.execute(delete(confusable_pairs).where(mine))


async def list_cards(transaction: Transaction, holder_id: str) -> list[CardView]:
    """Return a person's cards, oldest first."""
    query = select(cards.c.card_id, cards.c.created_at, cards.c.valid_until).where(
        cards.c.holder_id == holder_id
    )
    rows = await transaction.execute(query.order_by(cards.c.card_id))
    return [CardView(**row) for row in rows.mappings()]


async def has_card(transaction: Transaction, verifier: str) -> bool:
    """Return whether somebody has this card."""
    query = select(cards.c.card_id).where(cards.c.verifier == verifier)
    return (await transaction.execute(query)).first() is not None


async def add_card(
    transaction: Transaction,
    holder_id: str,
    *,
    card_id: str,
    verifier: str,
    now: datetime,
    valid_until: datetime | None = None,
) -> None:
    """Give a person a card, for good or until a time."""
    await transaction.execute(
        insert(cards).values(
            card_id=card_id,
            holder_id=holder_id,
            verifier=verifier,
            created_at=now,
            valid_until=valid_until,
        )
    )
    await change(transaction, holder_id, {})


async def remove_card(transaction: Transaction, holder_id: str, card_id: str) -> bool:
    """Take a card away; returns whether the person had it."""
    removed = await transaction.execute(
        delete(cards)
        .where(cards.c.holder_id == holder_id, cards.c.card_id == card_id)
        .returning(cards.c.card_id)
    )
    if removed.first() is None:
        return False
    await change(transaction, holder_id, {})
    return True
