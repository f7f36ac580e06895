"""What people were shown, and what money must therefore be where. It knows no code of ours.

Tables are read as they lie in the database; nothing here imports what wrote them.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

MOVING = ("posted", "post")
OFFICE = "office"
"""Where a charge stands that was moved from one person to another."""


@dataclasses.dataclass(slots=True)
class Receipt:
    """A charge that a display has shown as paid.

    Attributes:
        refunded_fen: That somebody was told is back.
        moved_from: Somebody else's, which the office has moved; a void of that is this one's too.
    """

    charge_id: str
    till: str
    session_id: str
    holder_id: str
    amount_fen: int
    is_void: bool = False
    refunded_fen: int = 0
    moved_from: "Receipt | None" = None

    @property
    def owed_fen(self) -> int:
        """What the canteen has of it."""
        is_void = self.is_void or (self.moved_from is not None and self.moved_from.is_void)
        return 0 if is_void else self.amount_fen - self.refunded_fen


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Somebody who went up to a lane.

    Attributes:
        has_passed: They were seen to walk through.
        must_pay: And the lane lived to count them, and to say what came of it.
        may_pay: They passed, and did not flee from a fire. Between *must* and *may* is whoever
            passed in the moment of a kill, or when the gate was about to shut, and who came next.
        charges: Of them that the lane showed then, by key.
    """

    holder_id: str
    amount_fen: int
    has_passed: bool
    must_pay: bool
    may_pay: bool
    charges: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Transfer:
    """A row of the ledger."""

    sequence: int
    transfer_id: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    unit: str
    group: str | None
    pending_id: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """A row of balances."""

    name: str
    unit: str
    debits_fen: int
    credits_fen: int
    held_fen: int


@dataclasses.dataclass(frozen=True, slots=True)
class Close:
    """What central was told at the end of a session."""

    session_id: str
    charge_count: int | None
    charge_fen: int | None
    void_count: int | None
    void_fen: int | None


@dataclasses.dataclass(slots=True)
class Findings:
    """What is wrong; nothing is, where all are zero.

    Attributes:
        verified_transfers: So many ``menshen ledger verify`` has gone through.
        lines: Each in words.
    """

    double_charges: int = 0
    lost: int = 0
    sum_fen: dict[str, int] = dataclasses.field(default_factory=dict)
    unbalanced_day_closes: int = 0
    balances_below_limit: int = 0
    verified_transfers: int = 0
    lines: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        """Whether nothing is wrong."""
        counts = (
            self.double_charges,
            self.lost,
            self.unbalanced_day_closes,
            self.balances_below_limit,
        )
        return not any(counts) and not any(self.sum_fen.values()) and not self.lines

    def add(self, other: "Findings") -> None:
        """Take what another history found."""
        self.double_charges += other.double_charges
        self.lost += other.lost
        self.unbalanced_day_closes += other.unbalanced_day_closes
        self.balances_below_limit += other.balances_below_limit
        self.verified_transfers += other.verified_transfers
        for unit, fen in other.sum_fen.items():
            self.sum_fen[unit] = self.sum_fen.get(unit, 0) + fen
        self.lines += other.lines


