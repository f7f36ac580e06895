import itertools
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from config.contract.money import ChargeLine
from edge.canteen.screen import Choice, CloseShown, Link, Question, WeightShown
from tests.browser import Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.tills import CARD, CHARGES, KEY, PIN, SINCE, TillStand, picked, screen
from tests.serving import serving

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser
TEXT_HEIGHT_PX_MIN = 80
"""14 mm, to be read at 2 m, on a 10-inch screen of 1280 by 800."""
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
    "closed": {"phase": "closed", "session": None},
    "fire": {"phase": "fire"},
}
CUT_OFF = """() => [...document.querySelectorAll('.till *')]
    .filter((e) => e.checkVisibility() && !e.closest('svg') && !e.closest('.grid, .work .lines'))
    .filter((e) => getComputedStyle(e).display !== 'inline' && e.clientWidth > 0)
    .filter((e) => e.scrollWidth > e.clientWidth + 1
        || e.getBoundingClientRect().bottom > innerHeight + 1)
    .map((e) => `${e.tagName}.${e.className} ${e.textContent}`)"""
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


def test_the_diner_sees_the_amount_the_name_and_a_moment_to_say_no(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["is it you"])

    expect(page.locator(".diner .amount")).to_have_text("¥12.50")
    expect(page.locator(".diner .name")).to_have_text("王**")
    expect(page.locator(".choices .yes")).to_have_text(re.compile(r"^是本人\d\d 秒$"))
    page.get_by_role("button", name="不是我").click()
    wait_until(lambda: till.asked == [{"do": "not_me"}])


def test_what_is_paid_is_said_to_both_and_no_balance_to_anybody(
    page: Page, till: TillStand
) -> None:
    shown(page, till, phase="paid", amount_fen=1250, masked_name="王**")

    expect(page.locator(".diner .message")).to_have_text("已付¥12.50王**")
    expect(page.locator(".diner .sign-large svg")).to_be_visible()
    expect(page.locator(".now .phase")).to_have_text("已付")
    expect(page.locator(".now .phase svg")).to_be_visible()
    expect(page.locator(".now .sum")).to_have_text("¥12.50")


def test_a_refusal_is_one_calm_sentence_and_the_way_on(page: Page, till: TillStand) -> None:
    shown(page, till, phase="refused", amount_fen=1250, refusal="unknown_face")

    words = "没有认出您请刷卡、输卡号，或找收银员没有扣款"
    expect(page.locator(".diner .message")).to_have_text(words)
    expect(page.locator(".now .state")).to_have_text("未付款没有认出顾客")


def test_who_is_asked_and_answered_by_number(page: Page, till: TillStand) -> None:
    shown(page, till, phase="asking", amount_fen=1250, question=WHO)

    expect(page.locator(".choices button")).to_have_text(["1王**", "2王*", "都不是"])
    page.keyboard.press("2")
    page.keyboard.press("Escape")

    wait_until(lambda: till.asked == [{"do": "choose", "number": 2}, {"do": "not_me"}])


def test_a_pin_is_typed_on_either_half_and_shown_nowhere(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["pin"])

    expect(page.locator(".dots")).to_have_text("●●●●")
    page.locator(".pin").get_by_role("button", name="7").click()
    page.keyboard.press("8")
    page.keyboard.press("Enter")

    keys = [{"do": "key", "key": "7"}, {"do": "key", "key": "8"}, {"do": "confirm"}]
    wait_until(lambda: till.asked == keys)
    assert "78" not in page.inner_text("main")


def test_a_card_number_is_typed_by_touch(page: Page, till: TillStand) -> None:
    shown(page, till, phase="confirming", amount_fen=1250)

    page.get_by_role("button", name="输入卡号").click()
    for digit in "1002":
        page.locator(".number-pad").get_by_role("button", name=digit, exact=True).click()
    page.keyboard.type("3")
    page.locator(".number-pad").get_by_role("button", name="确定").click()

    wait_until(lambda: till.asked == [{"do": "number", "number": "10023"}])
    expect(page.locator(".number-pad")).to_be_hidden()


@pytest.mark.parametrize("side", ["", "diner"])
def test_whoever_is_to_pay_sees_themselves_and_nobody_else_is_watched(
    visitors: Visitors, url: str, till: TillStand, side: str
) -> None:
    page = opened(visitors, url, side=side, language="en-US")
    for size in SIZES:
        page.set_viewport_size(size)
        shown(page, till, phase="confirming", amount_fen=1250)
        expect(page.locator(".mirror img")).to_be_visible()
        assert page.evaluate(OVERLAPPING) == []
    assert page.evaluate("document.querySelector('.mirror img').naturalWidth") == 640

    shown(page, till)
    expect(page.locator(".mirror")).to_have_count(0)
    shown(page, till, phase="confirming", amount_fen=1250, eyes="lost")
    expect(page.locator(".diner .sign-large svg")).to_be_visible()
    expect(page.locator(".mirror")).to_have_count(0)


