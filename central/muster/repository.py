"""Who is where, in the database: of each person and of each node's count the last fact.

Facts arrive with events, in any order and more than once. What is kept is the last in the order of
facts, so every central process, and every node, comes to the same.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Select, insert, or_, select, update

from central.database import Transaction
from central.muster.tables import area_facts
from config.contract.access_events import (
    AreaFactRecorded,
    AreasForgivenRecorded,
    UnnamedCountRecorded,
)
from config.contract.area_state import Areas, SharedFact, is_later
from config.contract.areas import AreaFact, AreasForgiven, UnnamedCount
from config.contract.events import Event

TOPIC: Final = "muster"
KEYS_AT_ONCE: Final = 200
HOLDER_ID_LENGTH_MAX: Final = 64
TYPES: Final = "menshen.area."
"""How types that are looked at begin."""
_PERSON: Final = "person"
_UNNAMED: Final = "unnamed"
_FORGIVEN: Final = "forgiven"
_READERS: Final[dict[str, TypeAdapter[Any]]] = {
    _PERSON: TypeAdapter(AreaFact),
    _UNNAMED: TypeAdapter(UnnamedCount),
    _FORGIVEN: TypeAdapter(AreasForgiven),
}
_TABLE: Final = area_facts.c


@dataclasses.dataclass(frozen=True, slots=True)
class _Key:
    kind: str
    subject: str
    counted_by: str = ""


def facts_of(events: Iterable[Event]) -> list[SharedFact]:
    """Return what events tell of areas."""
    found = list[SharedFact]()
    for event in events:
        if not event.type.startswith(TYPES):
            continue
        data = event.parsed()
        if isinstance(data, AreaFactRecorded | UnnamedCountRecorded | AreasForgivenRecorded):
            found.append(data.fact)
    return [fact for fact in found if _is_usable(fact)]


def _is_usable(fact: SharedFact) -> bool:
    """Return whether the database takes it: a node that errs must not hold up its own events."""
    if not isinstance(fact, AreaFact):
        return True
    return len(fact.holder_id) <= HOLDER_ID_LENGTH_MAX and "\0" not in fact.holder_id


async def merge(transaction: Transaction, facts: Sequence[SharedFact]) -> None:
    """Keep those facts that are later than what is known; the caller has taken its turn."""
    latest = dict[_Key, SharedFact]()
    for fact in facts:
        key = _key(fact)
        if key not in latest or is_later(fact, latest[key]):
            latest[key] = fact
    known = await _known(transaction, list(latest))
    fresh = {k: f for k, f in latest.items() if k not in known or is_later(f, known[k])}
    added = [_row(key, fact) for key, fact in fresh.items() if key not in known]
    await transaction.execute_many(insert(area_facts), added)
    for key, fact in fresh.items():
        if key in known:
            await transaction.execute(
                update(area_facts)
                .where(
                    _TABLE.kind == key.kind,
                    _TABLE.subject == key.subject,
                    _TABLE.counted_by == key.counted_by,
                )
                .values(_row(key, fact))
            )
    if fresh:
        transaction.announce(TOPIC)


async def areas(transaction: Transaction) -> Areas:
    """Return who is in which area now; those outside are left out."""
    wanted = or_(_TABLE.area.is_not(None), _TABLE.kind == _FORGIVEN)
    state = Areas()
    state.merge(await _facts(transaction, select(area_facts).where(wanted)))
    return state


async def _known(transaction: Transaction, keys: Sequence[_Key]) -> dict[_Key, SharedFact]:
    subjects = sorted({key.subject for key in keys})
    found = dict[_Key, SharedFact]()
    for begin in range(0, len(subjects), KEYS_AT_ONCE):
        part = subjects[begin : begin + KEYS_AT_ONCE]
        query = select(area_facts).where(_TABLE.subject.in_(part))
        found |= {_key(fact): fact for fact in await _facts(transaction, query)}
    return found


async def _facts(transaction: Transaction, query: Select[Any]) -> list[SharedFact]:
    rows = await transaction.execute(query)
    return [_READERS[row.kind].validate_json(row.body) for row in rows]


def _key(fact: SharedFact) -> _Key:
    match fact:
        case AreaFact():
            return _Key(_PERSON, fact.holder_id)
        case UnnamedCount():
            return _Key(_UNNAMED, fact.area, fact.node)
        case AreasForgiven():
            return _Key(_FORGIVEN, "")


def _row(key: _Key, fact: SharedFact) -> dict[str, Any]:
    is_nowhere = isinstance(fact, AreaFact) and fact.is_forgiven
    area = None if isinstance(fact, AreasForgiven) or is_nowhere else fact.area
    return {
        **dataclasses.asdict(key),
        "area": area,
        "body": fact.model_dump_json(),
    }
