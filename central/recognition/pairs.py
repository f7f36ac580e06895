"""People whom face alone does not tell apart, in the database.

A pair counts until somebody says that it is not confusable: meanwhile the gate asks both for a
card. Whenever a pair begins or ends to count, both people get new versions, so that nodes learn.
Versions are taken before rows are written: who holds a row of a person never waits for them.
"""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, case, delete, func, insert, or_, select, update

from central.database import Transaction
from central.operator_tables import users
from central.people.masking import masked
from central.people.repository import touch
from central.recognition.schemas import Origin, PairPerson, PairView, Verdict
from central.tables import cards, confusable_pairs, people

RISE: Final = 0.05
"""A pair that was answered as not confusable is asked about again when it is found to be so much
more alike: new pictures were enrolled since."""
NOT_CONFUSABLE: Final = "not_confusable"
TOPIC: Final = "recognition"
_PAIR: Final = confusable_pairs.c
_COUNTS: Final = or_(_PAIR.verdict.is_(None), _PAIR.verdict != NOT_CONFUSABLE)


@dataclasses.dataclass(frozen=True, slots=True)
class FoundPair:
    """Two people too alike, as a self-test found them. Attributes: one: before ``other``."""

    one: str
    other: str
    similarity: float


def ordered(one: str, other: str) -> tuple[str, str]:
    """Return the two in the order in which a pair is kept."""
    return (one, other) if one < other else (other, one)


