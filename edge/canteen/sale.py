"""A till as a state machine without I/O.

Keys, faces, weights, answers and the time come in; what it wants done is in ``take_wanted``::

    closed --open--> idle/choosing/weighing --the amount stands--> confirming
    confirming --somebody is found--> asking --yes--> working --recorded--> paid
                     +-- nobody, or not allowed --------+---------------> refused

One charge at a time (``payment``). What central may have kept money for and does not come about is
let go. Whoever runs this makes the charge durable before it says ``recorded``.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.money import ChargeMode, Dish, ReservationAnswer
from edge.canteen.book import Session
from edge.canteen.diner import Found
from edge.canteen.draft import Draft
from edge.canteen.offer import Counter, Wanted
from edge.canteen.payment import Payment, People
from edge.canteen.screen import TillPhase, TillRefusal
from edge.canteen.wishes import LookAgain, Wish

TRIED_AGAIN: Final = frozenset(
    {TillRefusal.WRONG_PIN, TillRefusal.NOBODY_ANSWERED, TillRefusal.NOT_RECORDED}
)
"""After these whoever still stands there is looked at again: the face was not to blame."""


class Sale:
    """One till. Wall times are aware UTC, the others monotonic seconds.

    Attributes:
        draft: What is being sold.
        payment: Who is on the way to pay it; to be read.
        session: None while the till is closed.
    """

    def __init__(
        self,
        counter: Counter,
        people: People,
        *,
        has_challenge: bool = False,
        session: Session | None = None,
    ) -> None:
        """Begin with nothing on the till.

        Args:
            counter: What is sold here, and to whom.
            people: Who is known.
            has_challenge: Faces are asked to do something, so one proves more than a look.
            session: One that was open when the process ended.
        """
        till = counter.till
        self._counter = counter
        self.payment = Payment(counter, people, has_challenge=has_challenge)
        self.draft = Draft(mode=till.mode, modes=(till.mode, *till.modes))
        self.session = session
        self._is_on_fire = self._must_look = False

    def take_wanted(self) -> Sequence[Wish]:
        """Return what is to be done now, in this order; each once."""
        look = (LookAgain(),) if self._must_look else ()
        self._must_look = False
        return (*self.payment.take_wanted(), *look)

    # ---- what is seen of it

    def phase(self, *, now: datetime) -> TillPhase:
        """Return what the till is at."""
        if self._is_on_fire:
            return "fire"
        if self.payment.stage is not None:
            return "working" if self.payment.stage in ("keeping", "recording") else "asking"
        if self.payment.result is not None:
            return self.payment.result.phase
        if self.session is None:
            return "closed"
        return self.draft.phase(has_meal=self._counter.price(now) is not None)

    def amount_fen(self, *, now: datetime) -> int | None:
        """Return what is to be paid, or was; None while it is not known."""
        paid = self.payment.amount_fen
        return self.draft.amount_fen(meal_fen=self._counter.price(now)) if paid is None else paid

    @property
    def due_s(self) -> float | None:
        """When ``tick`` has something to do; None while nothing runs out."""
        return self.payment.due_s

    @property
    def is_at_rest(self) -> bool:
        """Whether nobody is on the way to pay."""
        return self.payment.stage is None

    # ---- session, mode, fire

    def opened(self, session: Session) -> None:
        """The till is open."""
        self.session, self.payment.result = session, None
        self.draft.clear()

    def closed(self) -> None:
        """The till is closed."""
        self.session, self.payment.result = None, None
        self.draft.clear()

    def fire(self, *, is_on: bool) -> None:
        """A fire releases people here: nothing is sold, and nobody is kept at a till."""
        self._is_on_fire = is_on
        if is_on:
            self.payment.interrupt()
            self.weighed()

    def change_mode(self, mode: ChargeMode) -> bool:
        """Sell in another way; False while somebody pays, or the till cannot."""
        if not self.is_at_rest or mode not in self.draft.modes:
            return False
        self.payment.result = None
        self.draft.change_mode(mode)
        self.weighed()
        return True

    # ---- keys

    def key(self, key: str) -> bool:
        """Take a key; returns whether it meant something."""
        if not self.is_at_rest:
            return self.payment.key(key)
        return self._changed_by(lambda: self.draft.key(key))

    def dish(self, dish_id: str) -> bool:
        """Take a dish; returns whether there is one."""
        dish = next((d for d in self._dishes if d.id == dish_id), None)
        if dish is None or not self.is_at_rest:
            return False
        return self._changed_by(lambda: self.draft.dish(dish))

    def cancel(self, *, now_s: float) -> bool:
        """Take back what is not paid yet."""
        if not self.is_at_rest:
            return self._declined(TillRefusal.CANCELLED, now_s)
        self.payment.result = None
        self.draft.clear()
        self.weighed()
        return True

    def confirm(self, *, now: datetime, now_s: float) -> bool:
        """Say yes to whatever is asked, or let the amount stand."""
        if self.is_at_rest:
            return self._changed_by(self.draft.confirm)
        is_taken = self.payment.yes(now=now, now_s=now_s)
        self.weighed()
        return is_taken

    def choose(self, number: int, *, now: datetime, now_s: float) -> bool:
        """Answer which of them pays."""
        is_taken = self.payment.choose(number, now=now, now_s=now_s)
        self.weighed()
        return is_taken

    def not_me(self, *, now_s: float) -> bool:
        """*Not me*: nothing is owed. False once it is being recorded, and if nothing is asked."""
        is_taken = self.payment.decline(TillRefusal.NOT_ME, "not_me", now_s)
        self.weighed()
        return is_taken

    # ---- what happens

    def weighed(self) -> None:
        """The scale said something, which ``draft.scale`` took; or it counts again."""
        if self.is_at_rest and self.session is not None:
            self.draft.weighed_dish = self._weighed_dish()
            self._standing_by(self.draft.weighed)

    def found(self, found: Found, *, decision_id: UUID | None, now: datetime, now_s: float) -> bool:
        """Take who was found; False where nobody was waited for."""
        if not self.is_at_rest and not self.payment.yields_to(found):
            return False
        session = self.session
        is_armed = self.draft.is_armed(has_meal=self._counter.price(now) is not None)
        if session is None or self._is_on_fire or not is_armed:
            return False
        wanted = Wanted(
            mode=self.draft.mode,
            session_id=session.session_id,
            lines=self.draft.lines,
            count=self.draft.count,
        )
        self.payment.begin(found, wanted, decision_id=decision_id, now=now, now_s=now_s)
        return True

    def kept(self, charge_id: UUID, answer: ReservationAnswer | None, *, now_s: float) -> None:
        """Take central's answer, None where none came in time; one for another charge is late."""
        self.payment.kept(charge_id, answer, now_s=now_s)
        self.weighed()

    def recorded(self, charge_id: UUID, *, is_recorded: bool, now_s: float) -> None:
        """The charge is durable, or was not made so and is not owed."""
        if self.payment.recorded(charge_id, is_recorded=is_recorded, now_s=now_s):
            self.draft.paid()
        self.weighed()

    def tick(self, *, now: datetime, now_s: float) -> None:
        """Let run out what runs out."""
        over = self.payment.tick(now_s=now_s)
        is_armed = self.draft.is_armed(has_meal=self._counter.price(now) is not None)
        if over is not None and over.refusal in TRIED_AGAIN and is_armed and self.session:
            self._must_look = True
        self.weighed()

    def _declined(self, refusal: TillRefusal, now_s: float) -> bool:
        is_taken = self.payment.decline(refusal, "cancelled", now_s)
        self.weighed()
        return is_taken

    # ---- the amount

    @property
    def _dishes(self) -> Sequence[Dish]:
        plan = self._counter.book.merchant(self._counter.till.merchant)
        return () if plan is None else plan.dishes

    def _weighed_dish(self) -> Dish | None:
        """Return what is weighed, at the price of now: what was picked, or all there is."""
        by_weight = [dish for dish in self._dishes if dish.per_g is not None]
        picked = self.draft.weighed_dish
        if picked is not None:
            return next((dish for dish in by_weight if dish.id == picked.id), None)
        return by_weight[0] if len(by_weight) == 1 else None

    def _changed_by(self, change: Callable[[], bool]) -> bool:
        """Let a key change the draft, if anything is sold now."""
        if self.session is None or self._is_on_fire:
            return False
        self.payment.result = None
        return self._standing_by(change)

    def _standing_by(self, change: Callable[[], bool]) -> bool:
        """Let something change the draft; look again at whoever stands there if it now stands."""
        before = self.draft.standing
        is_taken = change()
        if self.draft.standing and self.draft.standing != before:
            self._must_look = True
        return is_taken
