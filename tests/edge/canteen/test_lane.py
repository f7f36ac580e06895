"""A canteen lane: pending when it opens, paid when somebody has passed, let go otherwise."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest

from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.events import EventData
from config.contract.identifiers import new_id
from config.contract.money import ReservationAnswer
from config.contract.money_events import (
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    TillClosed,
    TillOpened,
)
from drivers.base import DeviceUnreachableError, Side
from edge.access.question import Denied, Granted, Person
from edge.canteen.book import Book, Charge
from edge.canteen.keeping import Keeping
from edge.canteen.lane import CanteenLane
from edge.canteen.store import Store
from tests.edge.access.bench import ANNA, CARD, Bench, running_bench
from tests.edge.canteen.making import LUNCH, ZONE, Known, accounts, entry, plan
from tests.edge.conftest import DEADLINE_S, NOW, eventually

ALL_DAY = LUNCH.model_copy(update={"begins": LUNCH.begins.replace(hour=0), "ends": LUNCH.ends.max})
BORIS = Person(holder_id="boris", masked_name="B*")
HIS_CARD = "0006547887"
MONEY = (ChargePending, ChargeRecorded, ChargeReleased)


@dataclasses.dataclass
class Central:
    """Keeps money, or says what else there is to say."""

    answer: ReservationAnswer | None = dataclasses.field(
        default_factory=lambda: ReservationAnswer(outcome="reserved")
    )
    asked: list[Charge] = dataclasses.field(default_factory=list)
    is_online: bool = True
    since: datetime = NOW

    async def reserve(self, charge: Charge) -> ReservationAnswer | None:
        self.asked.append(charge)
        return self.answer


@dataclasses.dataclass
class Canteen:
    """A lane that takes money."""

    bench: Bench
    central: Central
    lane: CanteenLane

    async def card(self) -> Granted | Denied:
        return await self.bench.lane.present_card(CARD)

    async def money(self) -> list[EventData]:
        return [fact for fact in await self.bench.facts() if isinstance(fact, MONEY)]

    async def payers(self) -> list[str]:
        """Return who has paid, once somebody has."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                facts = await self.money()
                if found := [f.holder_id for f in facts if isinstance(f, ChargeRecorded)]:
                    return found
                await asyncio.sleep(0.002)

    async def eventually(self, *kinds: type[EventData]) -> list[EventData]:
        """Return the facts about money once they are of these kinds."""
        async with asyncio.timeout(DEADLINE_S):
            while tuple(map(type, found := await self.money())) != kinds:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.002)
        return found


def play(
    folder: Path,
    script: Callable[[Canteen], Awaitable[None]],
    *,
    direction: Direction = Direction.IN,
    model: dict[str, object] | None = None,
    way_s: float = 20.0,
    **limits: int,
) -> None:
    async def run() -> None:
        async with running_bench(folder, direction=direction, model=model) as bench:
            given = plan(**limits)
            [merchant] = given.merchants
            merchant = merchant.model_copy(update={"periods": (ALL_DAY,)})
            given = given.model_copy(update={"merchants": (merchant,)})
            book = Book(given, accounts(anna=9000, boris=9000))
            bench.people.people["boris"] = BORIS
            bench.people.cards[HIS_CARD] = "boris"
            store, central = Store(folder / "canteen.db"), Central()
            store.open()
            keeping = Keeping(store, book, bench.journal, now=lambda: bench.now)
            lane = CanteenLane(
                entry(mode="lane", access_point="east"),
                keeping=keeping,
                money=central,
                people=Known({"anna": ANNA, "boris": BORIS}),
                zone=ZONE,
                now=lambda: bench.now,
                way_s=way_s,
            )
            bench.lane.pay_with(lane)
            bench.lane.screen.when_fire(lane.fire_is_on)
            tasks = [asyncio.create_task(lane.run()), asyncio.create_task(keeping.run())]
            try:
                await script(Canteen(bench, central, lane))
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                store.close()

    asyncio.run(run())


def test_a_meal_is_pending_when_the_gate_opens_and_paid_when_somebody_passed(
    tmp_path: Path,
) -> None:
    async def script(canteen: Canteen) -> None:
        decision = await canteen.card()
        pending = [type(fact) for fact in await canteen.money()]
        canteen.bench.lane.passages_counted(1)
        _, recorded = await canteen.eventually(ChargePending, ChargeRecorded)

        assert decision == Granted("anna")
        assert pending == [ChargePending]
        assert isinstance(recorded, ChargeRecorded)
        assert (recorded.amount_fen, recorded.is_reserved) == (1250, True)

    play(tmp_path, script)


