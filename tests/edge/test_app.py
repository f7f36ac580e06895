import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from httpx_sse import aconnect_sse

from config.cameras import CameraEntry
from config.contract.access_model import parse_access_model
from config.contract.events import AssistanceRequested, ClockQuality, EventClass, NodeStarted
from config.contract.nodes import AccessRecord, ActiveLockdown, HolderRecord
from config.contract.trust import card_verifier, pin_verifier
from config.contract.visitor_code import VisitorCode, encode_visitor_code
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Site, SiteError, SiteIdentity
from config.site import Node as NodeEntry
from edge.app import Node, Ready
from edge.identity import Home
from models.store import Store
from tests.edge.central_stand_in import CARD_KEY, NODE, SITE, CentralStandIn
from tests.edge.conftest import enrolled, eventually

CARD = "0006547886"
ALARM = EventClass.ALARM


def make_site(folder: Path, *, kiosk_port: int = 0) -> Site:
    """Return a site whose gate does not answer and whose camera's networks are missing."""
    return Site(
        site=SiteIdentity(id=SITE, name={"en": "Demo"}),
        node=(NodeEntry(id=NODE, kiosk_port=kiosk_port),),
        bus=(BusEntry(id="line-1", node=NODE, port=str(folder / "line")),),
        device=(DeviceEntry(id="gate-east", driver="speed_gate", bus="line-1"),),
        camera=(CameraEntry(id="camera-1", node=NODE, url="0"),),
        access_point=(
            AccessPointEntry(id="east", node=NODE, device="gate-east", camera="camera-1"),
        ),
    )


@asynccontextmanager
async def at_work(
    folder: Path, central: CentralStandIn, *, kiosk_port: int = 0, site: Site | None = None
) -> AsyncIterator[tuple[Node, Ready]]:
    """Run a node, which joins central at its first start."""
    home = Home(folder / "home")
    identity = home.load(site=SITE, node=NODE)
    if identity is None:
        identity = await home.enrol(central.token(), site=SITE, node=NODE)
    site = site or make_site(folder, kiosk_port=kiosk_port)
    node = Node(site, home, identity, store=Store(folder / "models"))
    ready: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(node.run(on_ready=ready.set_result))
    try:
        either: list[asyncio.Future[Any]] = [ready, task]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        yield node, ready.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def local(ready: Ready, folder: Path) -> httpx.AsyncClient:
    assert ready.kiosk_url is not None
    key = Home(folder / "home").local_key()
    url = ready.kiosk_url.partition("?")[0]
    return httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"})


def test_a_node_without_its_networks_says_so_and_takes_cards(
    tmp_path: Path, central: CentralStandIn
) -> None:
    verifier = card_verifier(CARD_KEY, CARD)
    central.put_holder(HolderRecord(holder_id="anna", version=1, cards=(verifier,)))

    async def act() -> dict[str, object]:
        async with at_work(tmp_path, central) as (node, ready), local(ready, tmp_path) as client:
            await eventually(lambda: node.status().replica_version == 1)
            answer = await client.post("api/access-points/east/card", json={"number": CARD})
            await eventually(lambda: len(central.statuses) > 0)
            await eventually(lambda: len(central.events) > 2)
            return dict(answer.json())

    answer = asyncio.run(act())

    started = [event.parsed() for event in central.events.values()]
    assert answer == {"decision": "granted", "reason": None, "asks": []}
    assert any(isinstance(data, NodeStarted) and data.pipeline_missing for data in started)
    assert central.statuses[-1].pipeline_missing


RULES = AccessRecord(
    version=1,
    model=parse_access_model(
        {
            "version": 1,
            "lockdown_levels": [{"id": "night", "priority": 1}],
            "points": [{"id": "east", "credentials": [{"require": {"any_of": [["card", "pin"]]}}]}],
        }
    ),
)


async def answers(folder: Path, ready: Ready, *asked: tuple[str, dict[str, str]]) -> list[object]:
    """Return the reasons of what the local API answers."""
    async with local(ready, folder) as client:
        return [
            (await client.post(f"api/access-points/east/{what}", json=body)).json()["reason"]
            for what, body in asked
        ]


def test_access_rules_hold_at_once_and_after_a_restart_without_central(
    tmp_path: Path, central: CentralStandIn
) -> None:
    cards, pin = (card_verifier(CARD_KEY, CARD),), pin_verifier(CARD_KEY, "anna", "1234")
    central.put_holder(HolderRecord(holder_id="anna", version=1, cards=cards, pin=pin))
    central.set_access(RULES)
    code = VisitorCode(
        holder_id=UUID(int=7),
        nonce="00112233aabbccdd",
        valid_from=central.now(),
        valid_until=central.now() + timedelta(hours=1),
        points=("west",),
    )
    text = encode_visitor_code(code, key=central.key, site=SITE)
    asked: list[tuple[str, dict[str, str]]]
    asked = [("card", {"number": CARD}), ("pin", {"pin": "1234"}), ("code", {"text": text})]

    async def act() -> list[list[object]]:
        async with at_work(tmp_path, central) as (node, ready):
            await eventually(lambda: node.status().replica_version == central.version)
            found = [await answers(tmp_path, ready, *asked)]
            night = ActiveLockdown(level="night", since=central.now())
            central.set_access(RULES.model_copy(update={"lockdowns": (night,)}))
            await eventually(lambda: node.status().replica_version == central.version)
            found.append(await answers(tmp_path, ready, asked[0]))
        await asyncio.to_thread(central.stop)
        async with at_work(tmp_path, central) as (_, ready):
            found.append(await answers(tmp_path, ready, asked[0]))
        return found

    assert asyncio.run(act()) == [
        ["credential_needed", None, "not_permitted_here"],
        ["lockdown"],
        ["lockdown"],
    ]


