"""From what tills tell into the ledger: each charge once, in the transaction that keeps its event.

Facts may come in any order, late, and again. They are put into the charge's row first; what the
ledger is owed follows from the row, so the order does not matter. Nothing here refuses a batch:
what cannot be posted is a line of ``canteen_exceptions`` and an alarm.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from central.alarms.service import raise_alarm, return_alarm
from central.canteen import orders, repository
from central.canteen.posting import settle_up
from central.canteen.repository import TOPIC
from central.canteen.state import Charge, Fact, Problem, content_hash, hear
from central.database import Transaction
from central.ledger import repository as ledger
from config.contract.events import (
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    ChargeVoided,
    Event,
    EventClass,
    EventData,
    TillClosed,
    TillOpened,
)

ALARM: Final = "canteen_exception"
TEXT_LENGTH_MAX: Final = 64
PERIOD_LENGTH_MAX: Final = 63
NUMBER_MAX: Final = 10**15
TYPES: Final = frozenset(
    model.type_name
    for model in (
        ChargePending,
        ChargeRecorded,
        ChargeReleased,
        ChargeVoided,
        TillOpened,
        TillClosed,
    )
)


async def take_in(
    transaction: Transaction, node: str, fresh: Iterable[Event], *, now: datetime
) -> None:
    """Take in what a node's tills say, in the transaction that keeps the events.

    Args:
        transaction: A writing one that has the turn of events.
        node: Whose they are.
        fresh: Events that are new here, of any kind and in any order.
        now: Aware UTC.
    """
    told = [e for e in fresh if e.event_class is EventClass.MONEY and e.type in TYPES]
    if not told:
        return
    await ledger.take_turn(transaction)
    hearing = _Hearing(transaction, node, now=now)
    facts = [(event, _readable(event)) for event in told]
    await hearing.read([fact for _, fact in facts if fact is not None])
    for event, fact in facts:
        await hearing.hear(event, fact)
    await hearing.save()
    transaction.announce(TOPIC)


async def post_waiting(transaction: Transaction, *, now: datetime) -> int:
    """Post charges whose merchant was not in the site file and is now; returns how many."""
    await ledger.take_turn(transaction)
    waiting = await repository.unposted(transaction, await repository.merchants(transaction))
    if not waiting:
        return 0
    await settle_up(transaction, waiting, now=now)
    await repository.keep_charges(transaction, [], waiting)
    posted = [each for each in waiting if each.posted_at is not None]
    for charge in posted:
        for problem in (Problem.MERCHANT_UNKNOWN, Problem.LEDGER_REFUSES):
            line = repository.exception_id(charge.charge_id, problem)
            await repository.decide_exception(
                transaction, line, by="", decision="posted", note="", now=now
            )
    await follow_alarm(transaction, {each.node for each in posted}, now=now)
    transaction.announce(TOPIC)
    return len(posted)


async def follow_alarm(transaction: Transaction, nodes: Iterable[str], *, now: datetime) -> None:
    """Raise the alarm of nodes with facts that nobody has decided; return that of the others."""
    for node, count in (await repository.open_counts(transaction, set(nodes))).items():
        if count:
            await raise_alarm(transaction, kind=ALARM, node=node, now=now, detail={"count": count})
        else:
            await return_alarm(transaction, kind=ALARM, node=node, now=now)


def _readable(event: Event) -> EventData | None:
    """Return what an event says; None where no database could hold it.

    A terminal that is not ours any more may send anything, and must not stop the others' money.
    """
    fact = event.parsed()
    if fact is None or not _is_storable(fact.model_dump()):
        return None
    is_long = isinstance(fact, ChargeRecorded) and len(fact.period) > PERIOD_LENGTH_MAX
    return None if is_long else fact


def _is_storable(value: object) -> bool:
    match value:
        case str():
            return len(value) <= TEXT_LENGTH_MAX and "\0" not in value
        case int():
            return abs(value) <= NUMBER_MAX
        case dict():
            return all(map(_is_storable, value.values()))
        case list() | tuple():
            return all(map(_is_storable, value))
        case _:
            return True


class _Hearing:
    """What one batch says, put into rows."""

    def __init__(self, transaction: Transaction, node: str, *, now: datetime) -> None:
        self._transaction, self._node, self._now = transaction, node, now
        self._charges = dict[str, Charge]()
        self._known = frozenset[str]()
        self._orders = frozenset[str]()
        self._heard = dict[str, Charge]()
        self._lines = list[ChargeRecorded]()
        self._voids = dict[str, str]()
        self._sessions = dict[str, dict[str, Any]]()
        self._exceptions = dict[str, dict[str, Any]]()
        self._events = dict[str, Event]()

    async def read(self, facts: Sequence[EventData]) -> None:
        """Read what is known of everything that is told of."""
        wanted = [str(fact.charge_id) for fact in facts if isinstance(fact, Fact)]
        self._charges = await repository.charges(self._transaction, wanted)
        self._known = frozenset(self._charges)
        self._orders = frozenset(await orders.of(self._transaction, wanted))
        voids = [str(fact.void_id) for fact in facts if isinstance(fact, ChargeVoided)]
        self._voids = await repository.charges_of_voids(self._transaction, voids)
        of_tills = [f for f in facts if isinstance(f, TillOpened | TillClosed)]
        known = await repository.sessions(self._transaction, [str(f.session_id) for f in of_tills])
        self._sessions = {key: dict(row._mapping) for key, row in known.items()}  # noqa: SLF001 - SQLAlchemy's public name

    async def hear(self, event: Event, fact: EventData | None) -> None:
        """Put one fact into its row; None is one that cannot be read."""
        match fact:
            case ChargePending() | ChargeRecorded() | ChargeReleased() | ChargeVoided():
                self._hear_charge(event, fact)
            case TillOpened() | TillClosed():
                await self._hear_session(event, fact)
            case _:
                self._tell(Problem.UNREADABLE, event, about=str(event.id), said=str(event.id))

    def _hear_charge(self, event: Event, fact: Fact) -> None:
        key = str(fact.charge_id)
        if key in self._orders and isinstance(fact, ChargePending | ChargeReleased):
            # What a till did not hand out is kept for whoever ordered it.
            return
        charge = self._charges.setdefault(key, Charge(key, self._node))
        was_recorded = charge.content_hash is not None
        if isinstance(fact, ChargeVoided):
            other = self._voids.setdefault(str(fact.void_id), key)
            if other != key:
                said = content_hash(fact)
                self._tell(Problem.CONTENT_DIFFERS, event, about=key, said=said, till=fact.till)
                return
        if not charge.node:
            # Central has made it itself, of an order that nobody had told it of.
            charge.node = self._node
        problem = hear(charge, fact, at=event.time, now=self._now)
        self._heard[key] = charge
        self._events[key] = event
        if problem is not None:
            # What differs is a line for each content; what contradicts is one for the charge.
            is_other = problem in {Problem.CONTENT_DIFFERS, Problem.VOID_AGAIN}
            said = content_hash(fact) if is_other else ""
            self._tell(problem, event, about=key, said=said, till=fact.till)
        if isinstance(fact, ChargeRecorded) and not was_recorded:
            self._lines.append(fact)

    async def _hear_session(self, event: Event, fact: TillOpened | TillClosed) -> None:
        key = str(fact.session_id)
        said: dict[str, Any] = {"node": self._node, "till": fact.till, "merchant": fact.merchant}
        if isinstance(fact, TillOpened):
            said |= {"opened_at": event.time, "opened_by": fact.by}
        else:
            sums = fact.model_dump(exclude={"session_id", "till", "merchant", "by"})
            said |= {"closed_at": event.time, "closed_by": fact.by, **sums}
        known = self._sessions.get(key)
        differing = known is not None and any(
            known[name] is not None and known[name] != value for name, value in said.items()
        )
        if differing:
            digest = hashlib.sha256(fact.model_dump_json().encode()).hexdigest()
            self._tell(Problem.SESSION_DIFFERS, event, about=key, said=digest, till=fact.till)
            return
        await repository.keep_session(self._transaction, key, said, is_known=known is not None)
        empty = dict.fromkeys(
            ("opened_at", "opened_by", "closed_at", "closed_by", *TillClosed.model_fields)
        )
        self._sessions[key] = {**empty, **(known or {}), **said}

    def _tell(
        self, problem: Problem, event: Event, *, about: str, said: str, till: str | None = None
    ) -> None:
        row = repository.exception_row(
            problem, event, self._node, about=about, till=till, said=said, now=self._now
        )
        self._exceptions.setdefault(row["exception_id"], row)

    async def save(self) -> None:
        """Do what is due in the ledger, and write everything down."""
        heard = list(self._heard.values())
        # Debts and lines name their charge, so it is there before them.
        fresh = [each for each in heard if each.charge_id not in self._known]
        await repository.keep_charges(self._transaction, fresh, [])
        trays = [(str(fact.charge_id), fact.lines) for fact in self._lines]
        await repository.keep_lines(self._transaction, trays)
        problems = await settle_up(self._transaction, heard, now=self._now)
        await repository.keep_charges(self._transaction, [], heard)
        if self._orders:
            await orders.follow(self._transaction, heard, now=self._now)
        for key, problem in problems.items():
            till = self._heard[key].till
            self._tell(problem, self._events[key], about=key, said="", till=till)
        known = await repository.known_exceptions(self._transaction, self._exceptions)
        rows = [row for key, row in self._exceptions.items() if key not in known]
        if rows:
            await repository.add_exceptions(self._transaction, rows)
            await follow_alarm(self._transaction, {self._node}, now=self._now)
