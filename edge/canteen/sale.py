"""A till as a state machine without I/O.

Keys, faces, weights, answers and the time come in; what it wants done is in ``take_wanted``::

    closed --open--> idle/choosing/weighing --the amount stands--> confirming
    confirming --somebody is found--> asking --yes--> working --recorded--> paid
                     +-- nobody, or not allowed --------+---------------> refused
    collecting --somebody is found--> asking --yes--> working --recorded--> collected

One charge at a time (``payment``). What central may have kept money for and does not come about is
let go. Whoever runs this makes the charge durable before it says ``recorded``.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from config.contract.access import CredentialKind
from config.contract.money import ChargeMode, Dish, ReservationAnswer, TillOrder
from edge.canteen.book import Session
from edge.canteen.collecting import Collecting
from edge.canteen.diner import Diner, Found
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
        self.draft = Draft(
            mode=till.mode, modes=(till.mode, *till.modes), is_self_served=not till.attended
        )
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
        order = self.order
        if order is not None:
            return order.amount_fen
        paid = self.payment.amount_fen
        return self.draft.amount_fen(meal_fen=self._counter.price(now)) if paid is None else paid

    @property
    def order(self) -> TillOrder | None:
        """What is to be handed out, was, or is refused."""
        is_shown = self.payment.stage is not None or self.payment.result is not None
        return self._orders.find(self.payment.order if is_shown else self.draft.picked)

    @property
    def has_orders(self) -> str:
        """Whose orders may wait here while something else is paid; empty is nobody's."""
        is_other = self.draft.mode is not ChargeMode.ORDERS
        return self.payment.holder_id if is_other else ""

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

    def pick(self, charge_id: UUID, *, now: datetime) -> bool:
        """Take an order that somebody is to prove is theirs; returns whether it waits here."""
        order, is_open = self._orders.find(charge_id), self.session is not None
        is_asked = self.draft.mode is ChargeMode.ORDERS and self.is_at_rest and is_open
        if order is None or not is_asked or self._is_on_fire:
            return False
        if self._orders.refusal(order, now=now) is not None:
            return False
        self.payment.result = None
        self.draft.picked, self.draft.typed, self._must_look = charge_id, "", True
        return True

    def put_back(self, dish_id: str) -> bool:
        """Take one piece less of a dish; returns whether there was one."""
        dish = next((d for d in self._dishes if d.id == dish_id), None)
        if dish is None or not self.is_at_rest:
            return False
        return self._changed_by(lambda: self.draft.put_back(dish))

    def meals(self, count: int) -> bool:
        """Take so many meals, of the mode ``count``."""
        return self.is_at_rest and self._changed_by(lambda: self.draft.meals(count))

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
        if self.is_at_rest and self.draft.mode is ChargeMode.ORDERS:
            return self._confirm_order(now, now_s)
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
        is_order = self.draft.mode is ChargeMode.ORDERS
        refusal = TillRefusal.ORDER_STAYS if is_order else TillRefusal.NOT_ME
        is_taken = self.payment.decline(refusal, "not_me", now_s)
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
        if session is None or self._is_on_fire:
            return False
        if found.order is not None and self.draft.mode is not ChargeMode.ORDERS:
            self.payment.refuse(TillRefusal.ORDER_ELSEWHERE, now_s)
            return True
        if not self.draft.is_armed(has_meal=self._counter.price(now) is not None):
            return False
        wanted = Wanted(
            mode=self.draft.mode,
            session_id=session.session_id,
            lines=self.draft.lines,
            count=self.draft.count,
            order=found.order or self.draft.picked,
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
        if over is not None and is_armed and self.session:
            is_next = over.phase == "collected" and self._counter.till.attended
            has_more = is_next and bool(self._orders.ready(over.holder_id, now=now))
            self._must_look = self._must_look or has_more or over.refusal in TRIED_AGAIN
        self.weighed()

    def _declined(self, refusal: TillRefusal, now_s: float) -> bool:
        is_taken = self.payment.decline(refusal, "cancelled", now_s)
        self.weighed()
        return is_taken

    def numbered(self, typed: str, *, now: datetime) -> Found:
        """Return who ordered what has a pick-up number; their PIN proves it."""
        chosen = self._orders.by_number(typed, now=now)
        if self.draft.mode is not ChargeMode.ORDERS or len(chosen.orders) != 1:
            return Found(refusal=TillRefusal.UNKNOWN_CARD)
        [order] = chosen.orders
        return Found((Diner(order.holder_id, CredentialKind.PIN),), order=order.charge_id)

    # ---- orders

    @property
    def _orders(self) -> Collecting:
        return self._counter.orders

    def _confirm_order(self, now: datetime, now_s: float) -> bool:
        """Take the number that was typed; or ask for the PIN of whoever ordered what is picked."""
        if self.session is None or self._is_on_fire:
            return False
        order = self._orders.find(self.draft.picked)
        if order is not None:
            proof = Diner(order.holder_id, CredentialKind.PIN)
            return self.found(Found((proof,)), decision_id=None, now=now, now_s=now_s)
        if not self.draft.typed:
            return False
        chosen = self._orders.by_number(self.draft.typed, now=now)
        if len(chosen.orders) == 1:
            return self.pick(chosen.orders[0].charge_id, now=now)
        if chosen.refusal is not None:
            about = None if chosen.about is None else chosen.about.charge_id
            self.payment.refuse(chosen.refusal, now_s, order=about)
            self.draft.clear()
        return chosen.refusal is not None

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
        before = (self.draft.standing, self.draft.is_sure)
        is_taken = change()
        if self.draft.stands and (self.draft.standing, self.draft.is_sure) != before:
            self._must_look = True
        return is_taken
