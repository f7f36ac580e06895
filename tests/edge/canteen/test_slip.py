"""What a diner reads beside the page: two lines that fit, and a receipt whose sum is the charge."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from config.contract.money import ChargeLine, ChargeMode, Dish
from drivers.bus import Bus
from drivers.pole_display import PoleDisplay
from edge.canteen.screen import (
    LastCharge,
    Link,
    OrderShown,
    PeriodShown,
    Question,
    TillPhase,
    TillScreen,
    WeightShown,
)
from edge.canteen.slip import display_text, receipt, yuan

NOON = datetime(2026, 11, 29, 4, 5, tzinfo=UTC)
CHARGE = LastCharge(charge_id=UUID(int=7), at=NOON, amount_fen=1250, masked_name="张*")
PORK = Dish(id="pork", name={"zh-CN": "红烧肉", "en": "Pork"}, price_fen=500, per_g=100)
ORDER = OrderShown(
    charge_id=CHARGE.charge_id,
    number="A017",
    masked_name="张*",
    lines=(ChargeLine(item="buns", count=5, amount_fen=1250),),
    names={"buns": {"zh-CN": "包子", "en": "Buns"}},
    amount_fen=1250,
    begins=NOON,
    ends=NOON,
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE = PoleDisplay(Bus("none"), PoleDisplay.Settings(chinese=True))
PLAIN = PoleDisplay(Bus("none"), PoleDisplay.Settings())
PHASES: tuple[TillPhase, ...] = (
    "idle", "choosing", "weighing", "confirming", "collecting", "asking", "working", "paid",
    "collected", "refused", "closed", "fire",
)  # fmt: skip


def screen(phase: TillPhase, **changes: object) -> TillScreen:
    """Return a till's screen of lunch."""
    fields: dict[str, object] = {
        "till": "till-1",
        "name": {"zh-CN": "一号台", "en": "Till 1"},
        "merchant": "canteen",
        "revision": 1,
        "mode": ChargeMode.WEIGHED,
        "modes": (ChargeMode.WEIGHED,),
        "is_attended": True,
        "phase": phase,
        "amount_fen": 1250,
        "masked_name": "张*",
        "link": Link(is_online=True, since=NOON, limit_left_fen=100),
        "period": PeriodShown(id="lunch", name={"zh-CN": "午餐", "en": "Lunch"}, price_fen=1200),
        "menu": (PORK,),
        "last": (CHARGE,),
    }
    return TillScreen.model_validate({**fields, **changes})


def shown(on: PoleDisplay, phase: TillPhase, **changes: object) -> list[str]:
    """Return what stands on a display."""
    return display_text(screen(phase, **changes), can_show=on.can_show).split("\n")


@pytest.mark.parametrize("display", [CHINESE, PLAIN], ids=["chinese", "plain"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("amount", [None, 5, 99_999_900])
def test_every_phase_fits_on_either_display_and_says_something(
    display: PoleDisplay, phase: TillPhase, amount: int | None
) -> None:
    question = Question(kind="again", seconds_left=3, seconds=5) if phase == "asking" else None

    lines = shown(display, phase, amount_fen=amount, question=question)

    assert any(lines)
    assert display.can_show("\n".join(lines))


@pytest.mark.parametrize(
    ("phase", "lines"),
    [
        ("idle", ["欢迎光临", "午餐 12.00 元"]),
        ("confirming", ["应付 12.50 元", "请刷脸、刷卡或扫码"]),
        ("paid", ["已付 12.50 元", "谢谢 张*"]),
        ("refused", ["未付款", "请看屏幕"]),
        ("collecting", ["预订取餐", "请刷脸、刷卡或扫码"]),
        ("fire", ["火警 请有序离开", ""]),
    ],
)
def test_a_diner_reads_what_is_to_be_done(phase: TillPhase, lines: list[str]) -> None:
    assert shown(CHINESE, phase) == lines


def test_a_display_without_chinese_characters_has_plain_words() -> None:
    assert shown(PLAIN, "paid") == ["PAID 12.50", "THANK YOU"]


def test_a_weight_is_shown_when_it_stands_and_never_before() -> None:
    at_rest, moving = WeightShown(grams=250, is_stable=True), WeightShown(grams=250)

    assert shown(CHINESE, "weighing", weight=at_rest)[1] == "250 克"
    assert shown(CHINESE, "weighing", weight=moving)[1] == "..."
    assert shown(CHINESE, "weighing", weight=WeightShown(grams=None, is_lost=True))[1] == ""


def test_digits_of_a_pin_are_stars() -> None:
    question = Question(kind="pin", seconds_left=9, seconds=10, digit_count=3)

    assert shown(PLAIN, "asking", question=question)[1] == "PIN ***"


def test_a_receipt_has_the_lines_of_the_meal_and_their_sum() -> None:
    line = ChargeLine(item="pork", weight_g=250, amount_fen=1250)

    printed = receipt(CHARGE, screen("paid"), (line,), merchant="第一食堂", zone=SHANGHAI)

    texts = [(text.text, text.right) for text in printed.lines]
    assert texts[:4] == [
        ("第一食堂", ""),
        ("消费凭证", ""),
        ("一号台", "2026-11-29 12:05"),
        ("红烧肉 250 克", "12.50"),
    ]
    assert texts[4:6] == [("合计", "￥12.50"), ("就餐人", "张*")]
    assert printed.qr == f"menshen:charge:{CHARGE.charge_id}"


def test_lines_of_another_meal_are_not_printed() -> None:
    next_meal = ChargeLine(item="pork", weight_g=100, amount_fen=500)

    printed = receipt(CHARGE, screen("weighing"), (next_meal,), merchant="", zone=SHANGHAI)

    assert "红烧肉 100 克" not in [text.text for text in printed.lines]


def test_an_order_is_called_by_its_number_and_nothing_is_to_be_paid() -> None:
    asked = Question(kind="hand_out", seconds_left=9, seconds=10)
    orders: dict[str, object] = {"mode": ChargeMode.ORDERS, "order": ORDER}

    assert shown(CHINESE, "collecting", **orders) == ["取餐 A017", "请刷脸、刷卡或扫码"]
    assert shown(CHINESE, "asking", question=asked, **orders) == ["取餐 A017", "请核对 张*"]
    assert shown(PLAIN, "collected", **orders) == ["COLLECTED A017", "THANK YOU"]
    assert shown(CHINESE, "refused", **orders)[0] == "未取餐"


def test_the_slip_of_an_order_has_its_number_and_the_dishes_as_they_were_ordered() -> None:
    charge = CHARGE.model_copy(update={"order": "A017"})
    collected = screen("collected", order=ORDER, lines=ORDER.lines, menu=())

    printed = receipt(charge, collected, ORDER.lines, merchant="外卖窗口", zone=SHANGHAI)

    texts = [(text.text, text.right) for text in printed.lines]
    assert texts[:3] == [("外卖窗口", ""), ("取餐凭证", ""), ("A017", "")]
    assert ("包子 ×5", "12.50") in texts
    assert ("预订已付", "￥12.50") in texts


def test_a_void_is_printed_as_one_and_its_amount_is_below_zero() -> None:
    void = CHARGE.model_copy(update={"is_void": True})

    printed = receipt(void, screen("idle"), merchant="第一食堂", zone=SHANGHAI)

    assert printed.lines[1].text == "撤销凭证"
    assert ("合计", "￥-12.50") in [(text.text, text.right) for text in printed.lines]


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (-1250, "-12.50")])
def test_an_amount_has_two_decimals(fen: int, text: str) -> None:
    assert yuan(fen) == text
