"""What is asked of somebody on the way to pay, and what central's answer makes of it. Pure."""

from collections.abc import Callable
from typing import Final

from config.contract.access import CredentialKind
from config.contract.money import ReservationAnswer
from edge.canteen.book import Charge
from edge.canteen.collecting import Collecting
from edge.canteen.diner import Diner
from edge.canteen.limits import offline_refusal
from edge.canteen.offer import Counter
from edge.canteen.screen import Choice, Question, TillRefusal
from edge.canteen.wishes import Paying

PIN_LENGTH_MAX: Final = 16


def question_of(
    paying: Paying, masked_name: Callable[[str], str], orders: Collecting, *, now_s: float
) -> Question | None:
    """Return what is asked; None while disk or central are."""
    if paying.stage == "keeping" or paying.stage == "recording":
        return None
    choices = tuple(
        Choice(number=number, masked_name=masked_name(diner.holder_id))
        for number, diner in enumerate(paying.diners, start=1)
    )
    which = paying.orders if paying.stage == "which" else ()
    return Question(
        kind=paying.stage,
        seconds_left=round(max(0.0, paying.until_s - now_s), 2),
        seconds=paying.asked_s,
        choices=choices if paying.stage == "who" else (),
        orders=tuple(orders.shown(order, masked_name) for order in which),
        digit_count=len(paying.pin),
    )


def is_proved_by_pin(diner: Diner) -> bool:
    """Return whether what somebody showed proves nothing without a PIN, whatever it is for."""
    return diner.needs_pin or diner.credential is CredentialKind.PIN


def needs_pin(charge: Charge, diner: Diner, *, above_fen: int, has_challenge: bool) -> bool:
    """Return whether what somebody showed is not enough for this charge.

    Args:
        charge: Or an order.
        diner: Who showed it.
        above_fen: A face alone is not enough for more.
        has_challenge: Faces are asked to do something, so one proves more than a look.
    """
    if is_proved_by_pin(diner):
        return True
    is_much = charge.amount_fen > above_fen
    is_face = diner.credential is CredentialKind.FACE
    return is_face and is_much and not (has_challenge and diner.is_challenged)


def type_pin(paying: Paying, key: str) -> bool:
    """Take a key of a PIN; returns whether it meant something."""
    if key == "clear":
        paying.pin = ""
    elif key == "back":
        paying.pin = paying.pin[:-1]
    elif key.isdecimal() and len(paying.pin) < PIN_LENGTH_MAX:
        paying.pin += key
    else:
        return False
    return True


def kept_refusal(paying: Paying, counter: Counter) -> TillRefusal | None:
    """Return why central's answer, or its silence, lets somebody not pay."""
    answer, charge = paying.answer, paying.charge
    if charge is None:
        return TillRefusal.NOT_RECORDED
    if isinstance(answer, ReservationAnswer):
        # Settled would be of a charge that this till has never recorded: it is not its money.
        return {
            "reserved": None,
            "short": TillRefusal.SHORT,
            "closed": TillRefusal.BLOCKED,
            "settled": TillRefusal.NOT_RECORDED,
        }[answer.outcome]
    limits, spending = counter.book.plan.limits, counter.spending_of(charge)
    return offline_refusal(spending, limits, amount_fen=charge.amount_fen)
