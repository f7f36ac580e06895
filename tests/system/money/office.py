"""What the canteen's office does at the centre of a history, each thing under a key of its own."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

from tests.system.money.place import HOLDERS, PLACES
from tests.system.money.reference import Shown
from tests.system.money.wire import Document


class Office:
    """Top-ups, refunds, and charges that somebody else ate."""

    def __init__(
        self,
        surely: Callable[..., Awaitable[Document]],
        shown: Shown,
        faults: Counter[str],
        chance: random.Random,
    ) -> None:
        """Ask the centre by ``surely``, which asks until it answers."""
        self._surely, self._shown, self._faults, self._chance = surely, shown, faults, chance
        # Whose money a refund is depends on whether the charge was moved before: one clerk.
        self._is_at_it = asyncio.Lock()

    async def refund(self) -> None:
        """Give a part of some charge back."""
        async with self._is_at_it:
            left = [r for r in self._shown.receipts.values() if r.owed_fen > 0]
            if not left:
                return
            receipt = self._chance.choice(left)
            amount_fen = self._chance.randint(1, receipt.owed_fen)
            answer = await self._surely(
                "refund",
                key=str(self._new_key()),
                charge_id=receipt.charge_id,
                amount_fen=amount_fen,
            )
            if "given_fen" in answer:
                receipt.refunded_fen += amount_fen
                self._faults["refunds"] += 1

    async def correct(self) -> None:
        """Let the office move a charge to somebody else."""
        async with self._is_at_it:
            left = [r for r in self._shown.receipts.values() if r.owed_fen > 0 and r.till in PLACES]
            if not left:
                return
            receipt, holder_id = self._chance.choice(left), self._chance.choice(HOLDERS)
            key = str(self._new_key())
            answer = await self._surely(
                "correct", key=key, charge_id=receipt.charge_id, holder_id=holder_id
            )
            if "moved_fen" in answer:
                self._shown.moved(receipt, holder_id, answer["moved_fen"], deed=key)
                self._faults["wrong_persons"] += 1

    async def top_up(self, holder_id: str) -> None:
        """Put money into one of somebody's wallets."""
        wallet, amount_fen = self._chance.choice(("subsidy", "cash")), 5_000
        await self._surely(
            "top_up", key=str(self._new_key()), holder_id=holder_id, wallet=wallet,
            amount_fen=amount_fen,
        )  # fmt: skip
        self._shown.top_ups_fen[holder_id] += amount_fen

    def _new_key(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)