def test_paid_and_refused_are_heard_once(visitors: Visitors, url: str, till: TillStand) -> None:
    person = visitors.meet(width=1280, height=800)
    person.context.add_init_script(
        "window.heard = []; const Tone = OscillatorNode;"
        " window.OscillatorNode = class extends Tone {"
        " constructor(audio, made) { super(audio, made); heard.push(made.frequency); } };"
    )
    page = person.open(url)
    shown(page, till)
    page.keyboard.press("1")
    page.wait_for_function("navigator.locks.query().then(({ held }) => held.length > 0)")

    shown(page, till, phase="paid", amount_fen=1250)
    shown(page, till, phase="paid", amount_fen=1250, typed="7")
    shown(page, till, phase="refused", refusal="short")

    paid, refused = page.evaluate("[heard.slice(0, 2), heard.slice(2)]")
    assert paid[0] < paid[1]
    assert refused[0] > refused[1]
    assert len(refused) == 2


def test_the_cashier_types_picks_confirms_and_takes_back(page: Page, till: TillStand) -> None:
    shown(page, till, mode="menu", phase="choosing", lines=LUNCH, amount_fen=1400)

    for key in ("1", ".", "Backspace", "F2", "Enter", "Escape", "*"):
        page.keyboard.press(key)

    asked = [
        {"do": "key", "key": "1"},
        {"do": "key", "key": "."},
        {"do": "key", "key": "back"},
        {"do": "dish", "dish": "greens"},
        {"do": "confirm"},
        {"do": "cancel"},
        {"do": "tare"},
    ]
    wait_until(lambda: till.asked == asked)


def test_keys_and_dishes_are_touched_and_enter_presses_none_of_them(
    page: Page, till: TillStand
) -> None:
    shown(page, till)
    page.locator(".keypad").get_by_role("button", name="7").click()
    shown(page, till, mode="menu", phase="choosing", lines=LUNCH, amount_fen=1400)
    page.get_by_role("button", name="番茄炒蛋").click()
    page.keyboard.press("Enter")

    asked = [{"do": "key", "key": "7"}, {"do": "dish", "dish": "egg"}, {"do": "confirm"}]
    wait_until(lambda: till.asked == asked)


