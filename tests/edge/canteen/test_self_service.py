"""A till that nobody attends: what diners begin, what they leave, and what is left to the next."""

import asyncio
from pathlib import Path

from config.contract.money_events import ChargeRecorded
from edge.canteen.screen import (
    Cancel,
    Confirm,
    CountMeals,
    Key,
    PickDish,
    PutBack,
    Stay,
    TillRefusal,
)
from edge.canteen.self_service import CHOOSES_S, STANDS_S
from tests.edge.canteen.making import Bench, card
from tests.edge.canteen.power import PluggedTill
from tests.edge.canteen.test_till import Camera, attempt, plugged, settle, told
from tests.edge.conftest import DEADLINE_S

MENU = {"mode": "menu", "modes": ("menu", "count"), "attended": False}


async def chosen(made: PluggedTill, *dishes: str) -> None:
    for dish in dishes:
        await made.till.do(PickDish(dish=dish))


async def seconds(made: PluggedTill, count: float) -> None:
    """Let time go by as the till's own task sees it, a second at a time."""
    for _ in range(int(count)):
        made.wait(1.0)
        made.till.refresh()
        await asyncio.sleep(0.002)


async def until(made: PluggedTill, phase: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while made.screen.phase != phase:
            made.till.refresh()
            await asyncio.sleep(0.002)


def test_dishes_are_chosen_put_back_and_paid(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice", "rice", "rice")
            await made.till.do(PutBack(dish="rice"))
            lines = made.screen.lines
            made.till.present_card("1")
            before = made.screen.phase
            await made.till.do(Confirm())
            made.till.present_card("1")
            await settle(made)

            assert [(line.item, line.count, line.amount_fen) for line in lines] == [
                ("rice", 2, 400)
            ]
            assert (before, made.screen.phase, made.screen.amount_fen) == ("choosing", "paid", 400)

    asyncio.run(act())


def test_the_last_piece_put_back_leaves_nothing(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            taken = [await made.till.do(PutBack(dish=dish)) for dish in ("rice", "rice", "gone")]

            assert (taken, made.screen.lines) == ([True, False, False], ())
            assert (made.screen.phase, made.screen.self_service) == ("idle", None)

    asyncio.run(act())


def test_a_choice_that_stands_is_changed_before_another_dish_is_added(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            await made.till.do(Confirm())
            await made.till.do(Key(key="back"))

            assert (made.screen.phase, made.screen.amount_fen) == ("choosing", 200)

    asyncio.run(act())


def test_what_stands_goes_back_to_a_choice_and_what_is_left_is_cleared(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            await made.till.do(Confirm())
            made.wait(STANDS_S)
            await until(made, "choosing")
            begun = made.screen.lines
            made.wait(CHOOSES_S)
            await until(made, "idle")

            assert (len(begun), made.screen.lines) == (1, ())

    asyncio.run(act())


def test_whoever_is_still_at_it_keeps_what_they_have_begun(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            made.wait(CHOOSES_S - 1)
            is_taken = await made.till.do(Stay())
            made.wait(CHOOSES_S - 1)
            made.till.refresh()
            begun = made.screen.self_service

            assert is_taken
            assert begun is not None
            assert (begun.round, made.screen.phase) == (2, "choosing")

    asyncio.run(act())


def test_the_next_one_does_not_pay_what_somebody_left(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            await made.till.do(Confirm())
            made.wait(STANDS_S)
            await until(made, "choosing")
            made.till.show_face(attempt(("boris", 0.9)))
            await settle(made, 5.0)

            assert told(made, ChargeRecorded) == []

    asyncio.run(act())


def test_nothing_is_taken_back_while_somebody_pays_it(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU, confirm_s=10) as made:
            await chosen(made, "rice")
            await made.till.do(Confirm())
            made.wait(STANDS_S - 1)
            made.till.show_face(attempt(("anna", 0.9)))
            await settle(made, 8.0)
            asked = made.screen.phase
            taken = [
                await made.till.do(deed)
                for deed in (PickDish(dish="rice"), PutBack(dish="rice"), CountMeals(count=2))
            ]
            await settle(made, 2.0)

            assert (asked, taken, made.screen.phase) == ("asking", [False] * 3, "paid")
            assert made.screen.amount_fen == 200

    asyncio.run(act())


def test_whoever_could_not_pay_reads_why_and_may_try_again(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            await made.till.do(Confirm())
            made.till.show_face(attempt(("anna", 0.57)))
            await settle(made, STANDS_S / 2)
            await settle(made, STANDS_S)
            refused = made.screen.refusal
            await settle(made, 6.0)

            assert (refused, made.screen.phase) == (TillRefusal.NOBODY_ANSWERED, "confirming")

    asyncio.run(act())


def test_two_windows_that_both_press_pay_are_one_charge(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **MENU) as made:
            await chosen(made, "rice")
            pressed = [await made.till.do(Confirm()), await made.till.do(Confirm())]
            made.till.present_card("1")
            made.till.present_card("1")
            await settle(made)

            assert (pressed[0], len(told(made, ChargeRecorded))) == (True, 1)

    asyncio.run(act())


def test_a_count_waits_until_somebody_says_that_it_is_this_many(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **{**MENU, "mode": "count"}) as made:
            camera = Camera(200.0)
            made.till.watch_with(camera)
            made.till.present_card("1")
            await made.till.do(CountMeals(count=2))
            before = (made.screen.phase, made.screen.amount_fen)
            await made.till.do(Confirm())
            made.till.present_card("1")
            await settle(made)

            assert before == ("choosing", 2500)
            assert camera.look_count == 1
            assert (made.screen.phase, made.screen.amount_fen) == ("paid", 2500)

    asyncio.run(act())


def test_a_count_that_stands_is_changed_or_cancelled(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, **{**MENU, "mode": "count"}) as made:
            seen = list[tuple[str, int | None]]()
            await made.till.do(CountMeals(count=3))
            for deed in (Confirm(), Key(key="back"), Confirm(), CountMeals(count=2), Confirm()):
                await made.till.do(deed)
                seen.append((made.screen.phase, made.screen.amount_fen))
            await made.till.do(Cancel())

            assert seen == [("confirming", 3750), ("choosing", 3750), ("confirming", 3750),
                            ("choosing", 2500), ("confirming", 2500)]  # fmt: skip
            assert (made.screen.phase, made.screen.typed) == ("idle", "")

    asyncio.run(act())


def test_a_cashiers_count_stands_by_itself_and_is_never_taken_back(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, mode="count") as made:
            await made.till.do(Key(key="2"))
            made.wait(10 * CHOOSES_S)
            made.till.refresh()

            assert (made.screen.phase, made.screen.typed) == ("confirming", "2")
            assert made.screen.self_service is None

    asyncio.run(act())


def test_whoever_serves_themselves_has_longer_to_read_and_the_next_ends_it() -> None:
    alone, attended = Bench(mode="menu", attended=False), Bench(mode="menu")
    for bench in (alone, attended):
        bench.sale.dish("rice")
        bench.confirm()
        bench.found(card("anna"))
        bench.serve()
        bench.wait(3.0)
    still = (alone.phase, attended.phase)

    alone.sale.dish("rice")

    assert (still, alone.phase) == (("paid", "idle"), "choosing")


def test_a_price_that_was_typed_and_left_is_paid_by_nobody_else(tmp_path: Path) -> None:
    async def act() -> None:
        async with plugged(tmp_path, mode="keyed", attended=False) as made:
            await made.till.do(Key(key="5"))
            await made.till.do(Confirm())
            await seconds(made, STANDS_S)
            await until(made, "choosing")
            made.till.present_card("1")
            await settle(made)

            assert told(made, ChargeRecorded) == []

    asyncio.run(act())
