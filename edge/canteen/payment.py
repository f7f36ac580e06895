"""One person's way from *found* to *paid* or *refused*. No I/O; one at a time.

What is asked, in this order: who of them it is, a second *yes* of whoever paid a moment ago, a PIN,
and of a face a moment to say *not me*. Central is asked to keep the money as soon as nothing but
that moment is left. ``Record`` is wanted once per key, and only once every question is answered.

Who comes for an order is asked which, a PIN where it takes one, and whether it is handed out. Its
money is kept already: nothing is asked of central, and what does not come about lets nothing go.
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, Protocol
from uuid import UUID

from config.contract.access import CredentialKind
from config.contract.money import ChargeMode, ReservationAnswer, TillOrder
from edge.access.question import Person
from edge.canteen.book import Charge
from edge.canteen.collecting import CHOICES_MAX
from edge.canteen.diner import Diner, Found
from edge.canteen.limits import is_repeat
from edge.canteen.offer import Counter, Offer, Wanted
from edge.canteen.questions import (
    is_proved_by_pin,
    kept_refusal,
    needs_pin,
    question_of,
    type_pin,
)
from edge.canteen.screen import Question, TillRefusal
from edge.canteen.wishes import HandOut, Keep, LetGo, Paying, Record, Result, Stage, Wish

PAID_S: Final = 2.0
COLLECTED_S: Final = 3.0
REFUSED_S: Final = 3.0
SELF_SERVED_S: Final = 6.0
"""How long either stands where nobody attends; whoever is next ends it before."""
ASKED_S: Final = 10.0
PIN_S: Final = 20.0
HAND_OUT_S: Final = 60.0
"""So long a cashier may look for what was packed."""


THEIR_MONEY: Final = frozenset({TillRefusal.SHORT, TillRefusal.BLOCKED, TillRefusal.OFFLINE_LIMIT})
"""What somebody finds out about, and often puts right, on their own page."""


class People(Protocol):
    """Who is known here; ``edge.replica.Replica`` behind a count of wrong PINs."""

    def person(self, holder_id: str) -> Person | None:
        """Return a person by identifier."""
        ...

    def is_pin(self, pin: str, *, holder_id: str, till: str, now: datetime) -> bool:
        """Return whether this is the person's PIN; after too many wrong ones none is.

        A duress PIN is one, and is told to the guards; ``till`` is where.
        """
        ...


class Payment:
    """Of one till. Wall times are aware UTC, the others monotonic seconds.

    Attributes:
        result: What came of the last one, while it is shown.
    """

    def __init__(self, counter: Counter, people: People, *, has_challenge: bool) -> None:
        """Begin with nobody.

        Args:
            counter: What is sold here, and to whom.
            people: Who is known.
            has_challenge: Faces are asked to do something, so one proves more than a look.
        """
        self._counter, self._people, self._has_challenge = counter, people, has_challenge
        self._confirm_s = counter.till.confirm_s
        self._is_attended = counter.till.attended
        self._paying: Paying | None = None
        self._wanted = list[Wish]()
        self.result: Result | None = None

    def take_wanted(self) -> Sequence[Wish]:
        """Return what is to be done now, in this order; each once."""
        wanted, self._wanted = tuple(self._wanted), []
        return wanted

    # ---- what is seen of it

    @property
    def stage(self) -> Stage | None:
        """How far somebody has come; None while nobody pays."""
        return None if self._paying is None else self._paying.stage

    @property
    def charge(self) -> Charge | None:
        """What somebody is on the way to pay."""
        return None if self._paying is None else self._paying.charge

    @property
    def amount_fen(self) -> int | None:
        """Return what it is, or was; None while nobody knows."""
        if self.charge is not None:
            return self.charge.amount_fen
        return None if self.result is None else self.result.amount_fen

    @property
    def masked_name(self) -> str:
        """Of whoever pays, or has."""
        paying = self._paying
        if paying is not None:
            # Of several nobody is meant yet.
            is_one = paying.stage != "who"
            return self._masked(paying.diners[0].holder_id) if is_one else ""
        return "" if self.result is None else self.result.masked_name

    @property
    def refusal(self) -> TillRefusal | None:
        """Why somebody did not pay, while that is shown."""
        is_shown = self._paying is None and self.result is not None
        return self.result.refusal if is_shown and self.result is not None else None

    @property
    def order(self) -> UUID | None:
        """Which order is to be handed out, was, or is refused; by the key of its charge."""
        charge = self.charge
        if charge is not None:
            return charge.charge_id if charge.order else None
        return None if self.result is None else self.result.order

    @property
    def holder_id(self) -> str:
        """Of whoever pays, or has."""
        if self.charge is not None:
            return self.charge.holder_id
        return "" if self.result is None else self.result.holder_id

    def question(self, *, now_s: float) -> Question | None:
        """Return what is asked."""
        paying, orders = self._paying, self._counter.orders
        return None if paying is None else question_of(paying, self._masked, orders, now_s=now_s)

    @property
    def due_s(self) -> float | None:
        """When ``tick`` has something to do; None while nothing runs out."""
        paying, result = self._paying, self.result
        if paying is not None and paying.until_s:
            return paying.until_s
        return None if result is None else result.until_s

    def has_just_paid(self, found: Found) -> bool:
        """Return whether somebody who was found is whom *paid* is shown of."""
        result = self.result
        holders = [diner.holder_id for diner in found.diners]
        return result is not None and result.phase != "refused" and result.holder_id in holders

    # ---- what people and central say

    def begin(
        self,
        found: Found,
        wanted: Wanted,
        *,
        decision_id: UUID | None,
        now: datetime,
        now_s: float,
    ) -> None:
        """Take whoever was found, for what stands on the till now."""
        if found.refusal is not None or not found.diners:
            self.refuse(found.refusal or TillRefusal.UNKNOWN_FACE, now_s)
            return
        paying = self._paying = Paying("who", found.diners, decision_id, wanted)
        self.result = None
        if found.is_doubtful:
            self._wait(paying, "who", ASKED_S, now_s)
        else:
            self._take(paying, now, now_s)

    def yields_to(self, found: Found) -> bool:
        """Make way for a card, which settles a doubt about a face; False where it may not."""
        is_better = any(d.credential is not CredentialKind.FACE for d in found.diners)
        # While an order is fetched, the next in the queue does not take its place.
        if not is_better or self.stage in ("keeping", "recording", "which", "hand_out"):
            return False
        self._let_go("not_me")
        self._paying = None
        return True

    def yes(self, *, now: datetime, now_s: float) -> bool:
        """Take a *yes*, or a PIN that is typed; False where neither is asked."""
        paying = self._paying
        match None if paying is None else paying.stage:
            case "is_it_you" if paying is not None:
                paying.was_asked = True
                self._go_on(paying, now_s)
            case "again" if paying is not None:
                paying.was_asked = True
                self._ask(paying, now_s, after="again")
            case "hand_out" if paying is not None:
                paying.was_asked = True
                self._hand_out(paying, now_s)
            case "pin" if paying is not None:
                self._judge_pin(paying, now, now_s)
            case _:
                return False
        return True

    def choose(self, number: int, *, now: datetime, now_s: float) -> bool:
        """Answer which of them pays, or which of their orders is meant."""
        paying = self._paying
        if paying is not None and paying.stage == "which" and 1 <= number <= len(paying.orders):
            paying.was_asked = True
            self._take_order(paying, paying.orders[number - 1], now, now_s)
            return True
        if paying is None or paying.stage != "who" or not 1 <= number <= len(paying.diners):
            return False
        diner = paying.diners[number - 1]
        if len(paying.diners) > 1 and not self._counter.till.attended:
            # Whoever serves themselves could choose another's name.
            diner = dataclasses.replace(diner, needs_pin=True)
        paying.diners, paying.was_asked = (diner,), True
        self._take(paying, now, now_s)
        return True

    def key(self, key: str) -> bool:
        """Take a digit of a PIN."""
        paying = self._paying
        return paying is not None and paying.stage == "pin" and type_pin(paying, key)

    def decline(
        self, refusal: TillRefusal, reason: Literal["not_me", "cancelled"], now_s: float
    ) -> bool:
        """End a payment that is not being recorded yet."""
        paying = self._paying
        if paying is None or paying.stage == "recording":
            return False
        charge = paying.charge
        self._let_go(reason)
        self._paying = None
        if charge is not None and charge.order:
            self.refuse(refusal, now_s, order=charge.charge_id)
        elif charge is not None:
            self.refuse(refusal, now_s, amount_fen=charge.amount_fen, of=charge.holder_id)
        else:
            self.refuse(refusal, now_s)
        return True

    def refuse(
        self,
        refusal: TillRefusal,
        now_s: float,
        *,
        amount_fen: int | None = None,
        order: UUID | None = None,
        of: str = "",
    ) -> None:
        """Say no, and why, to whoever stands there.

        Args:
            refusal: Why.
            now_s: Monotonic.
            amount_fen: That was to be paid.
            order: It is about, if it is.
            of: Who was identified well enough to pay.
        """
        page_of = of if refusal in THEIR_MONEY else ""
        self.result = Result(
            "refused",
            now_s + self._shown_s(REFUSED_S),
            amount_fen,
            refusal=refusal,
            since_s=now_s,
            order=order,
            page_of=page_of,
            page_name=self._masked(page_of),
        )

    def kept(self, charge_id: UUID, answer: ReservationAnswer | None, *, now_s: float) -> None:
        """Take central's answer, None where none came in time; one for another charge is late."""
        paying = self._paying
        if paying is None or paying.charge is None or paying.charge.charge_id != charge_id:
            return
        if paying.answer is not None:
            return
        paying.answer = "silent" if answer is None else answer
        refusal = kept_refusal(paying, self._counter)
        if refusal is not None:
            self.decline(refusal, "cancelled", now_s)
        elif paying.stage == "keeping":
            self._record(paying)

    def recorded(self, charge_id: UUID, *, is_recorded: bool, now_s: float) -> bool:
        """The charge is durable, or was not made so and is not owed; returns whether it is paid."""
        charge = self.charge
        if charge is None or charge.charge_id != charge_id:
            return False
        self._paying = None
        if not is_recorded:
            order = charge.charge_id if charge.order else None
            gone = self._counter.orders.gone(order) if order is not None else None
            self.refuse(gone or TillRefusal.NOT_RECORDED, now_s, order=order)
            return False
        masked = self._masked(charge.holder_id)
        self.result = Result(
            "collected" if charge.order else "paid",
            now_s + self._shown_s(COLLECTED_S if charge.order else PAID_S),
            charge.amount_fen,
            masked,
            since_s=now_s,
            holder_id=charge.holder_id,
            order=charge.charge_id if charge.order else None,
            page_of=charge.holder_id,
            page_name=masked,
        )
        return True

    def tick(self, *, now_s: float) -> Result | None:
        """Let run out what runs out; returns a result that is shown no longer."""
        paying, result = self._paying, self.result
        if paying is not None and paying.until_s and now_s >= paying.until_s:
            if paying.stage == "is_it_you":
                self._go_on(paying, now_s)
            else:
                self.decline(TillRefusal.NOBODY_ANSWERED, "cancelled", now_s)
        elif result is not None and now_s >= result.until_s:
            self.result = None
            return result
        return None

    def interrupt(self) -> None:
        """End it for a fire, unless it is being recorded."""
        if self.stage != "recording":
            self._let_go("cancelled")
            self._paying = None

    # ---- the way

    def _take(self, paying: Paying, now: datetime, now_s: float) -> None:
        """One person is meant: see what it costs them, and whether they may."""
        [diner] = paying.diners
        person = self._people.person(diner.holder_id)
        if paying.wanted.mode is ChargeMode.ORDERS:
            self._take_orders(paying, diner, person, now, now_s)
            return
        offered = self._counter.offer(
            paying.wanted, diner, person, decision_id=paying.decision_id, now=now
        )
        if not isinstance(offered, Offer):
            self._paying = None
            is_known = paying.is_proven or not is_proved_by_pin(diner)
            self.refuse(offered, now_s, of=diner.holder_id if is_known else "")
            return
        limits = self._counter.book.plan.limits
        is_again = is_repeat(offered.spending, limits, now=now)
        paying.charge = offered.charge.model_copy(update={"is_repeat": is_again})
        if is_again:
            self._wait(paying, "again", ASKED_S, now_s)
        else:
            self._ask(paying, now_s, after="who")

    def _take_orders(
        self, paying: Paying, diner: Diner, person: Person | None, now: datetime, now_s: float
    ) -> None:
        """One person is meant: see what they have ordered, once they have proved who they are."""
        refusal, about = self._counter.diner_refusal(diner, person, now=now), None
        if refusal is None and not paying.is_proven and is_proved_by_pin(diner):
            self._ask_pin(paying, diner, now_s)
            return
        if refusal is None:
            chosen = self._counter.orders.of(diner.holder_id, paying.wanted.order, now=now)
            refusal, about, paying.orders = (
                chosen.refusal,
                chosen.about,
                chosen.orders[:CHOICES_MAX],
            )
        if refusal is not None:
            self._paying = None
            self.refuse(refusal, now_s, order=None if about is None else about.charge_id)
        elif len(paying.orders) > 1:
            self._wait(paying, "which", ASKED_S, now_s)
        else:
            self._take_order(paying, paying.orders[0], now, now_s)

    def _take_order(self, paying: Paying, order: TillOrder, now: datetime, now_s: float) -> None:
        """One order is meant: ask what is left to be asked."""
        [diner] = paying.diners
        paying.charge = self._counter.orders.charge(
            order,
            diner,
            session_id=paying.wanted.session_id,
            decision_id=paying.decision_id,
            now=now,
        )
        self._ask(paying, now_s, after="who")

    def _ask(self, paying: Paying, now_s: float, *, after: Literal["who", "again", "pin"]) -> None:
        """Ask what is left to be asked."""
        [diner], charge = paying.diners, paying.charge
        if charge is None:
            return
        if after != "pin" and not paying.is_proven and self._is_pin_needed(charge, diner):
            self._ask_pin(paying, diner, now_s)
            return
        is_face = diner.credential is CredentialKind.FACE
        needs_moment = is_face and not paying.was_asked and self._confirm_s > 0
        if charge.order:
            if self._counter.till.attended:
                self._wait(paying, "hand_out", HAND_OUT_S, now_s)
            elif needs_moment:
                self._wait(paying, "is_it_you", self._confirm_s, now_s)
            else:
                self._hand_out(paying, now_s)
            return
        paying.is_kept = True
        if needs_moment:
            self._wait(paying, "is_it_you", self._confirm_s, now_s)
        else:
            self._wait(paying, "keeping", 0.0, now_s)
        self._wanted.append(Keep(charge))

    def _ask_pin(self, paying: Paying, diner: Diner, now_s: float) -> None:
        person = self._people.person(diner.holder_id)
        kinds = None if person is None else person.kinds
        if kinds is not None and CredentialKind.PIN not in kinds:
            self.decline(TillRefusal.PIN_NEEDED, "cancelled", now_s)
        else:
            self._wait(paying, "pin", PIN_S, now_s)

    def _is_pin_needed(self, charge: Charge, diner: Diner) -> bool:
        limit_fen = self._counter.book.plan.limits.pin_above_fen
        return needs_pin(charge, diner, above_fen=limit_fen, has_challenge=self._has_challenge)

    def _go_on(self, paying: Paying, now_s: float) -> None:
        """Nobody said no: record it once central has answered, or its time is over."""
        if paying.charge is not None and paying.charge.order:
            self._hand_out(paying, now_s)
            return
        self._wait(paying, "keeping", 0.0, now_s)
        if paying.answer is not None:
            self._record(paying)

    def _hand_out(self, paying: Paying, now_s: float) -> None:
        """Record that the order is handed out, unless something has become of it meanwhile."""
        charge = paying.charge
        gone = None if charge is None else self._counter.orders.gone(charge.charge_id)
        if charge is None or gone is not None:
            self.decline(gone or TillRefusal.ORDER_UNKNOWN, "cancelled", now_s)
            return
        paying.charge = charge.model_copy(update={"confirmed": paying.confirmed})
        self._wait(paying, "recording", 0.0, now_s)
        self._wanted.append(HandOut(paying.charge))

    def _record(self, paying: Paying) -> None:
        if paying.charge is None:
            return
        paying.charge = paying.charge.model_copy(
            update={
                "is_reserved": isinstance(paying.answer, ReservationAnswer),
                "confirmed": paying.confirmed,
            }
        )
        paying.stage, paying.until_s = "recording", 0.0
        self._wanted.append(Record(paying.charge))

    def _judge_pin(self, paying: Paying, now: datetime, now_s: float) -> None:
        [diner], pin = paying.diners, paying.pin
        paying.pin = ""
        till = self._counter.till.id
        if not self._people.is_pin(pin, holder_id=diner.holder_id, till=till, now=now):
            self.decline(TillRefusal.WRONG_PIN, "cancelled", now_s)
            return
        paying.is_proven = paying.was_asked = True
        if paying.charge is None:
            self._take(paying, now, now_s)
        else:
            self._ask(paying, now_s, after="pin")

    def _wait(self, paying: Paying, stage: Stage, seconds: float, now_s: float) -> None:
        paying.stage, paying.asked_s = stage, seconds
        paying.until_s = now_s + seconds if seconds else 0.0

    def _let_go(self, reason: Literal["not_me", "cancelled"]) -> None:
        paying = self._paying
        if paying is not None and paying.is_kept and paying.charge is not None:
            self._wanted.append(LetGo(paying.charge, reason))

    def _shown_s(self, seconds: float) -> float:
        return seconds if self._is_attended else SELF_SERVED_S

    def _masked(self, holder_id: str) -> str:
        person = self._people.person(holder_id)
        return "" if person is None else person.masked_name
