"""What was sold of each dish, less what went back of charges. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class SoldDish:
    """What was sold of a dish, counted."""

    item: str
    count: int
    weight_g: int
    amount_fen: int


def dishes_sold(
    trays: Mapping[str, Sequence[SoldDish]],
    returned_fen: Mapping[str, int],
    of_item: Mapping[tuple[str, str], int],
) -> list[SoldDish]:
    """Return what was sold of each dish; a charge that all went back sold nothing.

    What a corrected price gave back is the dish's. Any other part goes back from all of a tray,
    by amounts; the fen that do not divide go to the dearest first, so a tray adds up to its charge.

    Args:
        trays: What was on them, by charge; the meal itself, without a name, is no dish.
        returned_fen: What went back of each charge; below zero is what was taken more.
        of_item: What of that was a dish's, by charge and dish.
    """
    found = dict[str, SoldDish]()
    for charge_id, tray in trays.items():
        back_fen = returned_fen.get(charge_id, 0)
        if back_fen >= sum(dish.amount_fen for dish in tray):
            continue
        own = {dish.item: of_item.get((charge_id, dish.item), 0) for dish in tray}
        shares = _shares(tray, back_fen - sum(own.values()))
        for dish, share in zip(tray, shares, strict=True):
            fen = dish.amount_fen - own.pop(dish.item, 0) - share
            before = found.get(dish.item, SoldDish(dish.item, 0, 0, 0))
            found[dish.item] = SoldDish(
                dish.item,
                before.count + dish.count,
                before.weight_g + dish.weight_g,
                before.amount_fen + fen,
            )
    return [dish for dish in found.values() if dish.item]


def _shares(tray: Sequence[SoldDish], fen: int) -> list[int]:
    """Return a part of an amount for each of a tray, by amounts, that adds up to it."""
    total = sum(dish.amount_fen for dish in tray)
    if fen == 0 or total == 0:
        return [0] * len(tray)
    shares = [fen * dish.amount_fen // total for dish in tray]
    dearest = sorted(range(len(tray)), key=lambda at: -tray[at].amount_fen)
    for at in dearest[: fen - sum(shares)]:
        shares[at] += 1
    return shares
