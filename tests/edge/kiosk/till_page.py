"""What the tests of the till's page share: one till, one tab before it, and all of its states."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from config.contract.money import ChargeLine
from edge.canteen.screen import Choice, Link, OrderShown, Question, WeightShown
from tests.browser import Visitors
from tests.edge.kiosk.tills import KEY, SINCE, TillStand, picked
from tests.serving import serving

SIZES: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 800},
    {"width": 1024, "height": 600},
)
LUNCH = picked(("pork", 1), ("greens", 2))
IS_IT_YOU = Question(kind="is_it_you", seconds_left=60, seconds=60)
WHO = Question(
    kind="who",
    seconds_left=60,
    seconds=60,
    choices=(Choice(number=1, masked_name="王**"), Choice(number=2, masked_name="王*")),
)
ASKED: dict[str, object] = {"phase": "asking", "amount_fen": 1250, "masked_name": "王**"}
WAITING = tuple(
    OrderShown(
        charge_id=UUID(int=number),
        number=f"A{number:03}",
        masked_name=name,
        lines=picked(("pork", 1), ("greens", 2), ("rice", number % 3 + 1)),
        names={},
        amount_fen=1400 + 100 * (number % 3 + 1),
        begins=SINCE,
        ends=SINCE + timedelta(hours=2),
    )
    for number, name in zip(range(17, 57), itertools.cycle(("王**", "欧阳**", "李*")), strict=False)
)
COLLECTING: dict[str, object] = {
    "mode": "orders",
    "modes": ("orders", "menu"),
    "phase": "collecting",
}
OF_ORDER: dict[str, object] = {
    "order": WAITING[0],
    "lines": WAITING[0].lines,
    "amount_fen": WAITING[0].amount_fen,
    "masked_name": "王**",
}
HAND_OUT = Question(kind="hand_out", seconds_left=60, seconds=60)
EVERY_STATE: dict[str, dict[str, object]] = {
    "idle": {},
    "typed": {"phase": "choosing", "typed": "12.5", "amount_fen": 1250},
    "menu": {"mode": "menu", "phase": "choosing", "lines": LUNCH, "amount_fen": 1400},
    "standing": {"mode": "menu", "phase": "confirming", "lines": LUNCH, "amount_fen": 1400},
    "next": {"mode": "count", "phase": "confirming", "typed": "3", "amount_fen": 3600},
    "is it you": {**ASKED, "question": IS_IT_YOU},
    "again": {**ASKED, "question": Question(kind="again", seconds_left=60, seconds=60)},
    "who": {"phase": "asking", "amount_fen": 1250, "question": WHO},
    "pin": {**ASKED, "question": Question(kind="pin", seconds_left=60, seconds=60, digit_count=4)},
    "working": {"phase": "working", "amount_fen": 1250, "masked_name": "王**"},
    "paid": {"phase": "paid", "amount_fen": 123_450, "masked_name": "欧阳**"},
    "refused": {"phase": "refused", "amount_fen": 1250, "refusal": "unknown_face"},
    "weighed": {
        "mode": "weighed",
        "phase": "confirming",
        "amount_fen": 910,
        "lines": (ChargeLine(item="buffet", weight_g=325, amount_fen=910),),
        "weight": WeightShown(grams=325, is_stable=True, tare_g=250),
    },
    "scale lost": {
        "mode": "weighed",
        "phase": "weighing",
        "weight": WeightShown(grams=None, is_lost=True),
    },
    "offline": {
        "link": Link(is_online=False, since=SINCE, limit_left_fen=987_650),
        "eyes": "lost",
    },
    "nothing ordered": COLLECTING,
    "orders": {**COLLECTING, "waiting": WAITING, "waiting_count": 45},
    "no such order": {**COLLECTING, "typed": "A99"},
    "order picked": {**COLLECTING, **OF_ORDER},
    "which order": {
        **COLLECTING,
        "phase": "asking",
        "masked_name": "王**",
        "question": Question(kind="which", seconds_left=60, seconds=60, orders=WAITING[:3]),
    },
    "hand out": {**COLLECTING, **OF_ORDER, "phase": "asking", "question": HAND_OUT},
    "is it your order": {**COLLECTING, **OF_ORDER, "phase": "asking", "question": IS_IT_YOU},
    "collected": {**COLLECTING, **OF_ORDER, "phase": "collected"},
    "order collected": {
        **COLLECTING,
        "phase": "refused",
        "refusal": "order_collected",
        "order": WAITING[0].model_copy(
            update={
                "collected_at": SINCE,
                "till": "till-2",
                "till_name": {"zh-CN": "二号台", "en": "Till 2"},
            }
        ),
    },
    "order for later": {
        **COLLECTING,
        "phase": "refused",
        "refusal": "order_not_yet",
        "order": WAITING[0],
    },
    "order waits elsewhere": {**ASKED, "phase": "paid", "has_orders": ("A017", "A018")},
    "closed": {"phase": "closed", "session": None},
    "fire": {"phase": "fire"},
}
OVERLAPPING = """() => {
    const boxes = [...document.querySelectorAll('.face > *, .message > *')]
        .filter((e) => e.checkVisibility() && e.className !== 'message')
        .filter((e) => e.textContent || e.querySelector('img, svg'))
        .map((e) => [e.className, e.getBoundingClientRect()]);
    const pairs = boxes.flatMap((a, i) => boxes.slice(i + 1).map((b) => [a, b]));
    return pairs.filter(([[, a], [, b]]) => a.bottom > b.top + 2 && b.bottom > a.top + 2
        && a.right > b.left + 2 && b.right > a.left + 2).map(([[a], [b]]) => `${a} and ${b}`);
}"""


@pytest.fixture(scope="module")
def stand() -> TillStand:
    return TillStand()


@pytest.fixture(scope="module")
def url(stand: TillStand) -> Iterator[str]:
    with serving(stand.app()) as address:
        yield f"{address}/till/till-1?key={KEY}"


@pytest.fixture
def till(stand: TillStand) -> TillStand:
    """The till with nothing on it, of which nothing has been asked."""
    stand.is_taken = True
    stand.show()
    stand.asked.clear()
    return stand


@pytest.fixture(scope="module")
def tab(chromium: Browser, url: str) -> Iterator[Page]:
    """One tab of one browser at the till, for all who need no other; it may not complain."""
    people = Visitors(chromium)
    visitor = people.meet(width=1280, height=800)
    yield visitor.open(url)
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture
def page(tab: Page, till: TillStand) -> Page:
    """Both halves on one screen, as after a start: nobody is signed in."""
    tab.reload()
    expect(tab.locator("main")).to_have_attribute("data-revision", str(till.shown.revision))
    return tab


def opened(visitors: Visitors, url: str, *, side: str = "", language: str = "zh-CN") -> Page:
    """Return a page of somebody else."""
    return visitors.meet(width=1280, height=800, language=language).open(f"{url}&side={side}")


def shown(page: Page, till: TillStand, **changes: object) -> None:
    """Show a screen, and return when both halves have drawn it."""
    till.show(**changes)
    expect(page.locator("main")).to_have_attribute("data-revision", str(till.shown.revision))
