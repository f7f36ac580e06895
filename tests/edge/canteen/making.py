"""A small canteen for the tests of tills: lunch at noon, two diners, a clock that is told."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind, DenialReason
from config.contract.money import (
    CanteenPlan,
    ChargeLine,
    Dish,
    MealPeriod,
    MerchantPlan,
    ReservationAnswer,
    SpendingLimits,
    TillAccount,
    TillOrder,
)
from config.contract.order_code import code_hash, encode_order_code
from config.site_canteen import TillEntry
from edge.access.attempts import FaceShown
from edge.access.question import Person
from edge.canteen.book import Book, Session
from edge.canteen.diner import Diner, Found
from edge.canteen.offer import Counter
from edge.canteen.sale import Sale
from edge.canteen.wishes import HandOut, Keep, LetGo, Record

ZONE: Final = ZoneInfo("Asia/Shanghai")
NOON: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Twelve o'clock where the canteen is."""
LUNCH: Final = MealPeriod(
    id="lunch",
    name={"en": "Lunch"},
    begins=time(11, 0),
    ends=time(13, 30),
    fixed_fen={"": 1250, "guests": 3000},
    count_max={"": 2},
)
RICE: Final = Dish(id="rice", name={"en": "Rice"}, price_fen=200, key=1)
BUFFET: Final = Dish(id="buffet", name={"en": "Buffet"}, price_fen=398, per_g=100)
PIN: Final = "2468"
ANNA: Final = Person(
    holder_id="anna",
    masked_name="A**a",
    profiles=frozenset({"staff"}),
    kinds=frozenset({CredentialKind.FACE, CredentialKind.CARD, CredentialKind.PIN}),
)
BORIS: Final = Person(
    holder_id="boris",
    masked_name="B***s",
    profiles=frozenset({"visitors"}),
    kinds=frozenset({CredentialKind.FACE, CredentialKind.CARD}),
)
SESSION: Final = Session(
    session_id=UUID(int=99), till="till-1", merchant="canteen", opened_at=NOON, by="ming"
)


def plan(**limits: int) -> CanteenPlan:
    """Return what is sold, with other limits."""
    return CanteenPlan(
        version=1,
        merchants=(MerchantPlan(merchant="canteen", periods=(LUNCH,), dishes=(RICE, BUFFET)),),
        limits=SpendingLimits.model_validate(limits),
        groups=(("visitors", "guests"),),
    )


def accounts(**spendable_fen: int) -> list[TillAccount]:
    """Return what central says that people can spend."""
    return [
        TillAccount(holder_id=holder_id, spendable_fen=fen, pays_by_face=True, version=1)
        for holder_id, fen in spendable_fen.items()
    ]


def order(number: int = 1, holder_id: str = "anna", **changes: object) -> TillOrder:
    """Return two rice for today's lunch, whose money central keeps."""
    lines = (ChargeLine(item="rice", count=2, amount_fen=400),)
    usual: dict[str, object] = {
        "charge_id": UUID(int=1000 + number),
        "number": f"A{number:03}",
        "holder_id": holder_id,
        "merchant": "canteen",
        "day": NOON.date(),
        "period": "lunch",
        "begins": NOON - timedelta(hours=1),
        "ends": NOON + timedelta(hours=1, minutes=30),
        "due": NOON + timedelta(hours=2),
        "lines": lines,
        "names": {"rice": {"en": "Rice", "zh-CN": "米饭"}},
        "amount_fen": 400,
        "code_hash": code_hash(order_code(number)),
        "state": "waiting",
        "version": number,
    }
    return TillOrder.model_validate(usual | changes)


def order_code(number: int = 1) -> str:
    """Return what the QR code of an order says."""
    return encode_order_code(number.to_bytes(20, "big"))


def entry(**settings: object) -> TillEntry:
    """Return a till."""
    usual = {"id": "till-1", "node": "gate-1", "merchant": "canteen", "liveness": "off"}
    return TillEntry.model_validate({**usual, **settings})


