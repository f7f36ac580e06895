"""A takeaway window: whoever comes proves who they are, and their order is handed out once."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from config.contract.access import CredentialKind
from config.contract.money import ChargeMode, TillOrder
from edge.canteen.book import Book
from edge.canteen.diner import Diner, Found
from edge.canteen.payment import ASKED_S, COLLECTED_S, HAND_OUT_S, REFUSED_S
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import (
    NOON,
    PIN,
    SESSION,
    Bench,
    accounts,
    card,
    face,
    order,
    plan,
)

MINE = order(1).charge_id


def window(
    *orders: TillOrder, limits: dict[str, int] | None = None, attended: bool = True
) -> Bench:
    """Return a till that hands out orders."""
    book = Book(plan(**(limits or {})), accounts(anna=0, boris=0), orders=orders or [order(1)])
    return Bench(book=book, mode="orders", modes=("menu",), attended=attended)


def code(number: int, holder_id: str = "anna") -> Found:
    """Return whose order's code was scanned."""
    diner = Diner(holder_id, CredentialKind.QR)
    return Found((diner,), order=order(number).charge_id)


def typed_pin() -> Found:
    """Return whose number was typed."""
    return Found((Diner("anna", CredentialKind.PIN),))


def refusal(bench: Bench) -> TillRefusal | None:
    return bench.sale.payment.refusal


def collected(bench: Bench) -> Iterable[UUID]:
    return [entry.charge.charge_id for entry in bench.book.of_session(SESSION.session_id)]


@pytest.mark.parametrize("found", [face("anna"), card("anna"), code(1)])
def test_whoever_is_known_is_asked_about_and_gets_it_by_a_key(found: Found) -> None:
    bench = window()

    bench.found(found)
    asked = (bench.phase, bench.question, bench.sale.payment.masked_name, bench.wanted())
    bench.wait(HAND_OUT_S - 1)
    bench.confirm()

    assert asked == ("asking", "hand_out", "A**a", [])
    assert bench.sale.amount_fen(now=bench.now) == 400
    assert bench.serve() == ["HandOut"]
    assert (bench.phase, bench.sale.order, collected(bench)) == ("collected", order(1), [MINE])
    bench.wait(COLLECTED_S)
    assert bench.phase == "collecting"


def test_what_is_recorded_is_the_order_under_its_own_key() -> None:
    bench = window(order(1, amount_fen=400))
    bench.found(card("anna"))
    bench.confirm()
    bench.serve()

    [entry] = bench.book.of_session(SESSION.session_id)
    charge = entry.charge
    assert (charge.charge_id, charge.lines, charge.amount_fen) == (MINE, order(1).lines, 400)
    assert (charge.mode, charge.period, charge.order) == (ChargeMode.ORDERS, "lunch", "A001")
    assert (charge.is_reserved, charge.is_repeat, charge.day) == (True, False, NOON.date())


def test_silence_hands_out_nothing_and_a_no_leaves_the_order_where_it_is() -> None:
    silent, said_no, taken_back = window(), window(), window()
    for bench in (silent, said_no, taken_back):
        bench.found(face("anna"))

    silent.wait(HAND_OUT_S)
    said_no.sale.not_me(now_s=said_no.now_s)
    taken_back.sale.cancel(now_s=taken_back.now_s)

    assert [each.serve() for each in (silent, said_no, taken_back)] == [[], [], []]
    assert [refusal(each) for each in (silent, said_no)] == [
        TillRefusal.NOBODY_ANSWERED,
        TillRefusal.ORDER_STAYS,
    ]
    said_no.wait(REFUSED_S)
    said_no.found(card("anna"))
    assert said_no.question == "hand_out"


def test_an_order_is_handed_out_without_money_of_now_and_beyond_all_limits() -> None:
    limits = {"per_charge_fen": 1, "per_day_fen": 1, "offline_person_fen": 0}
    bench = window(limits=limits)

    bench.found(card("anna"))
    bench.confirm()

    assert bench.serve() == ["HandOut"]
    assert bench.book.offline_fen("till-1") == 0


def test_who_has_several_orders_is_asked_which() -> None:
    bench = window(order(1), order(2), order(3, "boris"))
    bench.found(face("anna"))
    question = bench.sale.payment.question(now_s=bench.now_s)
    assert question is not None
    refused = bench.sale.choose(3, now=bench.now, now_s=bench.now_s)
    chosen = bench.sale.choose(2, now=bench.now, now_s=bench.now_s)
    bench.confirm()

    assert (question.kind, [each.number for each in question.orders]) == ("which", ["A001", "A002"])
    assert (refused, chosen, bench.serve()) == (False, True, ["HandOut"])
    assert collected(bench) == [order(2).charge_id]


