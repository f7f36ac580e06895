"""What is left of each subsidy in a wallet. Pure.

Money in a wallet has no names on it, so a rule says whose is spent first: what lapses soonest, and
of the same day what was granted first. What never lapses is spent last. This is the diner's
advantage, and anybody can work it out again from the wallet's entries.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

_NEVER: Final = date.max


@dataclasses.dataclass(frozen=True, slots=True)
class Lot:
    """A subsidy, and what is left of it. Attributes: lapses_on: None is never."""

    transfer_id: UUID
    payer: str
    left_fen: int
    lapses_on: date | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A change of the wallet.

    Attributes:
        change_fen: Above zero came in, below went out.
        reverses: What it moves back, where it does.
    """

    transfer_id: UUID
    change_fen: int
    reverses: UUID | None = None


def left_of(entries: Iterable[Entry], grants: Mapping[UUID, Lot]) -> list[Lot]:
    """Return the lots of a wallet that still hold something, those first that lapse first.

    Args:
        entries: All of the wallet, oldest first.
        grants: By transfer, as they were granted; what came in otherwise never lapses.
    """
    lots = list[Lot]()
    given = dict[UUID, dict[UUID, int]]()
    for entry in entries:
        if entry.change_fen < 0:
            given[entry.transfer_id] = taken = _taken(lots, -entry.change_fen, entry.reverses)
            lots = _less(lots, taken)
        elif entry.reverses is not None and entry.reverses in given:
            lots = _back(lots, given[entry.reverses], entry.change_fen, grants)
        else:
            lot = grants.get(entry.transfer_id) or Lot(entry.transfer_id, "", 0)
            lots.append(dataclasses.replace(lot, left_fen=entry.change_fen))
    return sorted((lot for lot in lots if lot.left_fen > 0), key=_order)


def lapsed(lots: Sequence[Lot], *, today: date) -> list[Lot]:
    """Return the lots whose time is over."""
    return [lot for lot in lots if lot.lapses_on is not None and lot.lapses_on <= today]


def _order(lot: Lot) -> date:
    return lot.lapses_on or _NEVER


def _taken(lots: Sequence[Lot], amount_fen: int, reverses: UUID | None) -> dict[UUID, int]:
    """Return how much of which lot is spent; a lot that is itself taken back comes first."""
    taken, rest = dict[UUID, int](), amount_fen
    own = [lot for lot in lots if lot.transfer_id == reverses]
    for lot in (*own, *sorted((each for each in lots if each not in own), key=_order)):
        part = min(lot.left_fen, rest)
        if part > 0:
            taken[lot.transfer_id] = part
            rest -= part
    return taken


def _less(lots: Sequence[Lot], taken: Mapping[UUID, int]) -> list[Lot]:
    return [
        dataclasses.replace(lot, left_fen=lot.left_fen - taken.get(lot.transfer_id, 0))
        for lot in lots
    ]


def _back(
    lots: Sequence[Lot], taken: dict[UUID, int], amount_fen: int, grants: Mapping[UUID, Lot]
) -> list[Lot]:
    """Return lots after a meal was given back: to where it came from, what was spent last first."""
    after = {lot.transfer_id: lot for lot in lots}
    rest = amount_fen
    for transfer_id in reversed(taken):
        part = min(taken[transfer_id], rest)
        lot = after.get(transfer_id) or grants.get(transfer_id) or Lot(transfer_id, "", 0)
        after[transfer_id] = dataclasses.replace(lot, left_fen=lot.left_fen + part)
        taken[transfer_id] -= part
        rest -= part
    return list(after.values())
