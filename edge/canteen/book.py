"""What the tills of one node know of money: plan, accounts, and the charges of the last days. Pure.

It is the picture in memory of what ``store`` keeps; ``keeping`` changes both, the disk first. A
charge is *held* once central has it, and *accounted* once a balance is known that was told after
that: until then the last known balance is taken to be without it.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from config.contract.access import CredentialKind
from config.contract.identifiers import Frozen, Slug
from config.contract.money import (
    CanteenPlan,
    ChargeLine,
    ChargeMode,
    Fen,
    MerchantPlan,
    TillAccount,
    TillOrder,
)
from config.contract.money_events import ChargeRecorded, charges_digest
from edge.canteen.codes import OneTimeCode
from edge.canteen.limits import Spending
from edge.canteen.orders import Orders


class Charge(Frozen):
    """A meal on its way to be paid, and after.

    Attributes:
        meal: Which meal of which day; empty outside of all.
        meal_count: Meals that it pays.
        day: Of the site.
        at: When somebody said yes to it, aware UTC.
        confirmed: How whoever a face was taken for agreed; see ``PayerIdentified``.
        code: The one-time code that it is paid with.
        order: Pick-up number of what was ordered before; empty is none.
    """

    charge_id: UUID
    session_id: UUID
    till: Slug
    merchant: Slug
    holder_id: str
    amount_fen: Fen
    mode: ChargeMode
    period: str = ""
    meal: str = ""
    meal_count: int = 1
    day: date
    at: datetime
    lines: tuple[ChargeLine, ...] = ()
    credential: CredentialKind
    decision_id: UUID | None = None
    is_repeat: bool = False
    is_reserved: bool = False
    confirmed: Literal["silence", "yes", "pin"] = "silence"
    code: OneTimeCode | None = None
    order: str = ""

    def recorded(self) -> ChargeRecorded:
        """Return the fact that it is paid."""
        return ChargeRecorded(
            charge_id=self.charge_id,
            session_id=self.session_id,
            till=self.till,
            merchant=self.merchant,
            holder_id=self.holder_id,
            amount_fen=self.amount_fen,
            mode=self.mode,
            period=self.period,
            lines=self.lines,
            credential=self.credential,
            decision_id=self.decision_id,
            is_reserved=self.is_reserved,
            is_repeat=self.is_repeat,
        )


class State(StrEnum):
    """How far a charge has come; it never goes back."""

    BEGUN = "begun"
    RECORDED = "recorded"
    VOID = "void"
    RELEASED = "released"


@dataclasses.dataclass(slots=True)
class Entry:
    """A charge and what became of it."""

    charge: Charge
    state: State
    is_held: bool = False
    is_accounted: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A till from its opening to its close. Attributes: by: operator; empty is nobody."""

    session_id: UUID
    till: str
    merchant: str
    opened_at: datetime
    by: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Sums:
    """What a session has: of charges that are not void, and of those that are."""

    charge_count: int
    charge_fen: int
    void_count: int
    void_fen: int
    digest: str