def test_another_site_file_keeps_what_the_journal_has_not_sent(
    tmp_path: Path, central: CentralStandIn
) -> None:
    enrolled(tmp_path / "home", central)
    before = make_site(tmp_path)
    after = before.model_copy(
        update={
            "camera": (),
            "access_point": (),
            "device": (),
            "site": SiteIdentity(id=SITE, name={"en": "Other"}),
        }
    )

    async def act() -> tuple[UUID, UUID]:
        await asyncio.to_thread(central.stop)
        async with at_work(tmp_path, central, site=before) as (node, _):
            await eventually(lambda: node.status().unsent_count > 0)
            epoch = node.status().epoch
        central.start()
        async with at_work(tmp_path, central, site=after) as (node, _):
            await eventually(lambda: len(central.events) > 1 and not node.status().unsent_count)
            return epoch, node.status().epoch

    first, second = asyncio.run(act())

    started = [e for e in central.events.values() if isinstance(e.parsed(), NodeStarted)]
    assert first == second
    assert [event.epoch for event in started] == [first, first]


def test_a_time_zone_that_is_none_is_a_mistake_of_the_site_file(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = SiteIdentity(id=SITE, name={"en": "Demo"}, time_zone="Asia/Nowhere")
    site = make_site(tmp_path).model_copy(update={"site": identity})
    node = enrolled(tmp_path / "home", central)

    with pytest.raises(SiteError, match="time_zone"):
        Node(site, Home(tmp_path / "home"), node, store=Store(tmp_path))


def test_the_status_tells_central_of_a_gate_that_is_gone(
    tmp_path: Path, central: CentralStandIn
) -> None:
    async def act() -> None:
        async with at_work(tmp_path, central):
            await eventually(lambda: any(s.last_sequences.get(ALARM) for s in central.statuses))

    asyncio.run(act())

    gates = [d for s in central.statuses for d in s.devices if d.device == "gate-east"]
    assert gates[0].is_awaited
    assert not any(gate.is_current for gate in gates)
    assert (gates[-1].is_awaited, gates[-1].state) == (False, None)
    assert str(tmp_path / "line") in gates[-1].detail


def test_a_node_that_starts_says_that_it_awaits_its_clock(
    tmp_path: Path, central: CentralStandIn
) -> None:
    async def act() -> None:
        async with at_work(tmp_path, central):
            await eventually(lambda: bool(central.statuses))

    asyncio.run(act())

    first = central.statuses[0]
    assert (first.clockquality, first.is_clock_awaited) == (ClockQuality.UNSURE, True)


def test_a_node_whose_page_has_no_port_works_without_it(
    tmp_path: Path, central: CentralStandIn
) -> None:
    async def act(kiosk_port: int) -> str | None:
        async with at_work(tmp_path, central, kiosk_port=kiosk_port) as (_, ready):
            return ready.kiosk_url

    with socket.create_server(("127.0.0.1", 0)) as taken:
        kiosk_url = asyncio.run(act(taken.getsockname()[1]))

    assert kiosk_url is None


def test_a_ring_reaches_central_and_its_answer_the_screen_while_the_gate_is_dead(
    tmp_path: Path, central: CentralStandIn
) -> None:
    async def shown(client: httpx.AsyncClient) -> str:
        async with aconnect_sse(client, "GET", "kiosk/east/stream") as source:
            async for event in source.aiter_sse():
                if event.event == "hello":
                    return str(event.json()["standing"]["call"])
        raise AssertionError("the stream ended")

    async def act() -> list[str]:
        async with at_work(tmp_path, central) as (_, ready), local(ready, tmp_path) as client:
            await eventually(lambda: len(central.statuses) > 0)
            for _ in range(3):
                reply = await client.post("kiosk/east/assistance")
                assert reply.status_code == 204
            states = list[str]()
            while "coming" not in states:
                states.append(await shown(client))
                if states[-1] == "asked":
                    central.taken_at = central.now()
            return states

    states = asyncio.run(asyncio.wait_for(act(), 60))

    rings = [e for e in central.events.values() if e.type == AssistanceRequested.type_name]
    assert list(dict.fromkeys(states))[-2:] == ["asked", "coming"]
    assert len(rings) == 1


def test_no_secret_is_logged_by_a_node_at_work(
    tmp_path: Path, central: CentralStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    record = HolderRecord(
        holder_id="anna",
        version=1,
        masked_name="Anna*",
        cards=(card_verifier(CARD_KEY, CARD),),
    )
    central.put_holder(record)

    async def act() -> None:
        async with at_work(tmp_path, central) as (node, ready), local(ready, tmp_path) as client:
            await eventually(lambda: node.status().replica_version == 1)
            for number in (CARD, "0000000001"):
                await client.post("api/access-points/east/card", json={"number": number})
            await eventually(lambda: len(central.events) > 4)

    asyncio.run(act())

    home = tmp_path / "home"
    keys = [(home / name).read_text() for name in ("local.key", "signing.key", "sealing.key")]
    for secret in (*keys, CARD, "0000000001", "Anna*", record.cards[0], "Bearer"):
        assert secret not in caplog.text
