"""What a till's page shows, and what it may ask for. No I/O.

The page gets ``TillScreen`` whole, at the start and at every change (``GET /till/ID/stream``, event
``screen``), and sends ``TillCommand`` (``POST /till/ID/commands``, answered by ``TillAnswer``).
Names are masked, and what somebody has left is in nothing that the queue could read.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from config.contract.identifiers import Frozen, Slug
from config.contract.money import FEN_MAX, ChargeLine, ChargeMode, Dish

LAST_COUNT: int = 3
WAITING_COUNT: int = 40

TillPhase = Literal[
    "idle",
    "choosing",
    "weighing",
    "confirming",
    "collecting",
    "asking",
    "working",
    "paid",
    "collected",
    "refused",
    "closed",
    "fire",
]
"""``idle``: nothing is to be paid. ``choosing``: keys and dishes. ``weighing``: a weight is waited
for. ``confirming``: the amount stands, and somebody is to pay it. ``collecting``: whoever comes for
an order is to show who they are. ``asking``: see ``question``. ``working``: a moment, while it is
recorded. ``paid``, ``collected`` and ``refused`` stand for seconds. ``closed``: no session.
``fire``: nothing is sold, and nothing else is said."""


class TillRefusal(StrEnum):
    """Why a diner did not pay; each has one sentence that says the way on. Nothing is owed."""

    UNKNOWN_FACE = "unknown_face"
    DOUBTFUL_FACE = "doubtful_face"
    PRESENTATION_ATTACK = "presentation_attack"
    UNKNOWN_CARD = "unknown_card"
    UNKNOWN_CODE = "unknown_code"
    NOT_VALID = "not_valid"
    """The person's time here has not begun or is over."""
    BLOCKED = "blocked"
    """Cannot pay by decision of the manager, or what they pay with was reported lost."""
    NO_PERIOD = "no_period"
    """No meal is served now."""
    NO_PRICE = "no_price"
    """The person's group has no price for this meal."""
    MEALS_REACHED = "meals_reached"
    """So many meals in this period as the group may have."""
    CHARGE_LIMIT = "charge_limit"
    DAY_LIMIT = "day_limit"
    SHORT = "short"
    """The wallets do not cover it."""
    OFFLINE_LIMIT = "offline_limit"
    """Central is not heard, and what may be spent meanwhile is spent."""
    PIN_NEEDED = "pin_needed"
    """A face is not enough here and the person has no PIN: a card or a code is."""
    WRONG_PIN = "wrong_pin"
    NOT_ME = "not_me"
    NOBODY_ANSWERED = "nobody_answered"
    CANCELLED = "cancelled"
    NOT_RECORDED = "not_recorded"
    """It cannot be made durable here, so nothing was charged: call the technician."""
    NO_ORDER = "no_order"
    """Nothing that this person ordered waits here."""
    ORDER_UNKNOWN = "order_unknown"
    """No order here has this code or this number."""
    ORDER_NOT_YET = "order_not_yet"
    """Its window is later today, or on another day."""
    ORDER_OVER = "order_over"
    """Its window is over, and so is the time in which what was paid is still handed out."""
    ORDER_COLLECTED = "order_collected"
    ORDER_CANCELLED = "order_cancelled"
    """Taken back by whoever ordered it, or here after it was handed out."""
    ORDER_ELSEWHERE = "order_elsewhere"
    """It waits at another window, or this till does not hand out orders now."""
    ORDER_NOT_YOURS = "order_not_yours"
    """Somebody else proved who they are than whose number the cashier typed."""
    ORDER_STAYS = "order_stays"
    """Somebody said no: it waits as before."""


class Choice(Frozen):
    """Somebody who may be standing there. Attributes: number: 1 or 2, to answer with."""

    number: int
    masked_name: str


class OrderShown(Frozen):
    """What was ordered before.

    Attributes:
        number: To be called out.
        names: Of its dishes, as they were when it was ordered.
        amount_fen: What was paid for it: its money is kept already.
        begins, ends: Of its window.
        collected_at, till, till_name: When and where it was handed out, if that is known.
    """

    charge_id: UUID
    number: str
    masked_name: str
    lines: tuple[ChargeLine, ...]
    names: dict[str, dict[Literal["zh-CN", "en"], str]]
    amount_fen: int
    begins: AwareDatetime
    ends: AwareDatetime
    collected_at: AwareDatetime | None = None
    till: str = ""
    till_name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)


