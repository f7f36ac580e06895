"""What is due of each class, found and deleted in the database; a batch at a time.

A rule is two questions about one class: since when does its oldest item count, and forget at most
so many of those that counted until a moment. Both are asked of the tables as they are, so a timer
that was off, or whose own record was lost, misses nothing.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from central.alarms.tables import (
    alarm_counts,
    alarm_deliveries,
    alarm_floods,
    alarm_sources,
    alarms,
    handovers,
)
from central.consent import erasures, leavers
from central.database import ALARMS_LOCK, EVENTS_LOCK, Transaction
from central.diner.tables import diner_links, diner_meals, diner_ratings
from central.duty.tables import guard_desks, shift_notes
from central.fire.tables import fire_people, fires
from central.integrations.tables import outside_events
from central.muster import repository as muster
from central.muster.tables import area_facts, roll_calls
from central.operator_tables import api_tokens, invitations, sessions
from central.patrol import keeping as patrols
from central.people import reviews, templates
from central.retention.event_rules import CANDIDATES_RULE, of_classes
from central.retention.rule import Forgotten, Rule, delete_some, minimum
from central.tables import (
    blobs,
    enrolment_pictures,
    face_reviews,
    imports,
    node_tokens,
    people,
    visits,
)
from central.tables import templates as templates_table
from central.users import sessions as users
from central.video import repository as video
from central.visits import repository as visits_repository
from config.contract.events import PayerIdentified
from config.contract.video_events import MediaKind
from config.crypto.keys import SigningKey


def _expired(*keys: Column[Any]) -> Rule:
    """Return the rule of tables that carry the moment when they are over."""

    async def oldest(transaction: Transaction) -> datetime | None:
        return await minimum(transaction, *(key.table.c.expires_at for key in keys))

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        if keys[0].table is blobs:
            await transaction.take_turn(EVENTS_LOCK)
        counts = [
            await delete_some(transaction, key, key.table.c.expires_at <= until, limit)
            for key in keys
        ]
        return Forgotten(sum(counts), max(counts) == limit)

    return Rule(oldest, forget)


async def _oldest_session(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, sessions.c.expires_at)


async def _forget_sessions(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    query = select(sessions.c.id_hash).where(sessions.c.expires_at <= until).limit(limit)
    over = (await transaction.execute(query)).scalars().all()
    for id_hash in over:
        await users.remove_session(transaction, id_hash)
    return Forgotten(len(over), len(over) == limit)


_PERSON: Final = and_(area_facts.c.kind == "person", area_facts.c.counted_by == "")


async def _places(transaction: Transaction) -> list[tuple[datetime, str]]:
    rows = await transaction.execute(select(area_facts.c.subject, area_facts.c.body).where(_PERSON))
    places = ((datetime.fromisoformat(json.loads(row.body)["at"]), row.subject) for row in rows)
    return sorted(places)


async def _oldest_place(transaction: Transaction) -> datetime | None:
    places = await _places(transaction)
    return places[0][0] if places else None


async def _forget_places(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    await transaction.take_turn(EVENTS_LOCK)
    over = [subject for at, subject in await _places(transaction) if at <= until][:limit]
    if over:
        await transaction.execute(delete(area_facts).where(_PERSON, area_facts.c.subject.in_(over)))
        transaction.announce(muster.TOPIC)
    return Forgotten(len(over), len(over) == limit)


LEFT_AT: Final = case(
    (people.c.valid_until.is_(None), people.c.inactive_since),
    (people.c.inactive_since.is_(None), people.c.valid_until),
    (people.c.valid_until < people.c.inactive_since, people.c.valid_until),
    else_=people.c.inactive_since,
)
"""When somebody left: switched off, or the last day is over, whichever was first."""
_HAS_FACE: Final = or_(
    exists().where(templates_table.c.holder_id == people.c.holder_id),
    exists().where(enrolment_pictures.c.holder_id == people.c.holder_id),
    exists().where(face_reviews.c.holder_id == people.c.holder_id),
)


async def note_leavers(transaction: Transaction, *, now: datetime) -> None:
    """Note since when people are switched off: whoever switches them keeps no time."""
    since = people.c.inactive_since
    await transaction.execute(
        update(people)
        .where(~people.c.is_active, ~people.c.is_removed, since.is_(None))
        .values(inactive_since=now)
    )
    await transaction.execute(
        update(people).where(people.c.is_active, since.is_not(None)).values(inactive_since=None)
    )


def _leavers(
    condition: ColumnElement[bool], forget_one: Callable[[Transaction, str], Awaitable[None]]
) -> Rule:
    here = and_(~people.c.is_removed, condition)

    async def oldest(transaction: Transaction) -> datetime | None:
        return await minimum(transaction, LEFT_AT, where=here)

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        await templates.take_turn(transaction)
        query = select(people.c.holder_id).where(here, until >= LEFT_AT).limit(limit)
        found = (await transaction.execute(query)).scalars().all()
        for holder_id in found:
            await forget_one(transaction, holder_id)
        return Forgotten(len(found), len(found) == limit)

    return Rule(oldest, forget)


async def _oldest_review(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, face_reviews.c.requested_at)


async def _forget_reviews(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    await templates.take_turn(transaction)
    query = select(face_reviews.c.review_id).where(face_reviews.c.requested_at <= until)
    over = (await transaction.execute(query.limit(limit))).scalars().all()
    for review_id in over:
        await reviews.remove(transaction, review_id)
    return Forgotten(len(over), len(over) == limit)


async def _oldest_visit(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, visits.c.valid_until, where=~visits.c.is_removed)


async def _forget_visits(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    count = await visits_repository.forget_over(transaction, until=until, limit=limit)
    return Forgotten(count, count == limit)


_LISTED_AT_A_FIRE: Final = fires.c.fire_id.in_(select(fire_people.c.fire_id))


async def _oldest_roll_call(transaction: Transaction) -> datetime | None:
    found = (
        await minimum(transaction, roll_calls.c.started_at),
        await minimum(transaction, fires.c.inside_at, where=_LISTED_AT_A_FIRE),
    )
    return min((at for at in found if at is not None), default=None)


async def _forget_roll_calls(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    await transaction.take_turn(EVENTS_LOCK)
    over = roll_calls.c.started_at <= until
    count = await delete_some(transaction, roll_calls.c.roll_call_id, over, limit)
    past = select(fires.c.fire_id).where(_LISTED_AT_A_FIRE, fires.c.inside_at <= until)
    lists = (await transaction.execute(past.limit(limit))).scalars().all()
    if lists:
        # The fire itself is a record; who was inside then is forgotten as a roll-call is.
        await transaction.execute(delete(fire_people).where(fire_people.c.fire_id.in_(lists)))
    return Forgotten(count + len(lists), limit in (count, len(lists)))


def _is_over(until: datetime | None = None) -> ColumnElement[bool]:
    """Return which alarms may be forgotten, those that closed by then or all.

    The newest change stays, since versions go on from it, and so does the alarm by which a source
    that is out of service is returned.
    """
    newest = select(func.max(alarms.c.version)).scalar_subquery()
    is_out = select(alarm_sources.c.alarm_id).where(
        alarm_sources.c.alarm_id.is_not(None), alarm_sources.c.out_of_service_since.is_not(None)
    )
    over = and_(alarms.c.version < newest, alarms.c.alarm_id.not_in(is_out))
    return over if until is None else and_(over, alarms.c.closed_at <= until)


async def _oldest_alarm(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, alarms.c.closed_at, where=_is_over())


async def _forget_alarms(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    """Forget closed alarms."""
    await transaction.take_turn(ALARMS_LOCK)
    count = await delete_some(transaction, alarms.c.alarm_id, _is_over(until), limit)
    await transaction.execute(delete(alarm_counts).where(alarm_counts.c.slot <= until))
    await transaction.execute(delete(alarm_floods).where(alarm_floods.c.ended_at <= until))
    sent = and_(alarm_deliveries.c.made_at <= until, alarm_deliveries.c.next_at.is_(None))
    await transaction.execute(delete(alarm_deliveries).where(sent))
    return Forgotten(count, count == limit)


async def _oldest_handover(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, handovers.c.written_at, shift_notes.c.at)


async def _forget_handovers(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    count = await delete_some(
        transaction, handovers.c.handover_id, handovers.c.written_at <= until, limit
    )
    notes = await delete_some(transaction, shift_notes.c.note_id, shift_notes.c.at <= until, limit)
    return Forgotten(count + notes, limit in (count, notes))


async def _oldest_meal(transaction: Transaction) -> datetime | None:
    return await minimum(transaction, diner_meals.c.registered_at, diner_ratings.c.rated_at)


async def _forget_meals(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    is_old = diner_meals.c.registered_at <= until
    meals = await delete_some(transaction, diner_meals.c.meal_id, is_old, limit)
    is_old = diner_ratings.c.rated_at <= until
    rated = await delete_some(transaction, diner_ratings.c.charge_id, is_old, limit)
    return Forgotten(meals + rated, limit in (meals, rated))


def _media(kind: MediaKind) -> Rule:
    async def oldest(transaction: Transaction) -> datetime | None:
        return await video.oldest_of(transaction, kind)

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        count = await video.forget_of(transaction, kind, until=until, limit=limit)
        return Forgotten(count, count == limit)

    return Rule(oldest, forget)


async def _forget_patrols(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    count = await patrols.forget(transaction, until=until, limit=limit)
    return Forgotten(count, count >= limit)


RULES: Final[Mapping[str, Rule]] = {
    "crops": _expired(blobs.c.sha256),
    "passages": of_classes(
        "passages", {"access"}, types={PayerIdentified.type_name}, with_forgiven=True
    ),
    "candidates": CANDIDATES_RULE,
    "alarms": of_classes("alarms", {"alarm", "fire"}),
    "device_events": of_classes("device_events", {"telemetry"}),
    "face_reviews": Rule(_oldest_review, _forget_reviews),
    "visitors": Rule(_oldest_visit, _forget_visits),
    "alarm_list": Rule(_oldest_alarm, _forget_alarms),
    "handovers": Rule(_oldest_handover, _forget_handovers),
    "alarm_snapshots": _media(MediaKind.SNAPSHOT),
    "alarm_clips": _media(MediaKind.CLIP),
    "roll_calls": Rule(_oldest_roll_call, _forget_roll_calls),
    "patrols": Rule(patrols.oldest, _forget_patrols),
    "meals": Rule(_oldest_meal, _forget_meals),
    "sessions": Rule(_oldest_session, _forget_sessions),
    "whereabouts": Rule(_oldest_place, _forget_places),
    "imports": _expired(imports.c.import_id),
    "outside_repeats": _expired(outside_events.c.event_hash),
    "invitations": _expired(
        invitations.c.secret_hash,
        node_tokens.c.secret_hash,
        api_tokens.c.token_id,
        guard_desks.c.desk_id,
        diner_links.c.link_id,
    ),
}


def leaver_rules(key: SigningKey, now: Callable[[], datetime]) -> Mapping[str, Rule]:
    """Return the rules of people who have left: what goes is erased for ever, with proofs."""

    async def forget_face(transaction: Transaction, holder_id: str) -> None:
        await leavers.finish(transaction, holder_id, key=key, now=now())

    async def forget_person(transaction: Transaction, holder_id: str) -> None:
        await erasures.erase_person(transaction, holder_id, key=key, by=None, now=now())

    return {
        "leaver_faces": _leavers(_HAS_FACE, forget_face),
        "leaver_records": _leavers(true(), forget_person),
    }
