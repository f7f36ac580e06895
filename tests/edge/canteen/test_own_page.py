"""The way to somebody's own page: for who has just been identified, and gone with the next."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest

from config.contract.access import CredentialKind
from config.contract.diner_links import DinerLink, TerminalLink
from config.contract.money import ReservationAnswer
from edge.canteen.own_page import SHOWN_S
from edge.canteen.screen import Confirm, HidePage, Key, MyPage, PickDish
from edge.canteen.till import SEEN_S
from edge.central_client import CentralUnreachableError
from tests.edge.canteen.making import ANNA, BORIS, NOON, Bench, Known, card, entry, face
from tests.edge.canteen.power import PluggedTill
from tests.edge.canteen.test_till import attempt, settle
from tests.edge.conftest import eventually

WANG, LI = str(UUID(int=17)), str(UUID(int=18))
CODE = "<svg>a code</svg>"


@dataclasses.dataclass
class Centre:
    """Makes links, or does not."""

    state: Literal["there", "gone", "slow"] = "there"
    wishes: list[TerminalLink] = dataclasses.field(default_factory=list)

    async def link(self, wish: TerminalLink) -> DinerLink:
        self.wishes.append(wish)
        if self.state == "gone":
            raise CentralUnreachableError("no route")
        if self.state == "slow":
            await asyncio.Event().wait()
        return DinerLink(
            link_id="1", link="https://centre/diner#secret", code_svg=CODE,
            expires_at=NOON + timedelta(minutes=10),
        )  # fmt: skip


@asynccontextmanager
async def at_till(folder: Path, centre: Centre, **settings: object) -> AsyncIterator[PluggedTill]:
    made = PluggedTill(folder, entry(**settings), limits={})
    made.known = Known(
        {WANG: dataclasses.replace(ANNA, holder_id=WANG),
         LI: dataclasses.replace(BORIS, holder_id=LI)}
    )  # fmt: skip
    made.cards, made.make_link = {"1": WANG, "2": LI}, centre.link
    await made.switch_on()
    await made.rest()
    try:
        yield made
    finally:
        await made.switch_off()


async def paid(made: PluggedTill, number: str = "1") -> None:
    made.till.present_card(number)
    await settle(made)


async def asked(made: PluggedTill) -> bool:
    """Ask for the page of whoever has just been identified, and wait for what comes of it."""
    is_taken = await made.till.do(MyPage())
    await eventually(lambda: state(made) != "asking")
    return is_taken


def state(made: PluggedTill) -> str | None:
    return None if made.screen.own_page is None else made.screen.own_page.state


def code(made: PluggedTill) -> str | None:
    page = made.screen.own_page
    return made.till.own_page.code(0 if page is None else page.number)


def test_whoever_has_paid_is_offered_their_page_and_central_is_asked_when_they_want_it(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        centre = Centre()
        async with at_till(tmp_path, centre) as made:
            before = await made.till.do(MyPage())
            await paid(made)
            offered = (state(made), len(centre.wishes))
            await asked(made)

            assert (before, offered) == (False, ("offered", 0))
            assert centre.wishes == [TerminalLink(holder_id=UUID(WANG), till="till-1")]
            assert (state(made), code(made)) == ("shown", CODE)
            assert made.screen.own_page is not None
            assert made.screen.own_page.masked_name == ANNA.masked_name
            assert "svg" not in made.screen.model_dump_json()

    asyncio.run(act())


def test_it_outlives_the_word_paid_and_not_its_own_time(tmp_path: Path) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre()) as made:
            await paid(made)
            await asked(made)
            await settle(made, 5.0)
            seen = [(made.screen.phase, state(made))]
            await settle(made, SHOWN_S)
            seen.append((made.screen.phase, state(made)))

            assert seen == [("confirming", "shown"), ("confirming", None)]
            assert code(made) is None

    asyncio.run(act())


@pytest.mark.parametrize("who", ["card", "face", "stranger", "fire", "close"])
def test_it_is_gone_with_whatever_comes_next(tmp_path: Path, who: str) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre()) as made:
            await paid(made)
            await asked(made)
            number = made.screen.own_page.number if made.screen.own_page else 0
            match who:
                case "card":
                    made.till.present_card("2")
                case "face":
                    made.till.show_face(attempt((LI, 0.9)))
                case "stranger":
                    made.till.show_face(attempt((LI, 0.1)))
                case "fire":
                    made.till.fire_is_on("fire")
                case _:
                    await made.till.do(HidePage())

            assert state(made) in (None, "offered")
            assert made.till.own_page.code(number) is None

    asyncio.run(act())


def test_a_stranger_ends_it_also_where_nothing_is_to_be_paid(tmp_path: Path) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre(), mode="keyed") as made:
            await made.till.do(Key(key="5"))
            await made.till.do(Confirm())
            await paid(made)
            await asked(made)
            made.till.show_face(attempt((WANG, 0.9)))
            still = state(made)
            made.till.show_face(attempt((LI, 0.9)))

            assert (still, state(made)) == ("shown", None)

    asyncio.run(act())


def test_a_cashier_goes_on_and_whoever_serves_themselves_is_the_next(tmp_path: Path) -> None:
    async def act() -> None:
        seen = list[str | None]()
        for attended in (True, False):
            folder = tmp_path / str(attended)
            folder.mkdir()
            async with at_till(folder, Centre(), mode="menu", attended=attended) as made:
                await made.till.do(PickDish(dish="rice"))
                await made.till.do(Confirm())
                await paid(made)
                await asked(made)
                await made.till.do(PickDish(dish="rice"))
                seen.append(state(made))

        assert seen == ["shown", None]

    asyncio.run(act())


def test_a_centre_that_is_away_is_said_and_forgotten_soon(tmp_path: Path) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre("gone")) as made:
            await paid(made)
            await asked(made)
            said = (state(made), code(made))
            await settle(made, 6.0)

            assert (said, state(made)) == (("silent", None), None)

    asyncio.run(act())


def test_an_answer_for_somebody_who_has_gone_is_shown_to_nobody(tmp_path: Path) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre("slow")) as made:
            await paid(made)
            await made.till.do(MyPage())
            first = made.screen.own_page
            await paid(made, "2")

            assert first is not None
            assert (first.state, state(made)) == ("asking", "offered")
            assert made.screen.own_page is not None
            assert made.screen.own_page.masked_name == BORIS.masked_name

    asyncio.run(act())


@pytest.mark.parametrize(
    ("answer", "is_offered"), [("short", True), ("closed", True), ("settled", False)]
)
def test_whoever_cannot_pay_for_their_moneys_sake_is_offered_it_too(
    answer: Literal["short", "closed", "settled"], is_offered: bool
) -> None:
    bench = Bench()
    bench.found(card("anna"))
    bench.serve(answer=ReservationAnswer(outcome=answer))

    result = bench.sale.payment.result
    assert result is not None
    assert (result.phase, result.page_of) == ("refused", "anna" if is_offered else "")


def test_nobody_is_offered_the_page_of_somebody_whom_they_only_named_or_resemble() -> None:
    for found in (
        face("anna", needs_pin=True),
        dataclasses.replace(card("anna"), diners=(
            dataclasses.replace(card("anna").diners[0], credential=CredentialKind.PIN),)),
    ):  # fmt: skip
        bench = Bench()
        [account] = [a for a in bench.book.accounts.values() if a.holder_id == "anna"]
        bench.book.learn([account.model_copy(update={"is_blocked": True})], version=2)
        bench.found(found)

        result = bench.sale.payment.result
        assert result is not None
        assert (result.refusal, result.page_of) == ("blocked", "")


def test_not_me_leaves_no_way_to_the_page_of_whom_it_was_not() -> None:
    bench = Bench()
    bench.found(face("anna"))
    bench.sale.not_me(now_s=bench.now_s)

    result = bench.sale.payment.result
    assert result is not None
    assert result.page_of == ""


def test_whoever_stood_behind_is_never_asked_beside_the_page_of_the_one_before(
    tmp_path: Path,
) -> None:
    async def act() -> None:
        async with at_till(tmp_path, Centre()) as made:
            made.till.show_face(attempt((WANG, 0.8)))
            await settle(made)
            made.till.show_face(attempt((LI, 0.8)))
            await settle(made, 2.0)
            await asked(made)
            first = (made.screen.phase, state(made))
            made.wait(SEEN_S)
            made.till.refresh()
            second = (made.screen.phase, state(made))

            assert (first, second) == (("paid", "shown"), ("asking", None))

    asyncio.run(act())