def test_whoever_has_more_is_looked_at_again_once_the_first_is_handed_out() -> None:
    more, only = window(order(1), order(2)), window(order(1))
    for bench in (more, only):
        bench.found(code(1))
        bench.confirm()
        bench.serve()
        bench.wait(COLLECTED_S)

    assert [more.wanted(), only.wanted()] == [["LookAgain"], []]


def test_a_doubtful_face_is_asked_who_it_is_and_a_weak_one_for_a_pin() -> None:
    doubtful, weak = window(), window()
    doubtful.found(face("anna", "boris"))
    asked = doubtful.question
    doubtful.sale.choose(1, now=doubtful.now, now_s=doubtful.now_s)
    weak.found(face("anna", needs_pin=True))
    typed = weak.question
    weak.type(PIN)
    weak.confirm()

    assert (asked, doubtful.question) == ("who", "hand_out")
    assert (typed, weak.question) == ("pin", "hand_out")


def test_a_face_alone_is_not_enough_for_an_order_above_the_limit() -> None:
    bench = window(limits={"pin_above_fen": 399})

    bench.found(face("anna"))

    assert bench.question == "pin"


def test_where_nobody_attends_the_proof_hands_out_and_a_face_has_its_moment() -> None:
    by_code, by_face = window(attended=False), window(attended=False)

    by_code.found(code(1))
    by_face.found(face("anna"))
    asked = by_face.question
    by_face.wait(2.0)

    assert [by_code.serve(), asked, by_face.serve()] == [["HandOut"], "is_it_you", ["HandOut"]]


def test_who_is_barred_gets_nothing() -> None:
    blocked = accounts(anna=0)[0].model_copy(update={"is_blocked": True})
    bench = Bench(book=Book(plan(), [blocked], orders=[order(1)]), mode="orders")

    bench.found(card("anna"))

    assert refusal(bench) is TillRefusal.BLOCKED


def test_an_order_that_was_handed_out_says_so_the_second_time() -> None:
    bench = window()
    bench.found(card("anna"))
    bench.confirm()
    bench.serve()
    bench.wait(COLLECTED_S)

    bench.found(code(1))

    assert (bench.phase, refusal(bench)) == ("refused", TillRefusal.ORDER_COLLECTED)
    assert (bench.sale.order, bench.wanted()) == (order(1), [])


def test_what_becomes_of_an_order_while_it_is_asked_about_counts() -> None:
    bench = window()
    bench.found(card("anna"))
    bench.book.learn((), [order(1, state="cancelled")], version=2)

    bench.confirm()

    assert (refusal(bench), bench.wanted()) == (TillRefusal.ORDER_CANCELLED, [])


def test_an_order_that_cannot_be_recorded_is_not_shown_as_handed_out() -> None:
    at_fault, too_late = window(), window()
    for bench in (at_fault, too_late):
        bench.found(card("anna"))
        bench.confirm()
    charge = too_late.sale.payment.charge
    assert charge is not None
    too_late.book.record(charge)

    assert [at_fault.serve(is_recorded=False), too_late.serve(is_recorded=False)] == [
        ["HandOut"]
    ] * 2
    assert [refusal(at_fault), refusal(too_late)] == [
        TillRefusal.NOT_RECORDED,
        TillRefusal.ORDER_COLLECTED,
    ]


def test_while_an_order_is_fetched_the_next_in_the_queue_does_not_take_its_place() -> None:
    bench = window(order(1), order(2, "boris"))
    bench.found(face("anna"))

    assert not bench.found(card("boris"))
    assert bench.sale.payment.masked_name == "A**a"


def test_a_fire_hands_out_nothing_and_lets_go_of_nothing() -> None:
    bench = window()
    bench.found(face("anna"))

    bench.sale.fire(is_on=True)

    assert (bench.phase, bench.serve(), bench.found(card("anna"))) == ("fire", [], False)
    assert not bench.sale.pick(MINE, now=bench.now)


def test_nothing_is_told_of_orders_before_the_pin_that_proves_who_asks() -> None:
    bench, wrong = window(order(1), order(2)), window(order(1, state="collected"))
    for each in (bench, wrong):
        each.found(typed_pin())
    asked = (bench.question, bench.sale.payment.masked_name, wrong.question, wrong.sale.order)

    bench.type(PIN)
    wrong.type("0000")
    for each in (bench, wrong):
        each.confirm()

    assert asked == ("pin", "A**a", "pin", None)
    assert (bench.question, refusal(wrong)) == ("which", TillRefusal.WRONG_PIN)
    bench.wait(ASKED_S)
    assert refusal(bench) is TillRefusal.NOBODY_ANSWERED


