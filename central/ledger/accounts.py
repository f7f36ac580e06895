"""The names of accounts, and what holds for each kind. Pure.

A name says whose it is, and which unit it counts: ``points/...`` counts points, everything else
yuan. Who is owed money has credits: a wallet's balance is its credits less its debits.
"""

import dataclasses
import re
from typing import Final, Literal
from uuid import UUID, uuid5

from central.ledger.errors import OrderError
from config.contract.money import MoneyUnit, Wallet

Source = Literal["counter", "csv", "connector", "opening"]
"""Where money comes from that is put into wallets."""
NAME_LENGTH_MAX: Final = 128
_PART: Final = r"[A-Za-z0-9][A-Za-z0-9-]{0,63}"


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What holds for accounts of a kind.

    Attributes:
        floor_fen: Balance less what is held never goes below; None is without a floor.
    """

    kind: str
    unit: MoneyUnit
    floor_fen: int | None


_KINDS: Final = tuple(
    (re.compile(pattern.replace("ID", _PART)), Rules(kind, unit, floor_fen))
    for pattern, kind, unit, floor_fen in (
        ("person/ID/(?:subsidy|cash)", "wallet", MoneyUnit.CNY, 0),
        ("person/ID/debt", "debt", MoneyUnit.CNY, None),
        ("merchant/ID", "merchant", MoneyUnit.CNY, None),
        ("unit/ID", "unit", MoneyUnit.CNY, None),
        ("source/(?:counter|csv|connector|opening)", "source", MoneyUnit.CNY, None),
        ("fund/ID", "fund", MoneyUnit.CNY, None),
        ("points/person/ID", "points", MoneyUnit.POINTS, 0),
        ("points/source/ID", "points source", MoneyUnit.POINTS, None),
    )
)


def rules_of(name: str) -> Rules:
    """Return what holds for an account of this name.

    Raises:
        OrderError: No kind of account has such a name.
    """
    for pattern, rules in _KINDS:
        if pattern.fullmatch(name):
            return rules
    raise OrderError(f"no account has the name {name!r}")


def wallet(holder_id: str, which: Wallet) -> str:
    """Return the account of a person: subsidy, cash, or what they owe."""
    return f"person/{holder_id}/{which.value}"


def merchant(merchant_id: str) -> str:
    """Return the account of a canteen, a shop or a takeaway window."""
    return f"merchant/{merchant_id}"


def unit(unit_id: str) -> str:
    """Return the account of an organisation unit (单位)."""
    return f"unit/{unit_id}"


def source(which: Source) -> str:
    """Return the account that top-ups come from; it is owed nothing, so its balance is negative."""
    return f"source/{which}"


def fund(fund_id: str) -> str:
    """Return the account of who pays subsidies."""
    return f"fund/{fund_id}"


def points(holder_id: str) -> str:
    """Return a person's account of points."""
    return f"points/person/{holder_id}"


def points_source(source_id: str) -> str:
    """Return where points come from, or go to when they are spent."""
    return f"points/source/{source_id}"


def holder_of(name: str) -> str | None:
    """Return the person whose account it is; None where it is nobody's."""
    parts = name.split("/")
    if parts[0] == "person" and len(parts) == 3:
        return parts[1]
    return parts[2] if parts[:2] == ["points", "person"] else None


def part_id(group: UUID, *parts: str) -> UUID:
    """Return the identifier of one transfer of a group, the same whoever makes it.

    Args:
        group: Usually a ``charge_id``.
        parts: What the transfer is in it, as ``"hold", "cash"``.
    """
    return uuid5(group, "/".join(parts))
