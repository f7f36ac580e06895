"""A whole node with a till and a scale before central's stand-in: cut off, and started again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse

from config.contract.diner_links import TerminalLink
from config.contract.identifiers import new_id
from config.contract.money import ChargeMode
from config.contract.money_events import ChargeRecorded, TillClosed, TillOpened
from config.contract.nodes import HolderRecord
from config.contract.operators import OperatorRecord
from config.contract.trust import card_verifier, pin_verifier
from config.site import BusEntry, DeviceEntry, Site, SiteIdentity
from config.site import Node as NodeEntry
from config.site_canteen import MerchantEntry
from drivers.registry import simulator_module
from drivers.simulators.line import SimulatedLine
from edge.app import Node, Ready
from edge.canteen.screen import TillScreen
from tests.edge.canteen.making import accounts, entry, plan
from tests.edge.central_stand_in import CARD_KEY, CODE_SVG, NODE, SITE, CentralStandIn
from tests.edge.conftest import DEADLINE_S, eventually
from tests.edge.test_app import at_work, local

CARDS = {"anna": "0001", "boris": "0002"}
CASHIER = {"number": "9999", "pin": "2580"}


def make_site(port: str) -> Site:
    return Site(
        site=SiteIdentity(id=SITE, name={"en": "Demo"}),
        node=(NodeEntry(id=NODE, kiosk_port=0),),
        bus=(BusEntry(id="line-1", node=NODE, port=port),),
        device=(DeviceEntry(id="scale-1", driver="toledo_continuous", bus="line-1"),),
        merchant=(MerchantEntry(id="canteen"),),
        till=(entry(mode="keyed", modes=("keyed", "weighed"), scale="scale-1"),),
    )


def tell(central: CentralStandIn) -> None:
    """Let central know two diners, a cashier, and what is sold."""
    for name, number in CARDS.items():
        cards = (card_verifier(CARD_KEY, number),)
        central.put_holder(
            HolderRecord(holder_id=name, version=1, masked_name=f"{name[0]}**", cards=cards)
        )
    cashier = str(new_id())
    central.operators = (
        OperatorRecord(
            operator_id=cashier,
            name="ming",
            card=card_verifier(CARD_KEY, CASHIER["number"]),
            pin=pin_verifier(CARD_KEY, cashier, CASHIER["pin"]),
            permissions=("canteen.sell",),
        ),
    )
    central.plan, central.accounts = plan(), accounts(anna=5000, boris=5000)


class Page:
    """What a cashier does on the till's page."""

    def __init__(self, node: Node, client: httpx.AsyncClient) -> None:
        self.node, self.client, self.token = node, client, ""

    async def sign_in(self) -> int:
        answer = await self.client.post("till/till-1/sessions", json=CASHIER)
        self.token = answer.json().get("token", "") if answer.is_success else ""
        return answer.status_code

    async def do(self, what: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - of a command
        return await self.client.post(
            "till/till-1/commands",
            json={"do": what, **more},
            headers={"Operator-Session": self.token},
        )

    async def type(self, keys: str) -> None:
        for key in keys:
            await self.do("key", key=key)
        await self.do("confirm")

    async def card(self, name: str) -> None:
        await self.client.post("api/tills/till-1/card", json={"number": CARDS[name]})

    async def until(self, is_so: Callable[[TillScreen], bool]) -> TillScreen:
        """Return the first screen that is so."""
        async with aconnect_sse(self.client, "GET", "till/till-1/stream") as source:
            async for event in source.aiter_sse():
                screen = TillScreen.model_validate_json(event.data)
                if is_so(screen):
                    return screen
        raise AssertionError("the stream ended")

    async def at(self, phase: str) -> TillScreen:
        """Return the first screen of a phase."""
        return await self.until(lambda screen: screen.phase == phase)


@asynccontextmanager
async def page(folder: Path, central: CentralStandIn, port: str) -> AsyncIterator[Page]:
    ready: Ready
    async with (
        at_work(folder, central, site=make_site(port)) as (node, ready),
        local(ready, folder) as client,
        asyncio.timeout(60),
    ):
        yield Page(node, client)


def charges(central: CentralStandIn) -> Sequence[ChargeRecorded]:
    found = [event.parsed() for event in central.events.values()]
    return [fact for fact in found if isinstance(fact, ChargeRecorded)]


async def online(shown: Page) -> None:
    """Wait until people, plan and central are known."""
    await eventually(lambda: shown.node.status().replica_version >= 2)
    await shown.until(lambda screen: screen.link.is_online)
    async with asyncio.timeout(DEADLINE_S):
        while await shown.sign_in() != 201:  # noqa: ASYNC110 - it is asked over HTTP
            await asyncio.sleep(0.01)


def test_a_day_at_the_till_with_central_and_without(
    tmp_path: Path, central: CentralStandIn
) -> None:
    tell(central)

    async def act() -> list[object]:
        seen = list[object]()
        async with page(tmp_path, central, str(tmp_path / "line")) as shown:
            await online(shown)
            refused = await shown.do("open")
            shown.token = ""
            forbidden = await shown.do("close")
            await shown.sign_in()
            seen += [refused.json(), forbidden.status_code]
            await shown.type("8.5")
            await shown.card("anna")
            paid = await shown.at("paid")
            seen += [paid.amount_fen, paid.masked_name, len(paid.last)]
            await eventually(lambda: len(charges(central)) == 1)
            await asyncio.to_thread(central.stop)
            await shown.at("idle")
            await shown.type("12")
            await shown.card("boris")
            paid = await shown.at("paid")
            seen += [paid.amount_fen, paid.link.limit_left_fen < 1_000_000]
        async with page(tmp_path, central, str(tmp_path / "line")) as shown:
            again = await shown.at("idle")
            seen += [again.session is not None, [c.amount_fen for c in again.last]]
            await asyncio.to_thread(central.start)
            await eventually(lambda: len(charges(central)) == 2)
            await online(shown)
            closed = await shown.do("close", counted_charges=2, counted_fen=2000)
            seen += [closed.json(), (await shown.at("closed")).close is not None]
            await eventually(lambda: bool(closes(central)))
        return seen

    assert asyncio.run(act()) == [
        {"is_taken": True}, 401,
        850, "a**", 1,
        1200, True,
        True, [1200, 850],
        {"is_taken": True}, True,
    ]  # fmt: skip
    first, second = charges(central)
    assert [first.is_reserved, second.is_reserved] == [True, False]
    assert set(central.reservations) == {first.charge_id}
    [close] = closes(central)
    assert (close.charge_count, close.charge_fen, close.counted_fen) == (2, 2050, 2000)
    assert first.session_id == second.session_id == close.session_id


def closes(central: CentralStandIn) -> Sequence[TillClosed]:
    found = [event.parsed() for event in central.events.values()]
    return [fact for fact in found if isinstance(fact, TillClosed)]


def weight_of(screen: TillScreen) -> int | None:
    return None if screen.weight is None else screen.weight.grams


def test_a_plate_on_the_scale_is_paid_once_and_never_by_the_next(
    tmp_path: Path, central: CentralStandIn
) -> None:
    tell(central)
    module = simulator_module("toledo_continuous")
    scale: Any = module.Simulator(module.Simulator.Settings())
    line = SimulatedLine(scale)
    port = line.start_serial(tmp_path / "scale")

    async def act() -> list[object]:
        seen = list[object]()
        async with page(tmp_path, central, port) as shown:
            await online(shown)
            await shown.do("open")
            await shown.do("mode", mode="weighed")
            await shown.do("dish", dish="buffet")
            scale.act("put", {"weight_kg": 0.251})
            seen.append((await shown.at("confirming")).amount_fen)
            await shown.card("anna")
            seen.append((await shown.at("paid")).amount_fen)
            waiting = await shown.at("weighing")
            await shown.card("boris")
            scale.act("remove", {})
            await shown.until(lambda screen: weight_of(screen) == 0)
            scale.act("put", {"weight_kg": 0.100})
            seen += [waiting.weight is not None, (await shown.at("confirming")).amount_fen]
            await eventually(lambda: len(charges(central)) == 1)
        return seen

    try:
        assert asyncio.run(act()) == [999, 999, True, 398]
    finally:
        line.stop()
    [charge] = charges(central)
    assert (charge.mode, charge.lines[0].weight_g) == (ChargeMode.WEIGHED, 251)
    opens = [event.parsed() for event in central.events.values()]
    assert [fact.by != "" for fact in opens if isinstance(fact, TillOpened)] == [True]


def is_code_shown(screen: TillScreen) -> bool:
    return screen.own_page is not None and screen.own_page.state == "shown"


def test_whoever_has_paid_gets_the_way_to_their_own_page(
    tmp_path: Path, central: CentralStandIn
) -> None:
    tell(central)
    wang = new_id()
    central.put_holder(
        HolderRecord(
            holder_id=str(wang),
            version=3,
            masked_name="王**",
            cards=(card_verifier(CARD_KEY, "0003"),),
        )
    )
    central.accounts += [
        account.model_copy(update={"version": 2}) for account in accounts(**{str(wang): 5000})
    ]

    async def act() -> None:
        async with page(tmp_path, central, str(tmp_path / "line")) as shown:
            await online(shown)
            await eventually(lambda: shown.node.status().replica_version >= 3)
            await shown.do("open")
            await shown.type("8.5")
            await shown.client.post("api/tills/till-1/card", json={"number": "0003"})
            await shown.at("paid")
            await shown.do("my_page")
            own = (await shown.until(is_code_shown)).own_page
            assert own is not None
            code = await shown.client.get(f"till/till-1/own-page/{own.number}.svg")

            assert central.links == [TerminalLink(holder_id=wang, till="till-1")]
            assert (code.text, code.headers["cache-control"]) == (CODE_SVG, "no-store")

    asyncio.run(act())
