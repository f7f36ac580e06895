"""From what tills tell into the ledger: each charge once, in the transaction that keeps its event.

Facts may come in any order, late, and again. They are put into the charge's row first; what the
ledger is owed follows from the row, so the order does not matter. Nothing here refuses a batch:
what cannot be posted is a line of ``canteen_exceptions`` and an alarm.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from central.alarms.service import raise_alarm, return_alarm
from central.canteen import plans, repository
from central.canteen.repository import TOPIC, Payer
from central.canteen.state import Charge, Fact, Problem, Split, content_hash, hear, split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.ledger.errors import LedgerError, OrderError
from central.ledger.transfers import MOVING, Transfer
from config.contract.events import (
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    ChargeVoided,
    Event,
    EventClass,
    TillClosed,
    TillOpened,
)
from config.contract.money import MoneyUnit, Wallet

CHARGE: Final = "charge"
VOID: Final = "void"
"""Reasons of transfers."""
ALARM: Final = "canteen_exception"
OFFLINE: Final = timedelta(hours=24)
"""Two tills without central that took the same money did so within this."""
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
_WALLETS: Final = (Wallet.SUBSIDY, Wallet.CASH, Wallet.DEBT)


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
    await hearing.read(told)
    for event in told:
        await hearing.hear(event)
    await hearing.save()
    transaction.announce(TOPIC)


async def post_waiting(transaction: Transaction, *, now: datetime) -> int:
    """Post charges whose merchant was not in the site file and is now; returns how many."""
    await ledger.take_turn(transaction)
    waiting = await repository.unposted(transaction, await repository.merchants(transaction))
    if not waiting:
        return 0
    await _settle_up(transaction, waiting, now=now)
    await repository.keep_charges(transaction, [], waiting)
    posted = [each for each in waiting if each.posted_at is not None]
    for charge in posted:
        for problem in (Problem.MERCHANT_UNKNOWN, Problem.LEDGER_REFUSES):
            await repository.decide_exceptions(
                transaction, charge.charge_id, problem, by="", decision="posted", note="", now=now
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


class _Hearing:
    """What one batch says, put into rows."""

    def __init__(self, transaction: Transaction, node: str, *, now: datetime) -> None:
        self._transaction, self._node, self._now = transaction, node, now
        self._charges = dict[str, Charge]()
        self._known = frozenset[str]()
        self._heard = dict[str, Charge]()
        self._lines = list[ChargeRecorded]()
        self._voids = dict[str, str]()
        self._sessions = dict[str, dict[str, Any]]()
        self._exceptions = dict[str, dict[str, Any]]()
        self._events = dict[str, Event]()

    async def read(self, told: Sequence[Event]) -> None:
        """Read what is known of everything that is told of."""
        facts = [fact for event in told if (fact := event.parsed()) is not None]
        wanted = [str(fact.charge_id) for fact in facts if isinstance(fact, Fact)]
        self._charges = await repository.charges(self._transaction, wanted)
        self._known = frozenset(self._charges)
        voids = [str(fact.void_id) for fact in facts if isinstance(fact, ChargeVoided)]
        self._voids = await repository.charges_of_voids(self._transaction, voids)
        of_tills = [f for f in facts if isinstance(f, TillOpened | TillClosed)]
        known = await repository.sessions(self._transaction, [str(f.session_id) for f in of_tills])
        self._sessions = {key: dict(row._mapping) for key, row in known.items()}  # noqa: SLF001 - SQLAlchemy's public name

    async def hear(self, event: Event) -> None:
        """Put one fact into its row."""
        fact = event.parsed()
        match fact:
            case ChargePending() | ChargeRecorded() | ChargeReleased() | ChargeVoided():
                self._hear_charge(event, fact)
            case TillOpened() | TillClosed():
                await self._hear_session(event, fact)
            case _:
                self._tell(Problem.UNREADABLE, event, about=str(event.id), said=str(event.id))

    def _hear_charge(self, event: Event, fact: Fact) -> None:
        key = str(fact.charge_id)
        charge = self._charges.setdefault(key, Charge(key, self._node))
        was_recorded = charge.content_hash is not None
        if isinstance(fact, ChargeVoided):
            other = self._voids.setdefault(str(fact.void_id), key)
            if other != key:
                said = content_hash(fact)
                self._tell(Problem.CONTENT_DIFFERS, event, about=key, said=said, till=fact.till)
                return
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
        for fact in self._lines:
            await repository.keep_lines(self._transaction, str(fact.charge_id), fact.lines)
        problems = await _settle_up(self._transaction, heard, now=self._now)
        await repository.keep_charges(self._transaction, [], heard)
        for key, problem in problems.items():
            till = self._heard[key].till
            self._tell(problem, self._events[key], about=key, said="", till=till)
        known = await repository.known_exceptions(self._transaction, self._exceptions)
        rows = [row for key, row in self._exceptions.items() if key not in known]
        if rows:
            await repository.add_exceptions(self._transaction, rows)
            await follow_alarm(self._transaction, {self._node}, now=self._now)


# ---- what is due in the ledger


async def _settle_up(
    transaction: Transaction, heard: Sequence[Charge], *, now: datetime
) -> dict[str, Problem]:
    """Do what is due of charges, which have rows; returns what cannot be done, by charge."""
    problems = dict[str, Problem]()
    due = [each for each in heard if each.must_post]
    kept = await repository.reservations(transaction, [each.charge_id for each in heard])
    for charge in heard:
        if charge.must_release and charge.charge_id in kept:
            await ledger.release(transaction, UUID(charge.charge_id), now=now)
    known = await repository.merchants(transaction)
    posting = list[Charge]()
    for charge in due:
        if charge.merchant not in known:
            problems[charge.charge_id] = Problem.MERCHANT_UNKNOWN
        elif not _is_usable(charge):
            problems[charge.charge_id] = Problem.HOLDER_UNUSABLE
        else:
            posting.append(charge)
    if posting:
        problems |= await _post(transaction, posting, kept, now=now)
    for charge in heard:
        if charge.must_reverse:
            try:
                await _reverse(transaction, charge, now=now)
            except LedgerError:
                problems[charge.charge_id] = Problem.LEDGER_REFUSES
    return problems


def _is_usable(charge: Charge) -> bool:
    try:
        accounts.rules_of(accounts.wallet(charge.holder_id or "", Wallet.DEBT))
    except OrderError:
        return False
    return True


async def _post(
    transaction: Transaction,
    posting: Sequence[Charge],
    kept: Mapping[str, Row[Any]],
    *,
    now: datetime,
) -> dict[str, Problem]:
    payers = await repository.payers(transaction, [str(c.holder_id) for c in posting], now=now)
    groups = (await plans.current(transaction)).plan.groups
    for charge in posting:
        payer = payers.get(str(charge.holder_id))
        profiles = () if payer is None else payer.profiles
        charge.payer_group = next((group for profile, group in groups if profile in profiles), "")
    rest = list[Charge]()
    for charge in posting:
        row = kept.get(charge.charge_id)
        if row is None or not await _take_kept(transaction, charge, row, now=now):
            rest.append(charge)
    return await _post_fresh(transaction, rest, payers, now=now)


async def _take_kept(
    transaction: Transaction, charge: Charge, row: Row[Any], *, now: datetime
) -> bool:
    """Take what was kept for a charge; returns whether it was the same and still there."""
    group = UUID(charge.charge_id)
    asked = (charge.holder_id, charge.merchant, charge.amount_fen)
    if (row.holder_id, row.merchant, row.amount_fen) != asked:
        await ledger.release(transaction, group, now=now)
        return False
    at = charge.charged_at or now
    settled = await ledger.settle(transaction, group, now=now, happened_at=at)
    if settled.state != "settled":
        return False
    charge.subsidy_fen, charge.cash_fen, charge.posted_at = row.subsidy_fen, row.cash_fen, now
    return True


async def _post_fresh(
    transaction: Transaction,
    posting: Sequence[Charge],
    payers: Mapping[str, Payer],
    *,
    now: datetime,
) -> dict[str, Problem]:
    """Post charges that nothing is kept for: all at once, one by one where the ledger refuses."""
    left = await _available(transaction, posting)
    parts = dict[str, Split]()
    for charge in posting:
        parts[charge.charge_id] = _part(charge, payers.get(str(charge.holder_id)), left)
    problems = dict[str, Problem]()
    try:
        orders = [order for each in posting for order in _orders(each, parts[each.charge_id])]
        await ledger.post(transaction, orders, now=now)
    except LedgerError:
        for charge in posting:
            try:
                await ledger.post(transaction, _orders(charge, parts[charge.charge_id]), now=now)
            except LedgerError:
                problems[charge.charge_id] = Problem.LEDGER_REFUSES
    posted = [each for each in posting if each.charge_id not in problems]
    for charge in posted:
        part = parts[charge.charge_id]
        charge.subsidy_fen, charge.cash_fen, charge.debt_fen = dataclasses.astuple(part)
        charge.posted_at = now
    await _note_debts(transaction, posted, payers, now=now)
    return problems


async def _available(
    transaction: Transaction, posting: Sequence[Charge]
) -> dict[tuple[str | None, Wallet], int]:
    names = {
        accounts.wallet(str(charge.holder_id), which): (charge.holder_id, which)
        for charge in posting
        for which in (Wallet.SUBSIDY, Wallet.CASH)
    }
    found = await ledger.balances(transaction, names)
    return {names[name]: balance.available_fen for name, balance in found.items()}


def _part(charge: Charge, payer: Payer | None, left: dict[tuple[str | None, Wallet], int]) -> Split:
    """Return who gives what, and take it from what is left.

    The wallets of somebody who had left by then are for their refund: what they ate is owed.
    """
    amount_fen, at = charge.amount_fen or 0, charge.charged_at
    if payer is None or (payer.left_at is not None and at is not None and payer.left_at <= at):
        return Split(0, 0, amount_fen)
    of_subsidy, of_cash = ((charge.holder_id, w) for w in (Wallet.SUBSIDY, Wallet.CASH))
    part = split(amount_fen, subsidy_fen=left[of_subsidy], cash_fen=left[of_cash])
    left[of_subsidy] -= part.subsidy_fen
    left[of_cash] -= part.cash_fen
    return part


def _orders(charge: Charge, part: Split) -> list[ledger.Order]:
    group = UUID(charge.charge_id)
    return [
        ledger.Order(
            transfer_id=accounts.part_id(group, which.value),
            debit=accounts.wallet(str(charge.holder_id), which),
            credit=accounts.merchant(str(charge.merchant)),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason=CHARGE,
            happened_at=charge.charged_at or charge.received_at,  # type: ignore[arg-type] # set with the content
            group=group,
            detail={"till": charge.till, "period": charge.period},
        )
        for which, amount_fen in zip(_WALLETS, dataclasses.astuple(part), strict=True)
        if amount_fen
    ]


async def _note_debts(
    transaction: Transaction,
    posted: Sequence[Charge],
    payers: Mapping[str, Payer],
    *,
    now: datetime,
) -> None:
    rows = [
        {
            "charge_id": charge.charge_id,
            "holder_id": charge.holder_id,
            "amount_fen": charge.debt_fen,
            "cause": await _cause(transaction, charge, payers.get(str(charge.holder_id))),
            "made_at": now,
        }
        for charge in posted
        if charge.debt_fen
    ]
    await repository.add_debts(transaction, rows)


async def _cause(transaction: Transaction, charge: Charge, payer: Payer | None) -> str:
    at = charge.charged_at
    if payer is None or at is None:
        return "unknown"
    if payer.left_at is not None and payer.left_at <= at:
        return "left"
    since, until = at - OFFLINE, at + OFFLINE
    has_others = await repository.paid_elsewhere(transaction, charge, since=since, until=until)
    return "two_tills" if has_others and not charge.is_reserved else "short"


# ---- back


class NothingLeftError(ValueError):
    """More is to go back than is left of a charge."""


async def _reverse(transaction: Transaction, charge: Charge, *, now: datetime) -> None:
    """Move what is left of a charge back: the void of its till."""
    rest_fen = (charge.amount_fen or 0) - charge.returned_fen
    if rest_fen:
        at = charge.voided_at or now
        key = UUID(charge.void_id)
        await _move_back(transaction, charge, rest_fen, key=key, reason=VOID, at=at, now=now)
    charge.reversed_at = now


async def give_back(
    transaction: Transaction,
    charge_id: UUID,
    amount_fen: int,
    *,
    key: UUID,
    reason: str,
    now: datetime,
) -> Split:
    """Move money of a charge back to whom it came from: debt first, then cash, then the subsidy.

    What goes back by this is left out by a void that comes later. Repeating a call is harmless.

    Args:
        transaction: A writing one.
        charge_id: That is in the ledger.
        amount_fen: 1 up to what is left of it.
        key: Of this deed.
        reason: What for, a word of the caller's own.
        now: Aware UTC.

    Returns:
        What each account got.

    Raises:
        LookupError: No such charge is in the ledger.
        NothingLeftError: Not so much is left of it.
    """
    await ledger.take_turn(transaction)
    charge = (await repository.charges(transaction, [str(charge_id)])).get(str(charge_id))
    if charge is None or charge.posted_at is None:
        raise LookupError(str(charge_id))
    before = await _moved_by(transaction, charge_id, key)
    if before is not None:
        return before
    if amount_fen < 1 or amount_fen > (charge.amount_fen or 0) - charge.returned_fen:
        raise NothingLeftError("so much is not left of this charge")
    given = await _move_back(
        transaction, charge, amount_fen, key=key, reason=reason, at=now, now=now
    )
    await repository.keep_charges(transaction, [], [charge])
    transaction.announce(TOPIC)
    return given


async def _moved_by(transaction: Transaction, charge_id: UUID, key: UUID) -> Split | None:
    ids = {accounts.part_id(key, which.value): which for which in _WALLETS}
    moved = {
        ids[each.transfer_id]: each.amount_fen
        for each in await ledger.of_group(transaction, charge_id)
        if each.transfer_id in ids
    }
    return Split(*(moved.get(which, 0) for which in _WALLETS)) if moved else None


async def _move_back(
    transaction: Transaction,
    charge: Charge,
    amount_fen: int,
    *,
    key: UUID,
    reason: str,
    at: datetime,
    now: datetime,
) -> Split:
    group = UUID(charge.charge_id)
    transfers = await ledger.of_group(transaction, group)
    orders, given, rest_fen = list[ledger.Order](), dict.fromkeys(_WALLETS, 0), amount_fen
    for which in reversed(_WALLETS):
        account = accounts.wallet(str(charge.holder_id), which)
        for moved in transfers:
            left_fen = _left(moved, transfers)
            back_fen = min(rest_fen, left_fen)
            is_of = moved.kind in MOVING and moved.debit == account and moved.reverses is None
            if not is_of or not back_fen:
                continue
            rest_fen -= back_fen
            given[which] += back_fen
            orders.append(
                ledger.Order(
                    transfer_id=accounts.part_id(key, which.value),
                    debit=moved.credit,
                    credit=account,
                    amount_fen=back_fen,
                    unit=MoneyUnit.CNY,
                    reason=reason,
                    happened_at=at,
                    group=group,
                    reverses=moved.transfer_id,
                )
            )
    await ledger.post(transaction, orders, now=now)
    charge.returned_fen += amount_fen - rest_fen
    return Split(*(given[which] for which in _WALLETS))


def _left(moved: Transfer, transfers: Sequence[Transfer]) -> int:
    """Return what of a transfer has not gone back."""
    back = [each.amount_fen for each in transfers if each.reverses == moved.transfer_id]
    return moved.amount_fen - sum(back)