@dataclasses.dataclass
class Known:
    """Who is known at a till."""

    people: Mapping[str, Person] = dataclasses.field(
        default_factory=lambda: {"anna": ANNA, "boris": BORIS}
    )

    def person(self, holder_id: str) -> Person | None:
        return self.people.get(holder_id)

    def is_pin(self, pin: str, *, holder_id: str, till: str, now: datetime) -> bool:
        return pin == PIN and holder_id == "anna"


class Bench:
    """A sale, a clock, and what the sale wants done."""

    def __init__(
        self,
        *,
        book: Book | None = None,
        people: Mapping[str, Person] | None = None,
        limits: Mapping[str, int] | None = None,
        **settings: object,
    ) -> None:
        self.now, self.now_s = NOON, 100.0
        self.book = book or Book(plan(**(limits or {})), accounts(anna=5000, boris=5000))
        numbers = count(1)
        self.counter = Counter(
            entry(**settings), self.book, zone=ZONE, new_id=lambda: UUID(int=next(numbers))
        )
        known = Known() if people is None else Known(people)
        self.sale = Sale(self.counter, known, session=SESSION)

    @property
    def phase(self) -> str:
        return self.sale.phase(now=self.now)

    @property
    def question(self) -> str | None:
        question = self.sale.payment.question(now_s=self.now_s)
        return None if question is None else question.kind

    def wanted(self) -> list[str]:
        return [type(wish).__name__ for wish in self.sale.take_wanted()]

    def wait(self, seconds: float) -> None:
        self.now, self.now_s = self.now + timedelta(seconds=seconds), self.now_s + seconds
        self.sale.tick(now=self.now, now_s=self.now_s)

    def found(self, found: Found) -> bool:
        return self.sale.found(found, decision_id=None, now=self.now, now_s=self.now_s)

    def confirm(self) -> bool:
        return self.sale.confirm(now=self.now, now_s=self.now_s)

    def type(self, keys: str) -> None:
        for key in keys:
            self.sale.key(key)

    def charge_id(self) -> UUID:
        charge = self.sale.payment.charge
        assert charge is not None
        return charge.charge_id

    def serve(
        self, *, answer: ReservationAnswer | None = None, is_recorded: bool = True
    ) -> list[str]:
        """Do what the sale wants, as central and a disk would; returns what it wanted."""
        done = list[str]()
        while wanted := self.sale.take_wanted():
            for wish in wanted:
                done.append(type(wish).__name__)
                match wish:
                    case Keep(charge=charge):
                        self.book.begin(charge)
                        self.sale.kept(charge.charge_id, answer, now_s=self.now_s)
                    case Record(charge=charge):
                        if is_recorded:
                            self.book.record(charge)
                        self.sale.recorded(
                            charge.charge_id, is_recorded=is_recorded, now_s=self.now_s
                        )
                    case HandOut(charge=charge):
                        if is_recorded:
                            self.book.record(charge)
                        self.sale.recorded(
                            charge.charge_id, is_recorded=is_recorded, now_s=self.now_s
                        )
                    case LetGo(charge=charge):
                        self.book.release(charge.charge_id)
                    case _:
                        pass
        return done


def face(*holder_ids: str, needs_pin: bool = False, is_challenged: bool = False) -> Found:
    """Return whom a camera found."""
    diners = tuple(
        Diner(holder, CredentialKind.FACE, needs_pin=needs_pin, is_challenged=is_challenged)
        for holder in holder_ids
    )
    return Found(diners, is_doubtful=len(diners) > 1)


def card(holder_id: str) -> Found:
    """Return whose card was shown."""
    return Found((Diner(holder_id, CredentialKind.CARD),))


@dataclasses.dataclass(frozen=True)
class Alike:
    """Somebody whom a face resembles."""

    key: str
    similarity: float


def shown(
    candidates: Sequence[tuple[str, float]], *, doubt: DenialReason | None = None
) -> FaceShown:
    """Return a face, for a threshold of 0.6 here and 0.55 at a gate."""
    found = tuple(Alike(key, similarity) for key, similarity in candidates)
    return FaceShown(found, 0.6, step_up=0.55, margin_min=0.05, doubt=doubt)