def search(page: Page, words: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(words)
    expect(page.locator(".dish")).to_have_count(1)


def test_a_dish_without_a_key_is_found_by_its_name(page: Page, till: TillStand) -> None:
    shown(page, till, mode="menu", phase="choosing", lines=LUNCH, amount_fen=1400)

    search(page, "绿")
    page.keyboard.press("Enter")
    expect(page.locator(".dish")).to_have_count(7)
    search(page, "茶")
    page.locator(".dish").click()
    page.keyboard.press("Enter")

    tea = {"do": "dish", "dish": "tea"}
    wait_until(lambda: till.asked == [tea, tea, {"do": "confirm"}])


def test_a_weight_says_whether_it_stands_still(page: Page, till: TillStand) -> None:
    moving = WeightShown(grams=325, is_stable=False, tare_g=250)
    shown(page, till, mode="weighed", phase="weighing", weight=moving)
    expect(page.locator(".scale")).to_have_text("325 克未稳定去皮250 克*")

    shown(page, till, **EVERY_STATE["weighed"])
    expect(page.locator(".scale .sign")).to_have_text("稳定")
    expect(page.locator(".diner .lines")).to_have_text("自选菜 325 克¥9.10")

    shown(page, till, **EVERY_STATE["scale lost"])
    expect(page.locator(".now .phase")).to_have_text("电子秤没有应答")


def sign_in(page: Page, pin: str = PIN) -> None:
    """Hold a card to the reader, which types it, and type a PIN."""
    page.get_by_label("卡号").fill(CARD)
    page.keyboard.press("Enter")
    page.keyboard.type(pin)
    page.keyboard.press("Enter")


def test_a_void_is_one_key_asks_once_and_names_its_charge(page: Page, till: TillStand) -> None:
    shown(page, till)
    expect(page.locator(".last li")).to_have_count(3)
    page.keyboard.press("Delete")
    expect(page.locator(".last p")).to_have_text("撤销 ¥12.50？王** · 12:11:12")

    page.keyboard.press("Escape")
    expect(page.locator(".last li")).to_have_count(3)
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    sign_in(page)

    void = {
        "do": "void_last",
        "charge_id": str(CHARGES[0].charge_id),
        "by": "cashier-1",
    }
    wait_until(lambda: till.asked == [void])


def test_a_void_is_not_asked_of_a_charge_that_is_not_the_last_any_more(
    page: Page, till: TillStand
) -> None:
    shown(page, till)
    page.keyboard.press("Delete")
    expect(page.locator(".last")).to_contain_text("撤销 ¥12.50？")

    shown(page, till, can_void=CHARGES[2].charge_id)
    expect(page.locator(".last li")).to_have_count(3)
    page.keyboard.press("Enter")

    wait_until(lambda: till.asked == [{"do": "confirm"}])


def test_a_till_is_opened_by_whoever_signs_in(page: Page, till: TillStand) -> None:
    shown(page, till, phase="closed", session=None)
    expect(page.locator(".diner .message")).to_have_text("此台未开放请到其他窗口")

    page.keyboard.press("Enter")
    sign_in(page, "0000")
    expect(page.locator(".problem")).to_have_text("卡或密码不对")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")

    wait_until(lambda: till.asked == [{"do": "open", "by": "cashier-1"}])
    shown(page, till)
    expect(page.locator(".session")).to_be_hidden()
    expect(page.locator(".foot")).to_contain_text("李敏")


def test_a_close_is_counted_blind_and_each_difference_is_named(page: Page, till: TillStand) -> None:
    page.get_by_role("button", name="收台").click()
    assert not re.search(r"\d", page.inner_text(".session"))
    page.get_by_label("清点笔数").fill("211")
    page.get_by_label("清点金额").fill("2650.5")
    page.keyboard.press("Enter")
    sign_in(page)

    counted = {"counted_charges": 211, "counted_fen": 265_050}
    wait_until(lambda: till.asked == [{"do": "close", "by": "cashier-1", **counted}])
    close = CloseShown(
        session_id=CHARGES[0].charge_id, closed_at=SINCE, charge_count=212, charge_fen=265_050,
        void_count=2, void_fen=2_500, counted_charges=211, counted_fen=265_050,
    )  # fmt: skip
    shown(page, till, phase="closed", session=None, close=close)
    expect(page.locator(".session tr").nth(1)).to_have_text("笔数211212清点少 1")
    expect(page.locator(".session tr").nth(2)).to_have_text("金额¥2,650.50¥2,650.50一致")


def test_another_mode_is_chosen_while_nothing_is_to_be_paid(page: Page, till: TillStand) -> None:
    shown(page, till, phase="choosing", typed="5", amount_fen=500)
    expect(page.get_by_role("button", name="计份")).to_be_disabled()
    shown(page, till)
    page.get_by_role("button", name="计份").click()
    sign_in(page)

    wait_until(lambda: till.asked == [{"do": "mode", "mode": "count", "by": "cashier-1"}])


def test_a_till_without_central_says_since_when_and_how_much_is_left(
    page: Page, till: TillStand
) -> None:
    expect(page.locator(".foot")).to_have_text("在线")

    shown(page, till, **EVERY_STATE["offline"])

    expect(page.locator(".foot .link")).to_have_text(
        re.compile(r"^离线，自 .*12:03 起，还可收 ¥9,876\.50$")
    )
    expect(page.locator(".foot .eyes")).to_have_text("摄像头无画面")
    shown(page, till, phase="confirming", amount_fen=1250, eyes="lost")
    expect(page.locator(".diner .message .title")).to_have_text("请刷卡")


def test_a_fire_lies_over_everything_and_no_key_sells(page: Page, till: TillStand) -> None:
    page.keyboard.press("Delete")
    shown(page, till, phase="fire")

    expect(page.locator(".diner .message")).to_have_text("火警请立即离开")
    box = page.locator(".cashier .fire").bounding_box()
    assert box == page.locator(".cashier").bounding_box()
    page.keyboard.press("Enter")
    shown(page, till)
    page.keyboard.press("5")
    wait_until(lambda: till.asked == [{"do": "key", "key": "5"}])


def test_a_command_without_an_answer_is_said_and_nothing_is_kept_for_later(
    page: Page, till: TillStand
) -> None:
    till.answers.clear()
    page.keyboard.press("1")
    expect(page.locator(".hint")).to_contain_text("终端没有应答")
    page.keyboard.press("2")

    till.answers.set()
    expect(page.locator(".hint")).to_be_hidden()
    page.keyboard.press("3")
    wait_until(lambda: [each["key"] for each in till.asked] == ["1", "3"])


def test_what_is_not_possible_now_is_said(page: Page, till: TillStand) -> None:
    till.is_taken = False
    page.keyboard.press("Enter")

    expect(page.locator(".hint")).to_have_text("现在不能这样做")


def test_a_terminal_that_is_gone_is_plain_to_both_and_it_comes_back(
    visitors: Visitors,
) -> None:
    with serving(TillStand().app()) as address:
        page = opened(visitors, f"{address}/till/till-1?key={KEY}")
        expect(page.locator(".now .phase")).to_be_visible()
    expect(page.locator(".cashier .silent")).to_contain_text("终端没有应答请勿收款")
    expect(page.locator(".diner .message .title")).to_have_text("请稍候")
    page.keyboard.press("5")

    again = TillStand(shown=screen(phase="paid", amount_fen=900, masked_name="李*"))
    with serving(again.app(), port=int(address.rpartition(":")[2])):
        expect(page.locator(".diner .message")).to_have_text("已付¥9.00李*")
        expect(page.locator(".cashier .silent")).to_be_hidden()
        assert again.asked == []


@pytest.mark.parametrize("side", ["diner", "cashier"])
def test_two_screens_have_a_half_each(
    visitors: Visitors, url: str, till: TillStand, side: str
) -> None:
    page = opened(visitors, url, side=side)
    shown(page, till, **EVERY_STATE["is it you"])

    assert page.locator("main > section").evaluate_all("(all) => all.map((e) => e.className)") == [
        side
    ]
    page.keyboard.press("Enter")
    wait_until(lambda: till.asked == [{"do": "confirm"}])


def test_the_diners_own_screen_can_do_nothing_that_is_the_cashiers(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = opened(visitors, url, side="diner")
    shown(page, till, mode="menu", phase="choosing", lines=LUNCH, amount_fen=1400)

    for key in ("1", ".", "F2", "Delete", "*", "Escape"):
        page.keyboard.press(key)

    wait_until(lambda: till.asked == [{"do": "not_me"}])


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_state_fits_and_speaks_one_language(
    visitors: Visitors, url: str, till: TillStand, language: str
) -> None:
    page = opened(visitors, url, language=language)
    foreign = r"(?<!F)[A-Za-z]{2,}" if language == "zh-CN" else r"[一-鿿]{2,}(?<!欧阳)"
    wrong = list[str]()
    for (name, state), size in itertools.product(EVERY_STATE.items(), SIZES):
        page.set_viewport_size(size)
        shown(page, till, **state)
        found = [f"{each} is cut off" for each in page.evaluate(CUT_OFF)]
        found += page.evaluate(OVERLAPPING)
        found += [each for each in re.findall(foreign, page.inner_text("main")) if each != "EN"]
        wrong += [f"{name}, {size['width']}: {each}" for each in found]

    assert wrong == []


def test_what_the_diner_must_read_is_read_at_two_metres(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = opened(visitors, url, side="diner")
    small = list[str]()
    for name in ("standing", "is it you", "paid", "refused", "closed", "fire"):
        shown(page, till, **EVERY_STATE[name])
        heights = page.evaluate(
            "[...document.querySelectorAll('.amount, .name, .title, .way')]"
            ".filter((e) => e.checkVisibility() && e.textContent)"
            ".map((e) => [e.className, parseFloat(getComputedStyle(e).lineHeight)])"
        )
        small += [f"{name}: {kind} {px}" for kind, px in heights if px < TEXT_HEIGHT_PX_MIN]

    assert small == []


def test_touch_targets_are_large_enough(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["is it you"])

    small = page.evaluate(
        "[...document.querySelectorAll('button')].filter((e) => e.checkVisibility())"
        ".map((e) => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, box]) => Math.min(box.width, box.height) < 44).map(([words]) => words)"
    )

    assert small == []


def test_loudness_follows_the_hour(page: Page) -> None:
    steps = [{"begins": "07:00:00", "percent": 80}, {"begins": "21:00:00", "percent": 20}]

    heard = page.evaluate(
        "async (steps) => { const { loudness } = await import('/till-static/till-sound.js');"
        " return ['06:59:59', '07:00:00', '20:59:00', '23:00:00', ''].map((at) =>"
        " loudness(at ? steps : [], at)); }",
        steps,
    )

    assert heard == [0.2, 0.8, 0.8, 0.2, 0]


def test_the_page_is_light(visitors: Visitors, url: str) -> None:
    person = visitors.meet()
    sizes: dict[str, int] = {}
    person.context.on(
        "requestfinished",
        lambda request: (
            None
            if "stream" in request.url
            else sizes.__setitem__(request.url, request.sizes()["responseBodySize"])
        ),
    )

    page = person.open(url)
    expect(page.locator(".now .phase")).to_be_visible()

    assert len(sizes) > 12
    assert sum(sizes.values()) <= 60_000
