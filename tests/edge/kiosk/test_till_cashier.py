import re

import pytest
from playwright.sync_api import Page, expect

from edge.canteen.screen import CloseShown, WeightShown
from tests.browser import chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.till_page import (
    EVERY_STATE,
    LUNCH,
    WAITING,
    page,
    shown,
    stand,
    tab,
    till,
    url,
)
from tests.edge.kiosk.tills import CARD, CHARGES, PIN, SINCE, TillStand

__all__ = ["chromium", "page", "stand", "tab", "till", "url", "visitors"]
pytestmark = pytest.mark.browser


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


def test_what_is_not_possible_now_is_said(page: Page, till: TillStand) -> None:
    till.is_taken = False
    page.keyboard.press("Enter")

    expect(page.locator(".hint")).to_have_text("现在不能这样做")


def test_what_waits_is_listed_and_found_by_its_number_or_a_touch(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["orders"])
    expect(page.locator(".orders h2")).to_have_text("待取 45 份")
    expect(page.locator(".orders li").first).to_have_text("A017王**红烧肉、清炒时蔬 ×2、米饭 ×3")
    expect(page.locator(".orders .empty")).to_have_text("还有 5 份，请输号查找")

    page.keyboard.type("a17")
    page.keyboard.press("Enter")
    page.locator(".orders li button").nth(1).click()

    keys = [{"do": "key", "key": key} for key in "A17"]
    picked = {"do": "order", "order": str(WAITING[1].charge_id)}
    wait_until(lambda: till.asked == [*keys, {"do": "confirm"}, picked])


def test_a_number_that_nothing_has_is_said_while_it_is_typed(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["no such order"])

    expect(page.locator(".now .sum")).to_have_text("A99")
    expect(page.locator(".orders .empty")).to_contain_text("没有这个号")


def test_an_order_is_handed_out_by_enter_with_its_dishes_in_view(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["order picked"])
    expect(page.locator(".now .deeds")).to_have_text("输密码回车取消退出键")
    shown(page, till, **EVERY_STATE["hand out"])
    expect(page.locator(".now .state")).to_have_text("尚未交餐王** · 请核对菜品")
    expect(page.locator(".work .lines")).to_contain_text("米饭 ×3")
    expect(page.locator(".orders")).to_be_hidden()

    page.get_by_role("button", name="交餐", exact=False).first.click()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")

    wait_until(lambda: [each["do"] for each in till.asked] == ["confirm", "confirm", "not_me"])


def test_what_was_not_handed_out_says_why_and_what_was_is_among_the_last(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["order collected"])
    expect(page.locator(".now .phase")).to_have_text("未交餐")
    expect(page.locator(".now .who")).to_have_text(re.compile("12:03 已在 二号台 取走"))

    last = (CHARGES[0].model_copy(update={"order": "A017"}),)
    shown(page, till, **EVERY_STATE["collected"], last=last)

    expect(page.locator(".now .phase")).to_have_text("已交餐")
    expect(page.locator(".now .phase svg")).to_be_visible()
    expect(page.locator(".last li")).to_contain_text("A017 · 王**")


def test_whose_order_waits_is_a_hint_while_they_pay(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["order waits elsewhere"])

    expect(page.locator(".now .who")).to_have_text("王** · 有待取的预订：A017 A018")
    expect(page.locator(".diner")).not_to_contain_text("A017")


def test_the_keys_stand_still_while_an_order_comes_and_goes(page: Page, till: TillStand) -> None:
    places = []
    for state in ("orders", "order picked", "hand out", "collected", "order collected"):
        shown(page, till, **EVERY_STATE[state])
        places.append(page.locator(".keypad").bounding_box())

    assert places[1:] == places[:-1]