def test_whoever_does_not_pass_owes_nothing(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()
        canteen.bench.now_s += 60.0

        _, released = await canteen.eventually(ChargePending, ChargeReleased)
        canteen.bench.lane.passages_counted(1)
        await canteen.bench.settle()

        assert isinstance(released, ChargeReleased)
        assert released.reason == "not_passed"
        await canteen.eventually(ChargePending, ChargeReleased)

    play(tmp_path, script)


def test_a_gate_that_does_not_answer_charges_nobody_who_does_not_pass(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        canteen.bench.gate.errors.append(DeviceUnreachableError("no answer"))
        await canteen.card()
        canteen.bench.now_s += 60.0

        await canteen.eventually(ChargePending, ChargeReleased)

    play(tmp_path, script)


def test_nobody_pays_for_whoever_walks_through_in_their_place(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()
        next_one = asyncio.create_task(canteen.bench.lane.present_card(HIS_CARD))
        await eventually(lambda: canteen.bench.lane.deciding_since_s is not None)
        canteen.bench.now_s += 60.0
        decision = await next_one
        canteen.bench.lane.passages_counted(1)

        assert decision == Granted("boris")
        assert await canteen.payers() == ["boris"]

    play(tmp_path, script)


def test_whoever_waits_too_long_for_the_one_before_shows_themselves_again(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()

        decision = await canteen.bench.lane.present_card(HIS_CARD)

        assert decision == Denied(DenialReason.LANE_BUSY, "boris")
        assert len(canteen.bench.gate.commands) == 1

    play(tmp_path, script, way_s=0.01)


@pytest.mark.parametrize("outcome", ["short", "closed"])
def test_whoever_cannot_pay_is_told_so_and_the_gate_stays_shut(
    tmp_path: Path, outcome: str
) -> None:
    async def script(canteen: Canteen) -> None:
        canteen.central.answer = ReservationAnswer.model_validate({"outcome": outcome})

        decision = await canteen.card()

        assert decision == Denied(DenialReason.CANNOT_PAY, "anna")
        assert canteen.bench.gate.commands == []
        await canteen.eventually(ChargePending, ChargeReleased)

    play(tmp_path, script)


def test_without_central_the_lane_goes_on_within_its_limits(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        canteen.central.answer = None
        first = await canteen.card()
        canteen.bench.lane.passages_counted(1)
        await canteen.eventually(ChargePending, ChargeRecorded)
        second = await canteen.card()

        assert first == Granted("anna")
        assert second == Denied(DenialReason.CANNOT_PAY, "anna")

    play(tmp_path, script, offline_person_fen=2000, repeat_s=0)


def test_the_same_person_again_has_to_mean_it(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()
        canteen.bench.lane.passages_counted(1)
        await canteen.eventually(ChargePending, ChargeRecorded)

        decisions = [await canteen.card(), await canteen.card()]

        assert decisions == [Denied(DenialReason.CANNOT_PAY, "anna"), Granted("anna")]

    play(tmp_path, script)


def test_a_way_out_asks_nobody_for_money(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        canteen.central.answer = ReservationAnswer(outcome="closed")

        decisions = [await canteen.card(), await canteen.bench.lane.exit_requested()]

        assert [type(decision) for decision in decisions] == [Granted, Granted]
        assert canteen.central.asked == []

    play(tmp_path, script, direction=Direction.OUT)


def test_an_exit_button_at_a_lane_that_nobody_can_pay_at_opens(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        canteen.central.answer = ReservationAnswer(outcome="closed")

        decision = await canteen.bench.lane.exit_requested()

        assert isinstance(decision, Granted)
        assert canteen.bench.gate.commands == [Side.OUT]
        assert canteen.central.asked == []

    play(tmp_path, script)


def test_who_flees_from_a_fire_is_not_charged(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()

        canteen.bench.lane.screen.fire_is_on("fire")
        canteen.bench.lane.passages_counted(1)

        await canteen.eventually(ChargePending, ChargeReleased)
        assert await canteen.lane.hold(new_id(), "anna", CredentialKind.CARD) is None

    play(tmp_path, script)


def test_each_day_has_a_session_of_its_own(tmp_path: Path) -> None:
    async def script(canteen: Canteen) -> None:
        await canteen.card()
        canteen.bench.lane.passages_counted(1)
        await canteen.eventually(ChargePending, ChargeRecorded)
        canteen.bench.now = NOW.replace(day=24)
        await canteen.card()
        await eventually(lambda: canteen.bench.journal.status.unsent_count > 0)

        opens = list[TillOpened]()
        async with asyncio.timeout(DEADLINE_S):
            while len(opens) < 2:
                facts = await canteen.bench.facts()
                opens = [fact for fact in facts if isinstance(fact, TillOpened)]
                await asyncio.sleep(0.002)
        closes = [fact for fact in facts if isinstance(fact, TillClosed)]
        assert [close.charge_fen for close in closes] == [1250]
        assert opens[0].session_id == closes[0].session_id != opens[1].session_id

    play(tmp_path, script)
