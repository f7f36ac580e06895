import dataclasses
from decimal import Decimal

import pytest

from config.contract.access import CredentialKind
from config.contract.money import ReservationAnswer
from drivers.base import WeightChanged
from edge.access.question import Person
from edge.canteen.diner import Diner, Found
from edge.canteen.payment import ASKED_S, PAID_S, REFUSED_S
from edge.canteen.screen import TillRefusal
from edge.canteen.weighing import Scale
from edge.canteen.wishes import LookAgain, Record
from tests.edge.canteen.making import ANNA, BUFFET, PIN, SESSION, Bench, card, face

RESERVED = ReservationAnswer(outcome="reserved")


def test_a_face_is_shown_a_moment_and_then_pays_the_meal() -> None:
    bench = Bench()

    assert bench.found(face("anna"))
    seen = [(bench.phase, bench.question, bench.sale.payment.masked_name, bench.wanted())]
    bench.sale.kept(bench.charge_id(), RESERVED, now_s=bench.now_s)
    bench.wait(1.9)
    seen.append((bench.phase, bench.question, bench.sale.payment.masked_name, bench.wanted()))
    bench.wait(0.1)
    seen.append((bench.phase, bench.question, bench.sale.payment.masked_name, bench.wanted()))
    bench.sale.recorded(bench.charge_id(), is_recorded=True, now_s=bench.now_s)
    seen.append((bench.phase, bench.question, bench.sale.payment.masked_name, bench.wanted()))

    assert seen == [
        ("asking", "is_it_you", "A**a", ["Keep"]),
        ("asking", "is_it_you", "A**a", []),
        ("working", None, "A**a", ["Record"]),
        ("paid", None, "A**a", []),
    ]
    assert bench.sale.amount_fen(now=bench.now) == 1250


def test_a_price_that_changes_meanwhile_is_the_next_ones() -> None:
    bench = Bench()
    bench.found(face("anna"))

    lunch = bench.book.plan.merchants[0].periods[0].model_copy(update={"fixed_fen": {"": 1300}})
    merchant = bench.book.plan.merchants[0].model_copy(update={"periods": (lunch,)})
    bench.book.plan = bench.book.plan.model_copy(update={"merchants": (merchant,)})
    bench.confirm()
    bench.serve()
    paid = bench.sale.amount_fen(now=bench.now)
    bench.wait(PAID_S)

    assert (paid, bench.sale.amount_fen(now=bench.now)) == (1250, 1300)


def test_a_key_says_yes_sooner_and_a_card_needs_no_moment() -> None:
    by_key, by_card = Bench(), Bench()

    by_key.found(face("anna"))
    by_key.confirm()
    by_card.found(card("anna"))

    assert [by_key.serve(), by_card.serve()] == [["Keep", "Record"]] * 2
    assert [by_key.phase, by_card.phase] == ["paid", "paid"]


def test_not_me_owes_nothing_and_lets_the_money_go() -> None:
    bench = Bench()
    bench.found(face("anna"))

    assert bench.sale.not_me(now_s=bench.now_s)

    assert bench.serve() == ["Keep", "LetGo"]
    assert (bench.phase, bench.sale.payment.refusal) == ("refused", TillRefusal.NOT_ME)


def test_not_me_is_too_late_once_it_is_being_recorded() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.wanted()
    bench.sale.kept(bench.charge_id(), None, now_s=bench.now_s)

    assert not bench.sale.not_me(now_s=bench.now_s)
    assert bench.serve() == ["Record"]


def test_central_that_says_no_refuses_at_once() -> None:
    found = []
    for outcome in ("short", "closed", "settled"):
        bench = Bench()
        bench.found(face("anna"))
        bench.serve(answer=ReservationAnswer.model_validate({"outcome": outcome}))
        found.append((bench.phase, bench.sale.payment.refusal))

    assert found == [
        ("refused", TillRefusal.SHORT),
        ("refused", TillRefusal.BLOCKED),
        ("refused", TillRefusal.NOT_RECORDED),
    ]


def test_without_central_the_offline_limits_decide_under_the_same_key() -> None:
    allowed = Bench(limits={"offline_person_fen": 1250})
    refused = Bench(limits={"offline_person_fen": 1249})

    for bench in (allowed, refused):
        bench.found(card("anna"))
    done = [allowed.serve(answer=None), refused.serve(answer=None)]

    assert done == [["Keep", "Record"], ["Keep", "LetGo"]]
    assert refused.sale.payment.refusal is TillRefusal.OFFLINE_LIMIT
    [entry] = allowed.book.of_session(SESSION.session_id)
    assert not entry.charge.is_reserved


