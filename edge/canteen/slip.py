"""What a diner reads beside the page: two lines of a customer display, and a receipt. Pure.

Chinese where the display has Chinese characters, plain letters and digits otherwise. What somebody
has left stands nowhere: the queue reads it, too.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.contract.money import ChargeLine, ChargeMode
from drivers.base import Receipt, ReceiptText
from edge.canteen.screen import LastCharge, TillScreen

_CHINESE: Final = {
    "pay": "应付 {amount} 元",
    "paid": "已付 {amount} 元",
    "thanks": "谢谢 {name}",
    "price": "{meal} {amount} 元",
    "welcome": "欢迎光临",
    "weigh": "请放上餐盘",
    "overload": "超重 请减少",
    "grams": "{grams} 克",
    "who_pays": "请刷脸、刷卡或扫码",
    "is_it_you": "{name} 不是请告知",
    "again": "{name} 再次付款?",
    "who": "请看屏幕选择",
    "pin": "请输入密码 {stars}",
    "collect": "预订取餐",
    "order": "取餐 {number}",
    "which": "请看屏幕选择",
    "hand_out": "请核对 {name}",
    "collected": "已取餐 {number}",
    "not_collected": "未取餐",
    "wait": "请稍候",
    "refused": "未付款",
    "look": "请看屏幕",
    "closed": "暂停服务",
    "fire": "火警 请有序离开",
}
_PLAIN: Final = {
    "pay": "TO PAY {amount}",
    "paid": "PAID {amount}",
    "thanks": "THANK YOU",
    "price": "MEAL {amount}",
    "welcome": "WELCOME",
    "weigh": "PUT YOUR PLATE ON",
    "overload": "TOO HEAVY",
    "grams": "{grams} g",
    "who_pays": "FACE, CARD OR CODE",
    "is_it_you": "NOT YOU? PLEASE SAY",
    "again": "PAY A SECOND TIME?",
    "who": "SEE THE SCREEN",
    "pin": "PIN {stars}",
    "collect": "COLLECT YOUR ORDER",
    "order": "ORDER {number}",
    "which": "SEE THE SCREEN",
    "hand_out": "PLEASE CHECK",
    "collected": "COLLECTED {number}",
    "not_collected": "NOT COLLECTED",
    "wait": "ONE MOMENT",
    "refused": "NOT PAID",
    "look": "SEE THE SCREEN",
    "closed": "CLOSED",
    "fire": "FIRE - PLEASE LEAVE",
}


def yuan(fen: int) -> str:
    """Return an amount as people write it, two decimals."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02}"


def display_text(screen: TillScreen, *, can_show: Callable[[str], bool]) -> str:
    """Return the lines for a customer display: Chinese if it can show them, else plain."""
    chinese = "\n".join(_lines(screen, _CHINESE))
    if can_show(chinese):
        return chinese
    plain = "\n".join(_lines(screen, _PLAIN))
    return plain if can_show(plain) else ""


def _lines(screen: TillScreen, words: Mapping[str, str]) -> tuple[str, str]:
    amount = "" if screen.amount_fen is None else yuan(screen.amount_fen)
    pay = words["pay"].format(amount=amount) if amount else ""
    name, order = screen.masked_name, screen.order
    number = "" if order is None else order.number
    if number:
        pay = words["order"].format(number=number)
    match screen.phase:
        case "idle":
            return words["welcome"], _price(screen, words)
        case "choosing":
            return pay or words["welcome"], "" if amount else _price(screen, words)
        case "weighing":
            return pay or words["weigh"], _weight(screen, words)
        case "confirming":
            return pay, words["who_pays"]
        case "collecting":
            return pay if number else words["collect"], words["who_pays"]
        case "asking":
            question = screen.question
            if question is None:
                return pay, ""
            stars = "*" * min(question.digit_count, 6)
            return pay, words[question.kind].format(name=name, stars=stars).strip()
        case "working":
            return pay, words["wait"]
        case "paid":
            return words["paid"].format(amount=amount), words["thanks"].format(name=name).strip()
        case "collected":
            collected = words["collected"].format(number=number)
            return collected, words["thanks"].format(name=name).strip()
        case "refused":
            is_order = screen.mode is ChargeMode.ORDERS
            return words["not_collected" if is_order else "refused"], words["look"]
        case "closed":
            return words["closed"], ""
        case "fire":
            return words["fire"], ""


def _price(screen: TillScreen, words: Mapping[str, str]) -> str:
    period = screen.period
    if period is None or period.price_fen is None:
        return ""
    meal = period.name.get("zh-CN", "")
    return words["price"].format(meal=meal, amount=yuan(period.price_fen)).strip()


def _weight(screen: TillScreen, words: Mapping[str, str]) -> str:
    weight = screen.weight
    if weight is None or weight.is_lost:
        return ""
    if weight.is_overload:
        return words["overload"]
    if weight.grams is None or not weight.is_stable:
        return "..."
    return words["grams"].format(grams=weight.grams)


def receipt(
    charge: LastCharge,
    screen: TillScreen,
    lines: Sequence[ChargeLine] = (),
    *,
    merchant: str,
    zone: ZoneInfo,
) -> Receipt:
    """Return the receipt of a charge, or of its void.

    Args:
        charge: Of the screen.
        screen: Of the till.
        lines: What stood on the till before; printed where their sum is the charge's.
        merchant: Its name.
        zone: Of the site.
    """
    title = "撤销凭证" if charge.is_void else "取餐凭证" if charge.order else "消费凭证"
    amount = yuan(-charge.amount_fen if charge.is_void else charge.amount_fen)
    body = [
        ReceiptText(merchant or screen.merchant, is_centred=True, is_large=True),
        ReceiptText(title, is_centred=True),
        ReceiptText(screen.name.get("zh-CN", screen.till), right=_time(charge.at, zone)),
    ]
    if charge.order:
        body.insert(2, ReceiptText(charge.order, is_centred=True, is_large=True))
    if sum(line.amount_fen for line in lines) == charge.amount_fen and not charge.is_void:
        names = {dish.id: dish.name for dish in screen.menu}
        if screen.order is not None:
            names |= screen.order.names
        body += [_line(line, names) for line in lines]
    is_prepaid = charge.order and not charge.is_void
    body += [
        ReceiptText("预订已付" if is_prepaid else "合计", right=f"￥{amount}", is_bold=True),
        ReceiptText("就餐人", right=charge.masked_name),
        ReceiptText(f"流水号 {charge.charge_id}"),
    ]
    return Receipt(tuple(body), qr=f"menshen:charge:{charge.charge_id}")


def _line(line: ChargeLine, names: Mapping[str, Mapping[Any, str]]) -> ReceiptText:
    name = names.get(line.item, {}).get("zh-CN", line.item) or "餐费"
    if line.weight_g is not None:
        name = f"{name} {line.weight_g} 克"
    elif line.count > 1:
        name = f"{name} ×{line.count}"
    return ReceiptText(name, right=yuan(line.amount_fen))


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
