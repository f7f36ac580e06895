"""What people were shown, and what money must therefore be where. It knows no code of ours.

Tables are read as they lie in the database; nothing here imports what wrote them.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

MOVING = ("posted", "post")


@dataclasses.dataclass(slots=True)
class Receipt:
    """A charge that a display has shown as paid.

    Attributes:
        refunded_fen: That somebody was told is back.
    """

    charge_id: str
    till: str
    session_id: str
    holder_id: str
    amount_fen: int
    is_void: bool = False
    refunded_fen: int = 0

    @property
    def owed_fen(self) -> int:
        """What the canteen has of it."""
        return 0 if self.is_void else self.amount_fen - self.refunded_fen


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
    """What is wrong; nothing is, where all are zero. Attributes: lines: each in words."""

    double_charges: int = 0
    lost: int = 0
    sum_fen: dict[str, int] = dataclasses.field(default_factory=dict)
    unbalanced_day_closes: int = 0
    balances_below_limit: int = 0
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
        for unit, fen in other.sum_fen.items():
            self.sum_fen[unit] = self.sum_fen.get(unit, 0) + fen
        self.lines += other.lines


class Shown:
    """Everything that was shown in one history."""

    def __init__(self) -> None:
        self.receipts = dict[str, Receipt]()
        self.top_ups_fen = Counter[str]()
        self.sessions = dict[str, str]()
        """Sessions that were seen open, with their till."""

    def paid(self, receipt: Receipt) -> None:
        """A display says paid."""
        self.receipts.setdefault(receipt.charge_id, receipt)

    def judge(
        self, transfers: Sequence[Transfer], accounts: Iterable[Account], closes: Iterable[Close]
    ) -> Findings:
        """Return what in the ledger is not what people were shown."""
        found = Findings()
        self._judge_charges(transfers, found)
        _judge_balances(transfers, list(accounts), found)
        self._judge_people(transfers, found)
        self._judge_closes(closes, found)
        return found

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