async def confusable_with(
    transaction: Transaction, holder_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return for people whom face alone cannot tell from them."""
    wanted = or_(_PAIR.one.in_(holder_ids), _PAIR.other.in_(holder_ids))
    query = select(_PAIR.one, _PAIR.other).where(_COUNTS, wanted).order_by(_PAIR.one, _PAIR.other)
    found = dict[str, tuple[str, ...]]()
    for row in await transaction.execute(query):
        found[row.one] = (*found.get(row.one, ()), row.other)
        found[row.other] = (*found.get(row.other, ()), row.one)
    return found


async def same_person(transaction: Transaction) -> list[tuple[str, str]]:
    """Return the pairs of records that are of one person."""
    query = select(_PAIR.one, _PAIR.other).where(_PAIR.verdict == "same_person")
    return [(row.one, row.other) for row in await transaction.execute(query)]


async def record_found(
    transaction: Transaction,
    found: Sequence[FoundPair],
    *,
    compared: Collection[str],
    now: datetime,
) -> None:
    """Keep what a self-test found.

    New pairs wait for an answer. Open ones that are not found any more are dropped; answers stay,
    but for those that a larger similarity has overtaken.

    Args:
        transaction: A writing one.
        found: People who are gone meanwhile are passed over.
        compared: Whom the self-test compared; pairs with others are left alone.
        now: When.
    """
    there = {row.holder_id for row in await transaction.execute(_living(found))}
    pairs = {(p.one, p.other): p for p in found if {p.one, p.other} <= there}
    rows = {
        (row.one, row.other): row for row in await transaction.execute(select(confusable_pairs))
    }
    new = [pair for key, pair in pairs.items() if key not in rows]
    again = [pair for key, pair in pairs.items() if key in rows]
    risen = [pair for pair in again if _is_overtaken(rows[pair.one, pair.other], pair)]
    gone = [key for key, row in rows.items() if key not in pairs and _is_over(row, compared)]
    touched = {key for pair in (*new, *risen) for key in (pair.one, pair.other)}
    await touch(transaction, touched | {key for pair in gone for key in pair})
    await transaction.execute_many(
        insert(confusable_pairs),
        [{**dataclasses.asdict(p), "origin": "self_test", "found_at": now} for p in new],
    )
    await transaction.execute_many(
        update(confusable_pairs).where(_named()).values(similarity=bindparam("now_similarity")),
        [{**_key(p.one, p.other), "now_similarity": p.similarity} for p in again],
    )
    await transaction.execute_many(
        update(confusable_pairs)
        .where(_named())
        .values(verdict=None, decided_by=None, decided_at=None, found_at=now),
        [_key(p.one, p.other) for p in risen],
    )
    await transaction.execute_many(
        delete(confusable_pairs).where(_named()), [_key(*key) for key in gone]
    )
    transaction.announce(TOPIC)


async def put(
    transaction: Transaction,
    one: str,
    other: str,
    *,
    origin: Origin,
    by: str,
    now: datetime,
    similarity: float | None = None,
) -> None:
    """Say that two people are alike; an earlier answer about them is replaced."""
    one, other = ordered(one, other)
    if await decide(transaction, one, other, verdict="alike", by=by, now=now):
        return
    await touch(transaction, {one, other})
    await transaction.execute(
        insert(confusable_pairs).values(
            one=one,
            other=other,
            origin=origin,
            similarity=similarity,
            found_at=now,
            verdict="alike",
            decided_by=by,
            decided_at=now,
            decided_similarity=similarity,
        )
    )
    transaction.announce(TOPIC)


async def decide(
    transaction: Transaction, one: str, other: str, *, verdict: Verdict, by: str, now: datetime
) -> bool:
    """Answer what two people are; returns whether there is such a pair."""
    one, other = ordered(one, other)
    row = await _find(transaction, one, other)
    if row is None:
        return False
    if (row.verdict == NOT_CONFUSABLE) != (verdict == NOT_CONFUSABLE):
        await touch(transaction, {one, other})
    await transaction.execute(
        update(confusable_pairs)
        .where(_PAIR.one == one, _PAIR.other == other)
        .values(verdict=verdict, decided_by=by, decided_at=now, decided_similarity=_PAIR.similarity)
    )
    transaction.announce(TOPIC)
    return True


async def remove(transaction: Transaction, one: str, other: str) -> bool:
    """Forget a pair; returns whether there was one. What a self-test finds, it finds again."""
    one, other = ordered(one, other)
    row = await _find(transaction, one, other)
    if row is None:
        return False
    if row.verdict != NOT_CONFUSABLE:
        await touch(transaction, {one, other})
    await transaction.execute(
        delete(confusable_pairs).where(_PAIR.one == one, _PAIR.other == other)
    )
    transaction.announce(TOPIC)
    return True


async def count(transaction: Transaction, *, is_open: bool = False) -> int:
    """Return how many pairs there are, or how many nobody has answered."""
    query = select(func.count()).select_from(confusable_pairs)
    if is_open:
        query = query.where(_PAIR.verdict.is_(None))
    return int((await transaction.execute(query)).scalar_one())


async def page(transaction: Transaction, *, limit: int, has_names: bool) -> list[PairView]:
    """Return pairs, the open ones first, then the most alike."""
    one, other = people.alias("person_one"), people.alias("person_other")
    is_answered = case((_PAIR.verdict.is_(None), 0), (_PAIR.verdict == "same_person", 1), else_=2)
    query = (
        select(
            confusable_pairs,
            users.c.username,
            *_about(one, "one"),
            *_about(other, "other"),
        )
        .join(one, one.c.holder_id == _PAIR.one)
        .join(other, other.c.holder_id == _PAIR.other)
        .outerjoin(users, users.c.user_id == _PAIR.decided_by)
        .order_by(is_answered, func.coalesce(_PAIR.similarity, -1).desc(), _PAIR.one, _PAIR.other)
        .limit(limit)
    )
    return [_view(row, has_names=has_names) for row in await transaction.execute(query)]


def _about(person: Any, which: str) -> list[Any]:  # noqa: ANN401 - an alias of a table
    card_count = (
        select(func.count())
        .select_from(cards)
        .where(cards.c.holder_id == person.c.holder_id)
        .scalar_subquery()
    )
    return [
        person.c.name.label(f"{which}_name"),
        person.c.is_active.label(f"{which}_is_active"),
        person.c.created_at.label(f"{which}_created_at"),
        card_count.label(f"{which}_card_count"),
    ]


def _view(row: Row[Any], *, has_names: bool) -> PairView:
    def person(key: str, name: str) -> PairPerson:
        return PairPerson(holder_id=key, name=name if has_names else masked(name))

    # Kept is who may pass, then who has cards, then who was added first.
    one_is_kept = (row.one_is_active, row.one_card_count, row.other_created_at) >= (
        row.other_is_active,
        row.other_card_count,
        row.one_created_at,
    )
    superfluous = row.other if one_is_kept else row.one
    return PairView(
        one=person(row.one, row.one_name),
        other=person(row.other, row.other_name),
        similarity=row.similarity,
        origin=row.origin,
        found_at=row.found_at,
        verdict=row.verdict,
        decided_by=row.username,
        decided_at=row.decided_at,
        superfluous=superfluous if row.verdict == "same_person" else None,
    )


async def _find(transaction: Transaction, one: str, other: str) -> Row[Any] | None:
    query = select(confusable_pairs).where(_PAIR.one == one, _PAIR.other == other)
    return (await transaction.execute(query)).first()


def _living(found: Sequence[FoundPair]) -> Any:  # noqa: ANN401 - a statement
    keys = {key for pair in found for key in (pair.one, pair.other)}
    return select(people.c.holder_id).where(people.c.holder_id.in_(keys), ~people.c.is_removed)


def _is_overtaken(row: Row[Any], pair: FoundPair) -> bool:
    known = row.decided_similarity
    return bool(row.verdict == NOT_CONFUSABLE and (known is None or pair.similarity > known + RISE))


def _is_over(row: Row[Any], compared: Collection[str]) -> bool:
    return row.verdict is None and row.one in compared and row.other in compared


def _named() -> Any:  # noqa: ANN401 - an expression
    return and_(_PAIR.one == bindparam("of_one"), _PAIR.other == bindparam("of_other"))


def _key(one: str, other: str) -> dict[str, Any]:
    return {"of_one": one, "of_other": other}