class Question(Frozen):
    """What the till waits to be told.

    Attributes:
        kind: ``is_it_you``: pays when the time is over, unless *not me*. ``again``: the same person
            a second time; ``confirm`` or *not me*. ``who``: ``choose`` or *not me*, and it never
            pays by itself. ``pin``: digits and ``confirm``. ``which``: the same for several orders
            of one person. ``hand_out``: ``confirm`` by whoever hands out or takes the order, or
            *not me*.
        seconds_left: Until the time is over, when this screen was made.
        seconds: Of the whole time.
        choices: Of ``who``.
        orders: Of ``which``, to be answered with 1 for the first.
        digit_count: Typed so far, of ``pin``; the digits are in no screen.
    """

    kind: Literal["is_it_you", "again", "who", "pin", "which", "hand_out"]
    seconds_left: float
    seconds: float
    choices: tuple[Choice, ...] = ()
    orders: tuple[OrderShown, ...] = ()
    digit_count: int = 0


class LastCharge(Frozen):
    """A charge of the session, for the cashier. Attributes: order: its number, if it was one."""

    charge_id: UUID
    at: AwareDatetime
    amount_fen: int
    masked_name: str
    order: str = ""
    is_void: bool = False


class Link(Frozen):
    """How central is heard.

    Attributes:
        since: When it began to be so.
        limit_left_fen: What all may still spend together here without central.
    """

    is_online: bool
    since: AwareDatetime
    limit_left_fen: int


class PeriodShown(Frozen):
    """The meal of now. Attributes: price_fen: of whoever has no price of a group; None is none."""

    id: Slug
    name: dict[Literal["zh-CN", "en"], str]
    price_fen: int | None = None


class WeightShown(Frozen):
    """What the scale says. Attributes: grams: net, tare taken off; None is not known."""

    grams: int | None
    is_stable: bool = False
    is_overload: bool = False
    is_lost: bool = False
    tare_g: int = 0


class SessionShown(Frozen):
    """From opening to close. Attributes: by: operator's id; empty where nobody attends."""

    session_id: UUID
    opened_at: AwareDatetime
    by: str = ""


class CloseShown(Frozen):
    """The last close: what was counted, then what the till has. None where nobody counted."""

    session_id: UUID
    closed_at: AwareDatetime
    charge_count: int
    charge_fen: int
    void_count: int
    void_fen: int
    counted_charges: int | None = None
    counted_fen: int | None = None


class OwnPageShown(Frozen):
    """The way to a person's own page, for whoever has just been identified.

    Attributes:
        state: ``offered``: a key asks for it. ``asking``: central is asked. ``shown``: its code is
            at ``/till/ID/own-page/NUMBER.svg``. ``silent``: central gave none.
        number: Of the showing.
        masked_name: Whose it is.
        seconds_left: Until it is over, when this screen was made.
    """

    state: Literal["offered", "asking", "shown", "silent"]
    number: int = 0
    masked_name: str = ""
    seconds_left: float = 0.0
    seconds: float = 0.0


class SelfServiceShown(Frozen):
    """What somebody who serves themselves has begun, and when it is taken back.

    Attributes:
        round: Another with every touch: the time begins anew.
        seconds_left: Until it is taken back, when this screen was made.
    """

    round: int
    seconds_left: float


class TillScreen(Frozen):
    """One till's screen, diner's and cashier's half.

    Attributes:
        revision: Counts up with every change.
        amount_fen: What is to be paid, or was; None while it is not known.
        typed: Of a keyed amount, a count or an order's number, as typed.
        masked_name: Of whom ``asking``, ``working`` and ``paid`` are about.
        refusal: Of the phase ``refused``.
        lines: What the meal is made of so far; or the ``order``.
        order: That is to be handed out, was, or is refused.
        waiting: In the mode ``orders``, what may be handed out now, by number: the first
            ``WAITING_COUNT`` that begin with what is typed.
        waiting_count: How many there are of them.
        has_orders: In every other mode, numbers of what the person whom this is about may collect
            now at this merchant.
        last: Newest first, at most ``LAST_COUNT``.
        can_void: The charge that ``void_last`` would take back now.
        period: None outside of all meals.
        menu: Dishes of the merchant.
        weight: None without a scale.
        eyes: Whether faces are seen.
        is_attended: A cashier stands here; else diners serve themselves.
        pin_length_max: Of a PIN.
        own_page: Of the person who has just been identified; None offers nobody anything.
        self_service: None at an attended till, and while nothing is begun.
    """

    till: Slug
    name: dict[Literal["zh-CN", "en"], str]
    merchant: Slug
    revision: int
    mode: ChargeMode
    modes: tuple[ChargeMode, ...]
    is_attended: bool
    phase: TillPhase
    amount_fen: int | None = None
    typed: str = ""
    masked_name: str = ""
    refusal: TillRefusal | None = None
    question: Question | None = None
    lines: tuple[ChargeLine, ...] = ()
    order: OrderShown | None = None
    waiting: tuple[OrderShown, ...] = ()
    waiting_count: int = 0
    has_orders: tuple[str, ...] = ()
    last: tuple[LastCharge, ...] = ()
    can_void: UUID | None = None
    link: Link
    period: PeriodShown | None = None
    menu: tuple[Dish, ...] = ()
    weight: WeightShown | None = None
    eyes: Literal["ok", "lost", "none"] = "none"
    session: SessionShown | None = None
    close: CloseShown | None = None
    pin_length_max: int = 16
    own_page: OwnPageShown | None = None
    self_service: SelfServiceShown | None = None


