"""What a sale is at, and what it wants done. Pure."""

import dataclasses
from typing import Literal
from uuid import UUID

from config.contract.money import ReservationAnswer, TillOrder
from edge.canteen.book import Charge
from edge.canteen.diner import Diner
from edge.canteen.offer import Wanted
from edge.canteen.screen import TillRefusal


@dataclasses.dataclass(frozen=True, slots=True)
class Keep:
    """Begin the charge, and ask central to keep the money; answered by ``kept``."""

    charge: Charge


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """Make the charge durable; answered by ``recorded``."""

    charge: Charge


@dataclasses.dataclass(frozen=True, slots=True)
class HandOut:
    """Make durable that an order was handed out; answered by ``recorded``."""

    charge: Charge


@dataclasses.dataclass(frozen=True, slots=True)
class LetGo:
    """The charge does not come about; nobody waits for it."""

    charge: Charge
    reason: Literal["not_me", "cancelled"]


@dataclasses.dataclass(frozen=True, slots=True)
class LookAgain:
    """Find whoever stands there anew: they may have come before the amount stood."""


Wish = Keep | Record | HandOut | LetGo | LookAgain
Stage = Literal["who", "again", "pin", "is_it_you", "which", "hand_out", "keeping", "recording"]


@dataclasses.dataclass(slots=True)
class Paying:
    """One person on the way to pay.

    Attributes:
        diners: More than one while it is asked which.
        wanted: What stood on the till when they were found.
        is_kept: Central was asked to keep the money, and may have.
        answer: Of central; ``"silent"`` where none came in time.
        orders: Of one person; more than one while it is asked which.
        was_asked: Somebody said yes to something, so that silence need not.
    """

    stage: Stage
    diners: tuple[Diner, ...]
    decision_id: UUID | None
    wanted: Wanted
    until_s: float = 0.0
    asked_s: float = 0.0
    charge: Charge | None = None
    pin: str = ""
    is_kept: bool = False
    answer: ReservationAnswer | Literal["silent"] | None = None
    was_asked: bool = False
    is_proven: bool = False
    orders: tuple[TillOrder, ...] = ()

    @property
    def confirmed(self) -> Literal["silence", "yes", "pin"]:
        """How whoever pays has agreed."""
        return "pin" if self.is_proven else "yes" if self.was_asked else "silence"


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What came of the last one, while it is shown.

    Attributes:
        since_s: When it began to be shown, monotonic.
        holder_id: Who has paid.
        order: Key of its charge.
        page_of: Who may be shown the way to their own page: they were identified well enough to
            pay, and have, or have not for their money's sake.
        page_name: Masked, of them.
    """

    phase: Literal["paid", "collected", "refused"]
    until_s: float
    amount_fen: int | None
    masked_name: str = ""
    refusal: TillRefusal | None = None
    since_s: float = 0.0
    holder_id: str = ""
    order: UUID | None = None
    page_of: str = ""
    page_name: str = ""