def test_an_answer_that_is_late_changes_nothing() -> None:
    bench = Bench()
    bench.found(card("anna"))
    late = bench.charge_id()
    bench.serve(answer=None)

    bench.sale.kept(late, ReservationAnswer(outcome="short"), now_s=bench.now_s)

    assert (bench.phase, bench.wanted()) == ("paid", [])


def test_what_could_not_be_recorded_is_never_shown_as_paid() -> None:
    bench = Bench()
    bench.found(card("anna"))

    bench.serve(is_recorded=False)

    assert (bench.phase, bench.sale.payment.refusal) == ("refused", TillRefusal.NOT_RECORDED)
    assert bench.book.of_session(SESSION.session_id) == []


def test_the_same_person_a_second_time_needs_a_second_yes() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.serve()
    bench.wait(PAID_S)

    bench.found(card("anna"))
    asked = bench.question
    bench.confirm()

    assert (asked, bench.serve()) == ("again", ["Keep", "Record"])
    first, second = bench.book.of_session(SESSION.session_id)
    assert [first.charge.is_repeat, second.charge.is_repeat] == [False, True]


def test_silence_is_no_second_yes() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.serve()
    bench.found(card("anna"))

    bench.wait(ASKED_S)

    assert (bench.phase, bench.sale.payment.refusal) == ("refused", TillRefusal.NOBODY_ANSWERED)
    assert len(bench.book.of_session(SESSION.session_id)) == 1


def test_who_it_is_is_asked_and_never_paid_by_itself() -> None:
    bench = Bench()
    bench.found(face("anna", "boris"))
    question = bench.sale.payment.question(now_s=bench.now_s)
    assert question is not None
    bench.wait(ASKED_S)

    assert [choice.masked_name for choice in question.choices] == ["A**a", "B***s"]
    assert (bench.serve(), bench.sale.payment.refusal) == ([], TillRefusal.NOBODY_ANSWERED)


def test_the_cashier_says_which_of_two_pays_and_a_diner_alone_proves_it() -> None:
    attended, alone = Bench(), Bench(attended=False)
    for bench in (attended, alone):
        bench.found(face("boris", "anna"))
        bench.sale.choose(2, now=bench.now, now_s=bench.now_s)

    assert (attended.question, attended.serve()) == (None, ["Keep", "Record"])
    assert (alone.question, alone.serve()) == ("pin", [])
    alone.type(PIN)
    alone.confirm()
    assert alone.serve() == ["Keep", "Record"]


@pytest.mark.parametrize(
    ("found", "limits", "question"),
    [
        (face("anna"), {"pin_above_fen": 1250}, "is_it_you"),
        (face("anna"), {"pin_above_fen": 1249}, "pin"),
        (face("anna", is_challenged=True), {"pin_above_fen": 1249}, "pin"),
        (card("anna"), {"pin_above_fen": 1249}, None),
        (face("anna", needs_pin=True), {}, "pin"),
        (Found((Diner("anna", CredentialKind.PIN),)), {}, "pin"),
    ],
)
def test_a_face_alone_is_not_enough_above_a_limit(
    found: Found, limits: dict[str, int], question: str | None
) -> None:
    bench = Bench(limits=limits)

    bench.found(found)

    assert bench.question == question


def test_a_wrong_pin_refuses_and_whoever_has_none_is_told_the_way_on() -> None:
    wrong, without = Bench(limits={"pin_above_fen": 1}), Bench(limits={"pin_above_fen": 1})
    wrong.found(face("anna"))
    wrong.type("1357")
    wrong.confirm()
    without.found(face("boris"))

    assert [wrong.sale.payment.refusal, without.sale.payment.refusal] == [
        TillRefusal.WRONG_PIN,
        TillRefusal.PIN_NEEDED,
    ]
    assert [wrong.serve(), without.serve()] == [[], []]


def test_after_a_wrong_pin_whoever_still_stands_there_is_looked_at_again() -> None:
    bench = Bench(limits={"pin_above_fen": 1})
    bench.found(face("anna"))
    bench.confirm()

    bench.wait(REFUSED_S)

    assert bench.wanted() == ["LookAgain"]


def test_a_card_settles_a_doubt_about_a_face_and_pays_once() -> None:
    bench = Bench()
    bench.found(face("anna", "boris"))

    bench.found(card("boris"))

    assert bench.serve() == ["Keep", "Record"]
    [entry] = bench.book.of_session(SESSION.session_id)
    assert (entry.charge.holder_id, entry.charge.amount_fen) == ("boris", 3000)


