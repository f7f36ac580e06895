import dataclasses
from datetime import timedelta
from uuid import UUID

from config.contract.visitor_code import VisitorCode
from drivers.base import CredentialKind, CredentialRead
from edge.access.attempts import CodeShown
from edge.canteen.finder import Finder
from edge.canteen.orders import Orders
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import ANNA, NOON, entry, order, order_code

HOLDER = UUID(int=7)
CODE = VisitorCode(
    holder_id=HOLDER,
    nonce="00112233aabbccdd",
    valid_from=NOON,
    valid_until=NOON + timedelta(minutes=5),
    points=("canteen",),
)
PERSON = dataclasses.replace(ANNA, holder_id=str(HOLDER))


def finder(code: VisitorCode = CODE, *used: str) -> Finder:
    return Finder(
        entry(),
        person={str(HOLDER): PERSON, "anna": ANNA}.get,
        holder_of_card={"1": "anna", "0000000001": "boris", "2": "anna"}.get,
        end_of_card=lambda number: NOON if number == "2" else None,
        read_code=lambda text: CodeShown(code if text == "code" else None),
        is_used=lambda nonce: nonce in used,
        order_of_code=Orders([order(1, "boris")]).by_code,
    )


def test_a_one_time_code_that_was_paid_with_pays_no_more() -> None:
    found = [finder(CODE, *used).by_code("code", now=NOON) for used in ((), (CODE.nonce,))]

    assert [bool(each.diners) for each in found] == [True, False]


def test_a_code_for_many_times_pays_again() -> None:
    at_till = finder(CODE.model_copy(update={"is_one_time": False}), CODE.nonce)

    assert at_till.by_code("code", now=NOON).diners
    assert not at_till.by_code("scribble", now=NOON).diners


def test_the_code_of_an_order_is_whoever_ordered_it_and_means_that_order() -> None:
    found = [finder().by_code(order_code(number), now=NOON) for number in (1, 2)]

    assert [[each.holder_id for each in one.diners] for one in found] == [["boris"], []]
    assert [one.order for one in found] == [order(1).charge_id, None]
    assert found[1].refusal is TillRefusal.ORDER_UNKNOWN


def test_a_number_that_is_two_peoples_card_is_nobodys() -> None:
    at_till = finder()

    found = [at_till.by_card(numbers, now=NOON) for numbers in (("1",), ("1", "0000000001"))]

    assert [len(each.diners) for each in found] == [1, 0]


def test_a_temporary_card_is_over_when_it_is_over() -> None:
    found = [finder().by_card(("2",), now=NOON + timedelta(seconds=s)) for s in (-1, 0)]

    assert [len(each.diners) for each in found] == [1, 0]


def test_what_is_no_card_is_not_read() -> None:
    assert finder().read(CredentialRead(CredentialKind.PIN, "1"), now=NOON) is None
    assert finder().read(CredentialRead(CredentialKind.WIEGAND, "1"), now=NOON) is not None
