"""What a top-up becomes of what is said about it, in whatever order."""

import dataclasses
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.payments import states
from central.payments.provider import RefundStanding, Seen, SeenRefund, Standing
from central.payments.states import Deed, NotNowError, State, Step, TopUp

AMOUNT = 5_000
CREATED = TopUp(amount_fen=AMOUNT, state=State.CREATED)
WAITING = TopUp(amount_fen=AMOUNT, state=State.WAITING)
PAID = TopUp(amount_fen=AMOUNT, state=State.PAID, is_credited=True, provider_no="P1")


def told(
    order: TopUp,
    standing: Standing,
    *,
    fen: int = AMOUNT,
    no: str = "P1",
    may_credit: bool = True,
    is_over: bool = False,
) -> Step:
    seen = Seen(order_no="o", standing=standing, amount_fen=fen, provider_no=no)
    return states.told(order, seen, may_credit=may_credit, refund_no="oR1", is_over=is_over)


def refund(order: TopUp, standing: RefundStanding, *, no: str = "oR1", fen: int = AMOUNT) -> Step:
    seen = SeenRefund(order_no="o", refund_no=no, standing=standing, amount_fen=fen)
    return states.refund_told(order, seen)


def refunding() -> TopUp:
    return states.refund_wanted(PAID, refund_no="oR1", amount_fen=AMOUNT).order


@pytest.mark.parametrize("state", [State.CREATED, State.WAITING, State.CLOSED, State.UNKNOWN])
def test_money_that_was_not_expected_any_more_is_credited_all_the_same(state: State) -> None:
    step = told(dataclasses.replace(WAITING, state=state), Standing.PAID)

    assert (step.order.state, step.deeds) == (State.PAID, (Deed.CREDIT,))


def test_said_again_it_is_no_news() -> None:
    again = told(PAID, Standing.PAID)

    assert again == Step(order=PAID)


def test_a_second_payment_of_one_order_is_a_question() -> None:
    step = told(PAID, Standing.PAID, no="P2")

    assert (step.order.state, step.order.question, step.deeds) == (State.PAID, "paid_twice", ())


def test_another_amount_credits_nothing_and_is_a_question() -> None:
    step = told(WAITING, Standing.PAID, fen=AMOUNT + 1)

    assert (step.order.state, step.order.question, step.deeds) == (State.UNKNOWN, "amount", ())


def test_whoever_has_left_gets_it_back_and_never_has_it_in_the_wallet() -> None:
    step = told(WAITING, Standing.PAID, may_credit=False)
    end = refund(step.order, RefundStanding.DONE)

    assert (step.order.state, step.deeds) == (State.REFUNDING, ())
    assert (end.order.state, end.deeds) == (State.REFUNDED, ())


def test_a_refund_takes_from_the_wallet_first_and_gives_again_when_it_is_declined() -> None:
    asked = states.refund_wanted(PAID, refund_no="oR1", amount_fen=1_000)
    declined = refund(asked.order, RefundStanding.DECLINED)

    assert (asked.order.state, asked.deeds) == (State.REFUNDING, (Deed.TAKE_BACK,))
    assert (declined.order.state, declined.deeds) == (State.PAID, (Deed.GIVE_AGAIN,))


@pytest.mark.parametrize("order", [WAITING, refunding(), dataclasses.replace(PAID, amount_fen=10)])
def test_what_is_not_paid_or_already_goes_back_is_not_refunded(order: TopUp) -> None:
    with pytest.raises(NotNowError):
        states.refund_wanted(order, refund_no="oR2", amount_fen=AMOUNT)


def test_a_refund_that_nobody_here_asked_for_is_a_question() -> None:
    step = refund(PAID, RefundStanding.DONE, no="oR9")

    assert (step.order.state, step.order.question) == (State.PAID, "refund_not_ours")


def test_an_order_that_the_provider_has_lost_is_a_question() -> None:
    assert told(WAITING, Standing.ABSENT).order.question == "absent"
    assert told(CREATED, Standing.ABSENT).order == CREATED
    assert told(CREATED, Standing.ABSENT, is_over=True).order.state is State.CLOSED


_SAID = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(Standing), st.sampled_from([AMOUNT, AMOUNT + 1])),
    st.tuples(st.just("refund"), st.sampled_from(RefundStanding), st.just(AMOUNT)),
    st.tuples(st.just("want"), st.just(None), st.just(AMOUNT)),
)


@given(said=st.lists(_SAID, max_size=12), may_credit=st.booleans())
@settings(max_examples=60)
def test_whatever_is_said_in_whatever_order_the_wallet_never_has_it_twice(
    said: list[tuple[str, Standing | RefundStanding | None, int]], *, may_credit: bool
) -> None:
    order, deeds, wanted = WAITING, Counter[Deed](), 0
    for _, standing, fen in said:
        if isinstance(standing, Standing):
            step = told(order, standing, fen=fen, may_credit=may_credit)
        elif isinstance(standing, RefundStanding):
            step = refund(order, standing, no=order.refund_no, fen=fen)
        elif order.state is State.PAID:
            wanted += 1
            step = states.refund_wanted(order, refund_no=f"oR{wanted}", amount_fen=fen)
        else:
            continue
        order = step.order
        deeds.update(step.deeds)

    has = deeds[Deed.CREDIT] - deeds[Deed.TAKE_BACK] + deeds[Deed.GIVE_AGAIN]
    assert has == (1 if order.state is State.PAID else 0)
    assert deeds[Deed.CREDIT] <= 1