def test_another_face_does_not_interrupt_whoever_is_paying() -> None:
    bench = Bench()
    bench.found(face("anna"))

    assert not bench.found(face("boris"))
    assert bench.sale.payment.masked_name == "A**a"


def test_the_next_diner_need_not_wait_for_the_last_tick() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.serve()

    assert bench.found(card("boris"))
    assert bench.serve() == ["Keep", "Record"]


@pytest.mark.parametrize(
    ("people", "limits", "refusal"),
    [
        ({"anna": dataclasses.replace(ANNA, is_active=False)}, {}, TillRefusal.NOT_VALID),
        ({"anna": ANNA}, {"per_charge_fen": 1249}, TillRefusal.CHARGE_LIMIT),
        ({"anna": ANNA}, {"per_day_fen": 1249}, TillRefusal.DAY_LIMIT),
        ({}, {}, TillRefusal.NOT_VALID),
    ],
)
def test_who_may_not_is_refused_before_anything_is_kept(
    people: dict[str, Person], limits: dict[str, int], refusal: TillRefusal
) -> None:
    bench = Bench(people=people, limits=limits)

    bench.found(card("anna"))

    assert (bench.sale.payment.refusal, bench.wanted()) == (refusal, [])


def test_so_many_meals_in_a_period_and_no_more() -> None:
    bench = Bench(limits={"repeat_s": 0})
    done = []
    for _ in range(3):
        bench.found(card("anna"))
        done.append(bench.serve())

    assert done == [["Keep", "Record"], ["Keep", "Record"], []]
    assert bench.sale.payment.refusal is TillRefusal.MEALS_REACHED


def test_between_meals_nothing_is_sold_at_a_fixed_price() -> None:
    bench = Bench()
    bench.wait(6 * 3600)

    assert not bench.found(card("anna"))
    assert bench.phase == "idle"


def test_a_typed_amount_stands_when_it_is_confirmed_and_not_before() -> None:
    bench = Bench(mode="keyed")
    bench.type("8.5")
    early = bench.found(card("anna"))
    bench.confirm()
    wanted = bench.wanted()

    assert (early, wanted) == (False, ["LookAgain"])
    assert (bench.phase, bench.sale.amount_fen(now=bench.now)) == ("confirming", 850)
    assert not bench.sale.key("9")
    bench.found(card("anna"))
    assert bench.serve() == ["Keep", "Record"]
    bench.wait(PAID_S)
    assert (bench.phase, bench.sale.amount_fen(now=bench.now)) == ("idle", None)


def test_back_takes_a_standing_amount_back_to_be_typed() -> None:
    bench = Bench(mode="keyed")
    bench.type("8.5")
    bench.confirm()

    bench.sale.key("back")
    bench.sale.key("back")

    assert (bench.phase, bench.sale.draft.typed) == ("choosing", "8.")


def test_a_count_is_so_many_meals_of_the_persons_price() -> None:
    bench = Bench(mode="count")
    bench.type("2")

    bench.found(card("boris"))
    bench.serve()

    [entry] = bench.book.of_session(SESSION.session_id)
    [line] = entry.charge.lines
    assert (line.count, line.amount_fen, entry.charge.meal_count) == (2, 6000, 2)


def test_dishes_add_up_and_are_paid_together() -> None:
    bench = Bench(mode="menu")
    for dish in ("rice", "rice", "nothing-of-ours", "buffet"):
        bench.sale.dish(dish)
    bench.confirm()

    bench.found(card("anna"))
    bench.serve()

    [entry] = bench.book.of_session(SESSION.session_id)
    assert [(line.item, line.count) for line in entry.charge.lines] == [("rice", 2)]
    assert entry.charge.amount_fen == 400


def weigh(bench: Bench, kilograms: str, *, is_stable: bool = True) -> None:
    assert bench.sale.draft.scale is not None
    bench.sale.draft.scale.take(WeightChanged(Decimal(kilograms), is_stable=is_stable))
    bench.sale.weighed()


def weighing() -> Bench:
    bench = Bench(mode="weighed", scale="scale-1")
    bench.sale.draft.scale = Scale()
    bench.sale.dish("buffet")
    return bench


def test_a_plate_at_rest_is_what_is_paid() -> None:
    bench, seen = weighing(), []
    for kilograms, is_stable in (
        ("0.100", False),
        ("0.251", True),
        ("0.3", False),
        ("0.251", True),
    ):
        weigh(bench, kilograms, is_stable=is_stable)
        seen.append((bench.phase, bench.sale.amount_fen(now=bench.now)))
    bench.found(card("anna"))
    bench.serve()

    assert seen == [
        ("weighing", None),
        ("confirming", 999),
        ("weighing", None),
        ("confirming", 999),
    ]
    [entry] = bench.book.of_session(SESSION.session_id)
    assert [line.weight_g for line in entry.charge.lines] == [251]


