"""Whatever comes in whatever order: the ledger says what a list of moves, added up anew, says."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from central.database import Transaction
from central.ledger.errors import ConflictError, ReversalError, ShortError
from central.ledger.repository import (
    Order,
    balances,
    hold,
    post,
    release,
    release_expired,
    settle,
)
from central.ledger.verify import verified
from config.contract.money import MoneyUnit
from tests.central.ledger.ledgering import CANTEEN, CASH, COUNTER, DEBT, NOW, SUBSIDY, Ledger

NAMES = (CASH, SUBSIDY, DEBT, CANTEEN, COUNTER)
FLOORED = {CASH, SUBSIDY}
DEEDS = ("post", "post", "post", "hold", "settle", "release", "expire")
KEYS, GROUPS = 6, 3
"""Few, so that they come again."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """One thing that is asked of the ledger."""

    deed: str
    key: int
    group: int
    debit: str
    credit: str
    amount_fen: int
    reverses: int | None
    minute: int

    @property
    def order(self) -> Order:
        return Order(
            transfer_id=UUID(int=self.key + 10_000 * (self.deed == "hold")),
            debit=self.debit,
            credit=self.credit,
            amount_fen=self.amount_fen,
            unit=MoneyUnit.CNY,
            reason="any",
            happened_at=NOW,
            group=UUID(int=self.group),
            reverses=None if self.reverses is None else UUID(int=self.reverses),
        )


class Adder:
    """The reference: a list of moves and a list of holds, and nothing that is kept of them."""

    def __init__(self) -> None:
        self.moves = dict[int, Asked]()
        self.holds = dict[int, tuple[Asked, str]]()

    def has(self, name: str) -> int:
        settled = [held for held, state in self.holds.values() if state == "settled"]
        moves = [*self.moves.values(), *settled]
        gained = sum(move.amount_fen for move in moves if move.credit == name)
        return gained - sum(move.amount_fen for move in moves if move.debit == name)

    def held(self, name: str) -> int:
        opened = [held for held, state in self.holds.values() if state == "open"]
        return sum(each.amount_fen for each in opened if each.debit == name)

    def do(self, asked: Asked) -> str:
        if asked.deed in {"settle", "release"}:
            return self._resolve(asked)
        if asked.deed == "expire":
            due = [key for key, (held, state) in self.holds.items() if state == "open"
                   and held.minute <= asked.minute]  # fmt: skip
            for key in due:
                self.holds[key] = (self.holds[key][0], "released")
            return str(len(due))
        known = self._known(asked)
        if known is not None:
            return known
        if asked.debit in FLOORED:
            can_give = self.has(asked.debit) - self.held(asked.debit)
            # What is moved back is looked at before what an account has.
            if asked.reverses is None and can_give < asked.amount_fen:
                return "short"
        else:
            can_give = asked.amount_fen
        if asked.reverses is not None:
            moved = self.moves.get(asked.reverses)
            back = sum(
                each.amount_fen for each in self.moves.values() if each.reverses == asked.reverses
            )
            if (
                moved is None
                or moved.credit != asked.debit
                or moved.amount_fen < back + asked.amount_fen
            ):
                return "reversal"
        if can_give < asked.amount_fen:
            return "short"
        if asked.deed == "post":
            self.moves[asked.key] = asked
            return "posted"
        self.holds[asked.key] = (asked, "open")
        return "held"

    def _known(self, asked: Asked) -> str | None:
        if asked.deed == "post":
            same = self.moves.get(asked.key)
            if same is None:
                return None
            return "already" if same.order == asked.order else "conflict"
        held, state = self.holds.get(asked.key, (None, ""))
        if held is None:
            return None
        if held.order != asked.order:
            return "conflict"
        return "already" if state == "open" else state

    def _resolve(self, asked: Asked) -> str:
        mine = {key: each for key, each in self.holds.items() if each[0].group == asked.group}
        new = "settled" if asked.deed == "settle" else "released"
        for key, (held, state) in mine.items():
            if state == "open":
                self.holds[key] = (held, new)
        states = {self.holds[key][1] for key in mine}
        return "settled" if "settled" in states else "released" if states else "nothing"


async def done(transaction: Transaction, asked: Asked) -> str:
    """Ask the ledger; returns what it answers in the reference's words."""
    group, at = UUID(int=asked.group), NOW + timedelta(minutes=asked.minute)
    try:
        if asked.deed == "post":
            (outcome,) = await post(transaction, [asked.order], now=NOW)
            return outcome.status.value
        if asked.deed == "hold":
            (outcome,) = await hold(transaction, [asked.order], expires_at=at, now=NOW)
            return outcome.status.value
        if asked.deed == "expire":
            return str(await release_expired(transaction, now=at))
        resolve = settle if asked.deed == "settle" else release
        return (await resolve(transaction, group, now=at)).state
    except ConflictError:
        return "conflict"
    except ReversalError:
        return "reversal"
    except ShortError:
        return "short"


@st.composite
def histories(draw: st.DrawFn) -> list[Asked]:
    asked = list[Asked]()
    for _ in range(draw(st.integers(1, 24))):
        if asked and draw(st.integers(0, 4)) == 0:
            asked.append(draw(st.sampled_from(asked)))  # it comes again
            continue
        deed = draw(
            st.sampled_from(["post", "post", "post", "hold", "settle", "release", "expire"])
        )
        debit, credit = draw(st.permutations(NAMES))[:2]
        asked.append(
            Asked(
                deed=deed,
                key=draw(st.integers(1, KEYS)) + 10 * len(asked) * draw(st.booleans()),
                group=draw(st.integers(1, GROUPS)),
                debit=debit,
                credit=credit,
                amount_fen=draw(st.integers(1, 9)) * 100,
                reverses=draw(st.none() | st.integers(1, KEYS)) if deed == "post" else None,
                minute=draw(st.integers(0, 9)),
            )
        )
    return asked


@settings(max_examples=15, deadline=None)
@given(history=histories())
def test_the_ledger_and_a_list_of_moves_agree(ledger: Ledger, history: Sequence[Asked]) -> None:
    adder = Adder()

    async def act(transaction: Transaction) -> None:
        for asked in history:
            assert await done(transaction, asked) == adder.do(asked)
        found = await balances(transaction, NAMES)
        assert {name: (each.posted_fen, each.held_fen) for name, each in found.items()} == {
            name: (adder.has(name), adder.held(name)) for name in NAMES
        }
        report = await verified(transaction)
        assert report.ok, report.broken

    ledger.undone(act)
