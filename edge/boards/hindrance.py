"""Why a board must not be updated now. Pure: time is an argument."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime, tzinfo
from enum import StrEnum

from config.contract.money import CanteenPlan
from config.site_board import QuietTime


class Hindrance(StrEnum):
    """What goes first."""

    FIRE = "fire"
    LOCKDOWN = "lockdown"
    QUIET = "quiet"
    """A quiet time of the site file, or a meal at a till of this node."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a moment. Attributes: at: aware. meals: of the tills at this node."""

    at: datetime
    has_fire: bool = False
    is_locked_down: bool = False
    meals: tuple[QuietTime, ...] = ()


def hindrance(moment: Moment, *, quiet: Iterable[QuietTime] = (), zone: tzinfo) -> Hindrance | None:
    """Return what forbids an update to begin, or a board to be restarted for it; None is nothing.

    Args:
        moment: Now.
        quiet: Of the site file.
        zone: Of the site.
    """
    if moment.has_fire:
        return Hindrance.FIRE
    if moment.is_locked_down:
        return Hindrance.LOCKDOWN
    clock = moment.at.astimezone(zone).time()
    is_quiet = any(each.holds(clock) for each in (*quiet, *moment.meals))
    return Hindrance.QUIET if is_quiet else None


def meals_of(plan: CanteenPlan | None, merchants: Iterable[str]) -> tuple[QuietTime, ...]:
    """Return when the tills of some merchants are busy, by the canteen's plan.

    Args:
        plan: As central told it; None where it is not known.
        merchants: Whose tills stand at this node.
    """
    if plan is None:
        return ()
    known = set(merchants)
    return tuple(
        QuietTime(begins=period.begins, ends=period.ends)
        for merchant in plan.merchants
        if merchant.merchant in known
        for period in merchant.periods
        if period.begins != period.ends  # a meal of no length, as tills take it
    )