class Key(Frozen):
    """A key of the keypad: a digit, the point, the last one off, all off; or of a PIN.

    A letter begins the number of an order.
    """

    do: Literal["key"] = "key"
    key: Annotated[str, StringConstraints(pattern=r"^([0-9A-Z.]|back|clear)$")]


class PickDish(Frozen):
    """A dish, by its id; again is one more. What is weighed takes the weight of now."""

    do: Literal["dish"] = "dish"
    dish: Slug


class PickOrder(Frozen):
    """The order that somebody is to prove is theirs. Attributes: order: key of its charge."""

    do: Literal["order"] = "order"
    order: UUID


class PutBack(Frozen):
    """One piece less of a dish."""

    do: Literal["put_back"] = "put_back"
    dish: Slug


class CountMeals(Frozen):
    """So many meals, of the mode ``count``; the same as typing it."""

    do: Literal["count"] = "count"
    count: Annotated[int, Field(ge=1, le=99)]


class Stay(Frozen):
    """Somebody is still at it: what they have begun is not taken back yet."""

    do: Literal["stay"] = "stay"


class MyPage(Frozen):
    """Whoever has just been identified wants the way to their own page."""

    do: Literal["my_page"] = "my_page"


class HidePage(Frozen):
    """It is not wanted any more."""

    do: Literal["hide_page"] = "hide_page"


class Confirm(Frozen):
    """The amount stands; or *yes* to a question; or the PIN is typed.

    In the mode ``orders`` the number is typed; or, of an order that was picked, its PIN is asked.
    """

    do: Literal["confirm"] = "confirm"


class NotMe(Frozen):
    """*Not me*: to every question, and nothing is owed."""

    do: Literal["not_me"] = "not_me"


class Choose(Frozen):
    """Answers ``who`` and ``which``."""

    do: Literal["choose"] = "choose"
    number: Annotated[int, Field(ge=1, le=9)]


class Cancel(Frozen):
    """The cashier takes back what is not paid yet."""

    do: Literal["cancel"] = "cancel"


class TypedNumber(Frozen):
    """Pay by the number of a card, typed; a PIN is asked for."""

    do: Literal["number"] = "number"
    number: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,64}$")]


class Tare(Frozen):
    """What stands on the scale counts as nothing from now on."""

    do: Literal["tare"] = "tare"


class VoidLast(Frozen):
    """Take a charge back. Attributes: charge_id: must be the last one, so that twice is once."""

    do: Literal["void_last"] = "void_last"
    charge_id: UUID


class ChangeMode(Frozen):
    """Another of the till's modes."""

    do: Literal["mode"] = "mode"
    mode: ChargeMode


class OpenTill(Frozen):
    """Begin a session."""

    do: Literal["open"] = "open"


class CloseTill(Frozen):
    """End the session. Attributes: counted_*: before the till says what it has; None is nobody."""

    do: Literal["close"] = "close"
    counted_charges: Annotated[int, Field(ge=0, le=100_000)] | None = None
    counted_fen: Annotated[int, Field(ge=0, le=FEN_MAX)] | None = None


TillCommand = Annotated[
    Key
    | PickDish
    | PickOrder
    | PutBack
    | CountMeals
    | Stay
    | MyPage
    | HidePage
    | Confirm
    | NotMe
    | Choose
    | Cancel
    | TypedNumber
    | Tare
    | VoidLast
    | ChangeMode
    | OpenTill
    | CloseTill,
    Field(discriminator="do"),
]
CASHIERS: frozenset[str] = frozenset({"void_last", "mode", "open", "close"})
"""Commands that ask for the cashier's own session (header ``Operator-Session``)."""


class TillAnswer(Frozen):
    """Whether a command meant something now; the screen says the rest."""

    is_taken: bool