class Shown:
    """Everything that was shown in one history."""

    def __init__(self, *, lanes: Collection[str] = ()) -> None:
        """Begin with nothing; ``lanes`` are the tills at which people pass a gate."""
        self.lanes = lanes
        self.receipts = dict[str, Receipt]()
        self.top_ups_fen = Counter[str]()
        self.sessions = dict[str, str]()
        """Sessions that were seen open, with their till."""
        self.walks = list[Walk]()
        self.wrong = list[str]()
        """What was wrong already when it was seen."""

    def paid(self, receipt: Receipt) -> None:
        """A display says paid."""
        self.receipts.setdefault(receipt.charge_id, receipt)

    def moved(self, receipt: Receipt, holder_id: str, amount_fen: int, *, deed: str) -> None:
        """The office says that what is left of a charge is somebody else's."""
        receipt.refunded_fen += amount_fen
        self.paid(Receipt(deed, OFFICE, "", holder_id, amount_fen, moved_from=receipt))

    def still_held(self, transfers: Sequence[Transfer]) -> list[str]:
        """Return charges that were paid and for which money is kept still, all being told."""
        pending = {t.transfer_id: t.group for t in transfers if t.kind == "pending"}
        for each in transfers:
            if each.pending_id is not None:
                pending.pop(each.pending_id, None)
        held = [group for group in pending.values() if group in self.receipts]
        return [f"charge {group} is paid, and money is still kept for it" for group in held]

    def judge(
        self, transfers: Sequence[Transfer], accounts: Iterable[Account], closes: Iterable[Close]
    ) -> Findings:
        """Return what in the ledger is not what people were shown."""
        found = Findings(lines=list(self.wrong))
        self._judge_charges(transfers, found)
        _judge_balances(transfers, list(accounts), found)
        self._judge_people(transfers, found)
        self._judge_closes(closes, found)
        self._judge_walks(found)
        return found

    def _judge_walks(self, found: Findings) -> None:
        """Compare who passed a lane with whose charges it showed."""
        for walk in self.walks:
            for charge_id in walk.charges[int(walk.may_pay) :]:
                found.double_charges += 1
                found.lines.append(f"charge {charge_id} has nobody who passed: {walk}")
            if walk.must_pay and not walk.charges:
                found.lost += 1
                found.lines.append(f"passed, and is not charged: {walk}")
            shown = [self.receipts[charge_id] for charge_id in walk.charges]
            if any(r.amount_fen != walk.amount_fen for r in shown):
                found.lines.append(f"not the price of the lane: {shown}")
        gone_up = {charge_id for walk in self.walks for charge_id in walk.charges}
        for receipt in self.receipts.values():
            if receipt.till in self.lanes and receipt.charge_id not in gone_up:
                found.double_charges += 1
                found.lines.append(f"{receipt}: nobody had gone up")

    def _judge_charges(self, transfers: Sequence[Transfer], found: Findings) -> None:
        kept = Counter[str]()
        for each in transfers:
            if each.kind in MOVING and each.group is not None:
                kept[each.group] += _change(each, "merchant/")
        for charge_id, fen in kept.items():
            if charge_id not in self.receipts and fen:
                found.double_charges += 1
                found.lines.append(f"charge {charge_id}: {fen} fen taken, and nobody was shown it")
        for receipt in self.receipts.values():
            fen = kept[receipt.charge_id]
            if fen > receipt.owed_fen:
                found.double_charges += 1
                found.lines.append(f"{receipt}: {fen} fen taken")
            elif fen < receipt.owed_fen:
                found.lost += 1
                found.lines.append(f"{receipt}: only {fen} fen arrived")

    def _judge_people(self, transfers: Sequence[Transfer], found: Findings) -> None:
        """Compare what each person has with what they put in and ate."""
        have = Counter[str]()
        for each in transfers:
            if each.kind in MOVING:
                for name, sign in ((each.credit, 1), (each.debit, -1)):
                    if name.startswith("person/"):
                        have[name.split("/")[1]] += sign * each.amount_fen
        owed = defaultdict(int, self.top_ups_fen)
        for receipt in self.receipts.values():
            owed[receipt.holder_id] -= receipt.owed_fen
        for holder_id in sorted({*have, *owed}):
            if have[holder_id] != owed[holder_id]:
                found.lines.append(f"{holder_id} has {have[holder_id]}, not {owed[holder_id]} fen")

    def _judge_closes(self, closes: Iterable[Close], found: Findings) -> None:
        told = {close.session_id: close for close in closes}
        for session_id, till in self.sessions.items():
            mine = [r for r in self.receipts.values() if r.session_id == session_id]
            paid, void = [r for r in mine if not r.is_void], [r for r in mine if r.is_void]
            expected = Close(
                session_id,
                len(paid),
                sum(r.amount_fen for r in paid),
                len(void),
                sum(r.amount_fen for r in void),
            )
            if told.get(session_id) != expected:
                found.unbalanced_day_closes += 1
                found.lines.append(f"{till}: {told.get(session_id)}, shown was {expected}")


def _change(transfer: Transfer, beginning: str) -> int:
    to = transfer.credit.startswith(beginning)
    of = transfer.debit.startswith(beginning)
    return transfer.amount_fen * (to - of)


def _judge_balances(
    transfers: Sequence[Transfer], accounts: Sequence[Account], found: Findings
) -> None:
    """Follow every account through the whole ledger, as nobody else has."""
    posted, held, units = Counter[str](), Counter[str](), dict[str, str]()
    pending = {each.transfer_id: each for each in transfers if each.kind == "pending"}
    resolved = Counter(each.pending_id for each in transfers if each.pending_id is not None)
    for number, each in enumerate(transfers, start=1):
        units[each.debit] = units[each.credit] = each.unit
        if each.sequence != number:
            found.lines.append(f"transfer {number} is not where it should be")
        if each.kind == "pending":
            held[each.debit] += each.amount_fen
        elif each.kind in ("post", "void") and each.pending_id in pending:
            held[each.debit] -= pending[each.pending_id].amount_fen
        if each.kind in MOVING:
            posted[each.debit] -= each.amount_fen
            posted[each.credit] += each.amount_fen
        name = each.debit
        has_floor = name.endswith(("/subsidy", "/cash"))
        if has_floor and posted[name] - held[name] < 0:
            found.balances_below_limit += 1
            found.lines.append(f"{name} is below zero after transfer {each.sequence}")
    found.lines += [f"pending {key} is resolved {n} times" for key, n in resolved.items() if n > 1]
    found.sum_fen = {"CNY": 0, "POINTS": 0}
    for account in accounts:
        balance = account.credits_fen - account.debits_fen
        found.sum_fen[account.unit] += balance
        if (balance, account.held_fen) != (posted[account.name], held[account.name]):
            found.lines.append(f"{account} is not what its transfers come to")
    missing = set(units) - {account.name for account in accounts}
    found.lines += [f"{name} has transfers and no balance" for name in sorted(missing)]
