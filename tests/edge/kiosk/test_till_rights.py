"""What the page of a till may do, with whose right, and from where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from config.site import SiteIdentity
from edge.kiosk.guard import LoopbackGuard
from edge.kiosk.tills import TillPages, page_deeds, till_pages
from edge.operators import Operators
from tests.edge.canteen.making import entry
from tests.edge.canteen.power import PluggedTill
from tests.edge.test_operators import KEY, operator

LOCAL_KEY = "k" * 43
ORIGIN = "http://127.0.0.1:8180"
WANG, LI = (
    operator("wang", permissions=("canteen.sell",)),
    operator("li", permissions=("status.read",)),
)


@asynccontextmanager
async def page(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, PluggedTill]]:
    """Open the till's page by its link: what it does from here on it does by its cookie."""
    made = PluggedTill(folder, entry(), limits={})
    await made.switch_on()
    pages = TillPages(
        site=SiteIdentity(id="demo", name={"en": "Demo"}),
        tills={"till-1": made.till},
        board=made.board,
        views={},
        operators=Operators(lambda: (WANG, LI), key=KEY),
        now=lambda: made.now,
    )
    app = FastAPI()
    app.include_router(till_pages(pages))
    app.add_middleware(
        LoopbackGuard, local_key=LOCAL_KEY, node="gate-1", page_deeds=page_deeds(pages.tills)
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=ORIGIN, headers={"Origin": ORIGIN}
    ) as client:
        await client.get("/tills", params={"key": LOCAL_KEY})
        yield client, made
    await made.switch_off()


async def token(client: httpx.AsyncClient, name: str, pin: str = "2580") -> str:
    answer = await client.post(
        "/till/till-1/sessions", json={"number": f"card of {name}", "pin": pin}
    )
    return str(answer.json().get("token", answer.status_code))


def test_keys_are_anybodys_and_what_could_hide_a_theft_is_the_cashiers(tmp_path: Path) -> None:
    async def act() -> list[int]:
        async with page(tmp_path) as (client, _):
            codes = []
            for session in ("", await token(client, "li"), await token(client, "wang")):
                for command in ({"do": "not_me"}, {"do": "close"}):
                    answer = await client.post(
                        "/till/till-1/commands",
                        json=command,
                        headers={"Operator-Session": session},
                    )
                    codes.append(answer.status_code)
            return codes

    assert asyncio.run(act()) == [200, 401, 200, 403, 200, 200]


@pytest.mark.parametrize(
    "command",
    [
        {"do": "key", "key": "11"},
        {"do": "choose", "number": 0},
        {"do": "number", "number": "1\n2"},
        {"do": "dish", "dish": "../x"},
        {"do": "steal"},
        {"do": "close", "counted_fen": 1.5},
    ],
)
def test_what_is_no_command_is_refused(tmp_path: Path, command: dict[str, object]) -> None:
    async def act() -> int:
        async with page(tmp_path) as (client, _):
            return (await client.post("/till/till-1/commands", json=command)).status_code

    assert asyncio.run(act()) == 422


def test_another_page_on_this_machine_does_nothing_here(tmp_path: Path) -> None:
    async def act() -> list[int]:
        async with page(tmp_path) as (client, _):
            elsewhere = {"Origin": "http://127.0.0.1:9999"}
            answers = [
                await client.post(
                    "/till/till-1/commands", json={"do": "confirm"}, headers=elsewhere
                ),
                await client.post("/api/tills/till-1/card", json={"number": "1"}),
                await client.post("/till/far/commands", json={"do": "confirm"}),
                await client.get("/till/till-1/live.mjpeg"),
            ]
            return [answer.status_code for answer in answers]

    assert asyncio.run(act()) == [401, 401, 401, 404]


def test_a_program_of_this_machine_holds_a_card_to_the_reader(tmp_path: Path) -> None:
    async def act() -> tuple[dict[str, bool], str]:
        async with page(tmp_path) as (client, made):
            bearer = {"Authorization": f"Bearer {LOCAL_KEY}"}
            answer = await client.post(
                "/api/tills/till-1/card", json={"number": "1"}, headers=bearer
            )
            await made.rest()
            return answer.json(), made.screen.phase

    assert asyncio.run(act()) == ({"is_taken": True}, "paid")


def test_a_wrong_pin_signs_nobody_in(tmp_path: Path) -> None:
    async def act() -> str:
        async with page(tmp_path) as (client, _):
            return await token(client, "wang", "0000")

    assert asyncio.run(act()) == "401"