def test_where_one_dish_alone_is_weighed_nobody_has_to_pick_it() -> None:
    bench = Bench(mode="weighed", scale="scale-1")
    bench.sale.draft.scale = Scale()

    weigh(bench, "0.100")

    assert (bench.phase, bench.sale.amount_fen(now=bench.now)) == ("confirming", 398)


def test_a_plate_costs_what_the_plan_says_now() -> None:
    bench = weighing()
    weigh(bench, "0.100")
    given = bench.book.plan
    dearer = BUFFET.model_copy(update={"price_fen": 500})
    [merchant] = given.merchants
    merchant = merchant.model_copy(update={"dishes": (dearer,)})

    bench.book.plan = given.model_copy(update={"merchants": (merchant,)})
    weigh(bench, "0.100")

    assert bench.sale.amount_fen(now=bench.now) == 500


def test_nobody_pays_for_the_plate_of_whoever_was_there_before() -> None:
    bench = weighing()
    weigh(bench, "0.251")
    bench.found(card("anna"))
    bench.serve()
    bench.wait(PAID_S)

    assert (bench.phase, bench.found(card("boris"))) == ("weighing", False)
    weigh(bench, "0.000")
    weigh(bench, "0.150")
    assert (bench.phase, bench.found(card("boris"))) == ("confirming", True)


def test_what_stands_on_the_scale_when_somebody_is_found_is_what_they_pay() -> None:
    bench = weighing()
    weigh(bench, "0.251")
    bench.found(face("anna"))
    weigh(bench, "0.900")
    bench.confirm()
    bench.serve()

    [entry] = bench.book.of_session(SESSION.session_id)
    assert entry.charge.amount_fen == 999


def test_a_plate_that_was_taken_away_while_it_was_asked_is_not_the_next_ones() -> None:
    bench = weighing()
    weigh(bench, "0.251")
    bench.found(face("anna"))
    weigh(bench, "0.000")

    bench.sale.not_me(now_s=bench.now_s)
    bench.wait(REFUSED_S)

    assert (bench.phase, bench.found(card("boris"))) == ("weighing", False)


def test_a_closed_till_sells_nothing() -> None:
    bench = Bench()
    bench.sale.closed()

    assert not bench.found(card("anna"))
    assert not bench.sale.key("1")
    assert bench.phase == "closed"


def test_a_fire_ends_what_is_asked_and_keeps_nobody() -> None:
    bench = Bench()
    bench.found(face("anna"))

    bench.sale.fire(is_on=True)

    assert (bench.phase, bench.serve()) == ("fire", ["Keep", "LetGo"])
    assert not bench.found(card("boris"))
    bench.sale.fire(is_on=False)
    assert bench.phase == "confirming"


def test_a_charge_that_is_being_recorded_when_a_fire_begins_is_recorded() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.wanted()
    bench.sale.kept(bench.charge_id(), None, now_s=bench.now_s)
    bench.sale.fire(is_on=True)

    assert bench.serve() == ["Record"]
    assert len(bench.book.of_session(SESSION.session_id)) == 1


def test_the_way_of_selling_does_not_change_under_whoever_pays() -> None:
    bench = Bench(modes=("fixed", "keyed"))
    bench.found(face("anna"))
    while_paying = bench.sale.change_mode(bench.sale.draft.modes[2])
    bench.sale.not_me(now_s=bench.now_s)

    assert [while_paying, bench.sale.change_mode(bench.sale.draft.modes[2])] == [False, True]
    assert bench.sale.draft.mode == "keyed"


def test_a_pin_is_in_no_screen() -> None:
    bench = Bench(limits={"pin_above_fen": 1})
    bench.found(face("anna"))
    bench.type("12x")
    bench.sale.key("back")

    question = bench.sale.payment.question(now_s=bench.now_s)

    assert question is not None
    assert (question.kind, question.digit_count, bench.sale.draft.typed) == ("pin", 1, "")


def test_wishes_are_taken_once() -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.sale.kept(bench.charge_id(), None, now_s=bench.now_s)

    wanted = bench.sale.take_wanted()

    assert sum(isinstance(wish, Record) for wish in wanted) == 1
    assert not any(isinstance(wish, LookAgain) for wish in wanted)
    assert bench.sale.take_wanted() == ()
