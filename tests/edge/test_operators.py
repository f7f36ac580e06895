"""Who an operator is by card and PIN, what they may, and for how long."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from config.contract.operators import EdgePermission, OperatorRecord
from config.contract.trust import card_verifier, pin_verifier
from edge.operators import (
    IDLE_S_MAX,
    SESSION_COUNT_MAX,
    WRONG_PINS_MAX,
    OperatorRefusedError,
    Operators,
    Refusal,
)
from tests.edge.conftest import NOW

KEY = b"c" * 32
OPEN, READ = EdgePermission.COMMANDS_SEND, EdgePermission.STATUS_READ


def operator(name: str = "wang", pin: str = "2580", **more: Any) -> OperatorRecord:  # noqa: ANN401
    values: dict[str, Any] = {
        "operator_id": f"id of {name}",
        "name": name,
        "card": card_verifier(KEY, f"card of {name}"),
        "pin": pin_verifier(KEY, f"id of {name}", pin),
        "permissions": ("commands.send", "status.read"),
    }
    return OperatorRecord(**(values | more))


class Desk:
    """One terminal's operators; ``known`` is what central told last."""

    def __init__(self, *known: OperatorRecord) -> None:
        self.known, self.now, self.now_s = list(known), NOW, 0.0
        numbers = itertools.count()
        self.operators = Operators(
            lambda: self.known, key=KEY, new_token=lambda: f"token {next(numbers)}"
        )

    def enter(self, pin: str = "2580", name: str = "wang") -> str:
        """Return the token, or why not."""
        try:
            return self.operators.sign_in(f"card of {name}", pin, now=self.now, now_s=self.now_s)[0]
        except OperatorRefusedError as error:
            return error.refusal

    def may(self, token: str, permission: EdgePermission = OPEN) -> str:
        """Return who it is, or why not."""
        try:
            return self.operators.permitted(
                token, permission, now=self.now, now_s=self.now_s
            ).operator_id
        except OperatorRefusedError as error:
            return error.refusal


def test_card_and_pin_say_who_it_is() -> None:
    desk = Desk(operator(), operator("li", "8520"))

    assert desk.may(desk.enter()) == "id of wang"
    assert desk.may(desk.enter("8520", "li")) == "id of li"


@pytest.mark.parametrize(("pin", "name"), [("2581", "wang"), ("8520", "wang"), ("2580", "nobody")])
def test_an_unknown_card_and_a_wrong_pin_are_answered_alike(pin: str, name: str) -> None:
    assert Desk(operator(), operator("li", "8520")).enter(pin, name) == Refusal.NOT_KNOWN


def test_after_five_wrong_pins_the_right_one_waits_five_minutes_and_others_do_not() -> None:
    desk = Desk(operator(), operator("li", "8520"))

    wrong = [desk.enter(f"000{n}") for n in range(WRONG_PINS_MAX)]
    at_once, other = desk.enter(), desk.enter("8520", "li")
    desk.now += timedelta(minutes=5)

    assert [*wrong, at_once] == [Refusal.NOT_KNOWN] * (WRONG_PINS_MAX + 1)
    assert [desk.may(other), desk.may(desk.enter())] == ["id of li", "id of wang"]


def test_a_session_that_nobody_uses_ends() -> None:
    desk = Desk(operator())
    token = desk.enter()

    answers = []
    for idle_s in (IDLE_S_MAX - 1, IDLE_S_MAX - 1, IDLE_S_MAX):
        desk.now_s += idle_s
        answers.append(desk.may(token))

    assert answers == ["id of wang", "id of wang", Refusal.NO_SESSION]


def test_a_role_may_what_it_may() -> None:
    desk = Desk(operator(permissions=("status.read", "of a newer version")))
    token = desk.enter()

    assert [desk.may(token, READ), desk.may(token)] == ["id of wang", Refusal.NOT_PERMITTED]


@pytest.mark.parametrize(
    ("later", "answer"),
    [
        ([], Refusal.NO_SESSION),
        ([operator(pin="8520")], Refusal.NO_SESSION),
        ([operator(card="another")], Refusal.NO_SESSION),
        ([operator(permissions=("status.read",))], Refusal.NOT_PERMITTED),
        ([operator(valid_until=NOW)], Refusal.RIGHTS_ENDED),
        ([operator(name="wang")], "id of wang"),
    ],
)
def test_what_central_told_last_holds_within_a_session_too(
    later: list[OperatorRecord], answer: str
) -> None:
    desk = Desk(operator())
    token = desk.enter()

    desk.known = later

    assert desk.may(token) == answer


@pytest.mark.parametrize(
    ("until", "answer"),
    [(NOW, Refusal.RIGHTS_ENDED), (NOW + timedelta(seconds=1), "token 0"), (None, "token 0")],
)
def test_rights_end_by_themselves(until: datetime | None, answer: str) -> None:
    assert Desk(operator(valid_until=until)).enter() == answer


def test_whoever_signs_out_is_out_and_old_sessions_give_way() -> None:
    desk = Desk(operator())
    left = desk.enter()
    desk.operators.sign_out(left)
    tokens = [desk.enter() for _ in range(SESSION_COUNT_MAX + 1)]

    assert [desk.may(each) for each in (left, tokens[0])] == [Refusal.NO_SESSION] * 2
    assert {desk.may(each) for each in tokens[1:]} == {"id of wang"}