# ---- the number is typed


def test_a_number_that_is_typed_waits_for_whoever_ordered_it() -> None:
    bench = window(order(1), order(2), order(3, "boris"))
    bench.type("A2")
    seen = [bench.sale.draft.typed, bench.confirm(), bench.sale.order, bench.wanted()]

    bench.found(card("boris"))
    other = refusal(bench)
    bench.found(face("anna"))
    bench.confirm()

    assert seen == ["A2", True, order(2), ["LookAgain"]]
    assert other is TillRefusal.ORDER_NOT_YOURS
    assert bench.serve() == ["HandOut"]
    assert (collected(bench), bench.sale.draft.picked) == ([order(2).charge_id], None)


def test_an_order_that_is_picked_asks_for_its_pin_by_another_enter() -> None:
    bench = window()
    bench.sale.pick(MINE, now=bench.now)
    bench.confirm()
    asked = bench.question
    bench.type(PIN)
    bench.confirm()

    assert (asked, bench.question) == ("pin", "hand_out")


def test_a_number_that_is_not_handed_out_says_why() -> None:
    bench = window(order(1, state="cancelled"))

    found = []
    for number in ("1", "2"):
        bench.type(number)
        found.append((bench.confirm(), refusal(bench), bench.sale.draft.typed))

    assert found == [
        (True, TillRefusal.ORDER_CANCELLED, ""),
        (True, TillRefusal.ORDER_UNKNOWN, ""),
    ]
    assert not bench.confirm()


def test_a_number_of_two_windows_is_not_guessed() -> None:
    bench = window(order(1), order(2, "boris").model_copy(update={"number": "B001"}))
    bench.type("1")

    assert not bench.confirm()
    assert (bench.sale.order, refusal(bench)) == (None, None)


def test_what_was_picked_is_typed_over_and_taken_back() -> None:
    typed_over, taken_back = window(), window()
    for bench in (typed_over, taken_back):
        bench.sale.pick(MINE, now=bench.now)

    typed_over.type("2")
    taken_back.sale.cancel(now_s=taken_back.now_s)

    assert [(b.sale.draft.picked, b.sale.draft.typed) for b in (typed_over, taken_back)] == [
        (None, "2"),
        (None, ""),
    ]


def test_only_what_waits_here_is_picked() -> None:
    bench = window(order(1), order(2, state="collected"))
    bench.sale.change_mode(ChargeMode.MENU)
    in_another_mode = bench.sale.pick(MINE, now=bench.now)
    bench.sale.change_mode(ChargeMode.ORDERS)

    picked = [bench.sale.pick(order(n).charge_id, now=bench.now) for n in (9, 2, 1)]
    bench.found(card("anna"))

    assert (in_another_mode, picked) == (False, [False, False, True])
    assert not bench.sale.pick(MINE, now=bench.now)


def test_a_letter_means_nothing_where_amounts_are_typed() -> None:
    bench = Bench(mode="keyed")
    bench.type("1A2")

    assert bench.sale.draft.typed == "12"


def test_a_pick_up_number_and_a_pin_are_proof_of_who_ordered() -> None:
    bench = window()

    found = bench.sale.numbered("001", now=bench.now)
    unknown = bench.sale.numbered("002", now=bench.now)

    assert ([d.credential for d in found.diners], found.order) == ([CredentialKind.PIN], MINE)
    assert unknown.refusal is TillRefusal.UNKNOWN_CARD


# ---- other modes


def test_the_code_of_an_order_pays_nothing_elsewhere() -> None:
    book = Book(plan(), accounts(anna=5000), orders=[order(1)])
    armed, idle = Bench(book=book), Bench(book=book, mode="keyed")

    taken = [bench.found(code(1)) for bench in (armed, idle)]

    assert (taken, armed.serve()) == ([True, True], [])
    assert [refusal(armed), refusal(idle)] == [TillRefusal.ORDER_ELSEWHERE] * 2


def test_whose_order_waits_is_known_while_they_pay_something_else() -> None:
    bench = Bench(book=Book(plan(), accounts(anna=5000), orders=[order(1)]))
    before = bench.sale.has_orders
    bench.found(card("anna"))
    bench.serve()

    assert (before, bench.sale.has_orders, window().sale.has_orders) == ("", "anna", "")