class Book:
    """Of one node. It belongs to the event loop's thread.

    Attributes:
        orders: What was ordered before.
    """

    def __init__(
        self,
        plan: CanteenPlan,
        accounts: Iterable[TillAccount] = (),
        entries: Iterable[Entry] = (),
        *,
        version: int = 0,
        used_codes: Mapping[str, UUID] | None = None,
        orders: Iterable[TillOrder] = (),
    ) -> None:
        """Begin with what was kept, oldest charge first.

        Args:
            plan: Of the site.
            accounts: Of people, as central last told.
            entries: Of the last days.
            version: Of accounts and orders.
            used_codes: Charges that one-time codes are on, or were paid with, by nonce.
            orders: As central last told.
        """
        self.plan, self.version, self.orders = plan, version, Orders(orders)
        self._used_codes = dict(used_codes or {})
        self._accounts = {account.holder_id: account for account in accounts}
        self._entries = dict[UUID, Entry]()
        self._by_holder = dict[str, list[Entry]]()
        for entry in entries:
            self._add(entry)

    @property
    def accounts(self) -> Mapping[str, TillAccount]:
        """By holder."""
        return self._accounts

    def merchant(self, merchant: str) -> MerchantPlan | None:
        """Return what a merchant sells; None while nobody has said."""
        return next((each for each in self.plan.merchants if each.merchant == merchant), None)

    def entry(self, charge_id: UUID) -> Entry | None:
        """Return a charge of the last days."""
        return self._entries.get(charge_id)

    def is_blocked(self, holder_id: str) -> bool:
        """Return whether somebody cannot pay at all."""
        account = self._accounts.get(holder_id)
        return account is not None and account.is_blocked

    def is_used(self, nonce: str) -> bool:
        """Return whether a one-time code pays no more, at any till of this node."""
        return nonce in self._used_codes

    def spending(
        self, holder_id: str, *, till: str, merchant: str, meal: str, day: date
    ) -> Spending:
        """Return what is known of a person's money before another charge."""
        account = self._accounts.get(holder_id)
        paid = [e for e in self._by_holder.get(holder_id, ()) if e.state is State.RECORDED]
        # What was ordered is not in a balance since it was ordered.
        unheard = [e for e in paid if not e.is_accounted and not e.charge.order]
        here = [e for e in paid if e.charge.merchant == merchant]
        return Spending(
            known_fen=None if account is None else account.spendable_fen,
            unheard_fen=_sum(unheard),
            offline_fen=_sum(e for e in unheard if _is_offline(e, till)),
            till_offline_fen=self.offline_fen(till),
            today_fen=_sum(e for e in paid if e.charge.day == day),
            meals=sum(e.charge.meal_count for e in here if meal and e.charge.meal == meal),
            last_at=max((e.charge.at for e in here), default=None),
        )

    def offline_fen(self, till: str) -> int:
        """Return what all people spent at a till without central's promise."""
        return _sum(
            e
            for e in self._entries.values()
            if e.state is State.RECORDED and not e.is_accounted and _is_offline(e, till)
        )

    def of_session(self, session_id: UUID) -> Sequence[Entry]:
        """Return a session's charges that were paid, oldest first, void ones included."""
        return [
            entry
            for entry in self._entries.values()
            if entry.charge.session_id == session_id and entry.state in (State.RECORDED, State.VOID)
        ]

    def sums(self, session_id: UUID) -> Sums:
        """Return what a session has."""
        entries = self.of_session(session_id)
        paid = [e for e in entries if e.state is State.RECORDED]
        void = [e for e in entries if e.state is State.VOID]
        return Sums(
            charge_count=len(paid),
            charge_fen=_sum(paid),
            void_count=len(void),
            void_fen=_sum(void),
            digest=charges_digest(e.charge.charge_id for e in paid),
        )

    def unfinished(self) -> Sequence[Charge]:
        """Return charges that were begun and neither paid nor let go."""
        return [e.charge for e in self._entries.values() if e.state is State.BEGUN]

    # ---- changes; the disk has them already

    def begin(self, charge: Charge) -> None:
        """A charge is on its way."""
        self._add(Entry(charge, State.BEGUN))

    def record(self, charge: Charge) -> None:
        """A charge is paid."""
        entry = self._entries.get(charge.charge_id)
        if entry is None:
            self._add(Entry(charge, State.RECORDED))
        elif entry.state is State.BEGUN:
            entry.charge, entry.state = charge, State.RECORDED

    def release(self, charge_id: UUID) -> None:
        """A charge did not come about, and its code is good again."""
        entry = self._remove(charge_id)
        if entry is not None and entry.charge.code is not None:
            self._used_codes.pop(entry.charge.code.nonce, None)

    def void(self, charge_id: UUID) -> None:
        """A charge was taken back."""
        entry = self._entries.get(charge_id)
        if entry is not None and entry.state is State.RECORDED:
            entry.state = State.VOID

    def hold(self, charge_ids: Iterable[UUID]) -> None:
        """Central has these charges."""
        for entry in filter(None, map(self._entries.get, charge_ids)):
            entry.is_held = True

    def held(self) -> frozenset[UUID]:
        """Return the charges that central has, and that no balance is known to be with."""
        return frozenset(
            charge_id
            for charge_id, entry in self._entries.items()
            if entry.is_held and not entry.is_accounted
        )

    def account(self, charge_ids: Iterable[UUID]) -> None:
        """Balances are known that were told after central had these charges."""
        for entry in filter(None, map(self._entries.get, charge_ids)):
            entry.is_accounted = True

    def learn(
        self,
        accounts: Iterable[TillAccount],
        orders: Iterable[TillOrder] = (),
        *,
        version: int,
    ) -> None:
        """Take over accounts and orders as central has them now."""
        self._accounts.update((account.holder_id, account) for account in accounts)
        self.orders.learn(orders)
        self.version = version

    def begin_anew(self) -> None:
        """Forget accounts and orders: central counts from an earlier version again."""
        self._accounts.clear()
        self.orders.forget_all()
        self.version = 0

    def forget(self, charge_ids: Iterable[UUID]) -> None:
        """Forget charges that are old, held and of sessions that are closed; used codes stay."""
        for charge_id in charge_ids:
            self._remove(charge_id)

    def forget_codes(self, nonces: Iterable[str]) -> None:
        """Forget one-time codes that have long been over."""
        for nonce in nonces:
            self._used_codes.pop(nonce, None)

    def _add(self, entry: Entry) -> None:
        if entry.charge.charge_id in self._entries:
            return
        self._entries[entry.charge.charge_id] = entry
        self._by_holder.setdefault(entry.charge.holder_id, []).append(entry)
        if entry.charge.code is not None:
            self._used_codes[entry.charge.code.nonce] = entry.charge.charge_id

    def _remove(self, charge_id: UUID) -> Entry | None:
        entry = self._entries.pop(charge_id, None)
        if entry is not None:
            entry.state = State.RELEASED
            self._by_holder[entry.charge.holder_id].remove(entry)
        return entry


def _is_offline(entry: Entry, till: str) -> bool:
    return entry.charge.till == till and not entry.charge.is_reserved


def _sum(entries: Iterable[Entry]) -> int:
    return sum(entry.charge.amount_fen for entry in entries)
