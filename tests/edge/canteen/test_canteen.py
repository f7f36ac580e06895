"""Who is known at tills, and who types a PIN there because somebody forces them."""

from datetime import datetime

from config.contract.trust import pin_verifier
from edge.access.attempts import PinShown, pin_shown
from edge.access.question import Person
from edge.canteen.canteen import WRONG_PINS_MAX, Diners
from tests.edge.canteen.making import ANNA, NOON

KEY = b"k" * 32
OWN, DURESS = (pin_verifier(KEY, "anna", pin) for pin in ("1234", "4321"))


class People:
    """A replica with one person in it."""

    def person(self, holder_id: str) -> Person | None:
        return ANNA if holder_id == "anna" else None

    def holder_of_card(self, number: str) -> str | None:
        return None

    def end_of_card(self, number: str) -> datetime | None:
        return None

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        return pin_shown(pin, holder_id=holder_id, key=KEY, verifier=OWN, duress=DURESS)


def test_a_duress_pin_pays_as_a_pin_does_and_the_guards_are_told() -> None:
    told = list[tuple[str, str]]()
    diners = Diners(People(), in_danger=lambda who, till: told.append((who, till)))

    right = [diners.is_pin(p, holder_id="anna", till="till-1", now=NOON) for p in ("1234", "4321")]

    assert right == [True, True]
    assert told == [("anna", "till-1")]


def test_after_too_many_wrong_pins_none_is_right_and_nobody_is_told_of_danger() -> None:
    told = list[tuple[str, str]]()
    diners = Diners(People(), in_danger=lambda who, till: told.append((who, till)))
    for _ in range(WRONG_PINS_MAX):
        diners.is_pin("1111", holder_id="anna", till="till-1", now=NOON)

    assert not diners.is_pin("4321", holder_id="anna", till="till-1", now=NOON)
    assert told == []
