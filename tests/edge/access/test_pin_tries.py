from datetime import timedelta

from edge.access.attempts import PinShown
from edge.access.pin_tries import PinTries
from tests.edge.conftest import NOW

RIGHT, DURESS = PinShown("anna", is_right=True), PinShown("anna", is_right=True, is_duress=True)
WRONG = PinShown("anna", is_right=False)


def tries_after(count: int, shown: PinShown = WRONG) -> PinTries:
    tries = PinTries()
    for _ in range(count):
        tries.judged(shown, limit=5, now=NOW)
    return tries


def test_a_right_pin_is_right_until_too_many_were_wrong() -> None:
    assert tries_after(4).judged(RIGHT, limit=5, now=NOW) == RIGHT
    assert tries_after(5).judged(RIGHT, limit=5, now=NOW) == WRONG
    assert tries_after(5).judged(DURESS, limit=5, now=NOW) == WRONG


def test_after_a_right_one_all_begins_anew() -> None:
    tries = tries_after(4)
    tries.judged(RIGHT, limit=5, now=NOW)
    tries.judged(WRONG, limit=5, now=NOW)

    assert tries.judged(RIGHT, limit=5, now=NOW) == RIGHT


def test_five_minutes_later_it_may_be_tried_again() -> None:
    almost, later = NOW + timedelta(minutes=4.99), NOW + timedelta(minutes=5)

    assert tries_after(5).judged(RIGHT, limit=5, now=almost) == WRONG
    assert tries_after(9).judged(RIGHT, limit=5, now=later) == RIGHT


def test_an_operator_who_has_looked_lets_it_be_tried_again() -> None:
    tries = tries_after(5)
    tries.forgive()

    assert tries.judged(RIGHT, limit=5, now=NOW) == RIGHT


def test_one_persons_wrong_pins_are_no_others() -> None:
    ben = PinShown("ben", is_right=True)

    assert tries_after(5).judged(ben, limit=5, now=NOW) == ben


def test_a_pin_of_nobody_is_nobodys() -> None:
    nobodys = PinShown(None, is_right=False)

    assert tries_after(9, nobodys).judged(nobodys, limit=5, now=NOW) == nobodys
