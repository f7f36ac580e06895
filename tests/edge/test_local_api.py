import asyncio

import httpx
import pytest
from fastapi import FastAPI

from config.contract.access import DenialReason
from config.contract.events import ClockQuality
from config.contract.nodes import NodeStatus
from edge.access.decision import Denied, Granted
from edge.journal import NO_EPOCH
from edge.kiosk.guard import LoopbackGuard
from edge.local_api import local_api
from tests.edge.conftest import NOW

KEY = "k" * 43
KEY_HEADER = {"Authorization": f"Bearer {KEY}"}
URL = "http://127.0.0.1:8180"
CARD_PATH = "/api/access-points/east/card"
STATUS = NodeStatus(
    at=NOW,
    version="0",
    epoch=NO_EPOCH,
    clockquality=ClockQuality.UNSURE,
    replica_version=0,
    last_sequences={},
    unsent_count=0,
    is_journal_writable=True,
    pipeline="builtin",
)


class OneCardLane:
    """Knows one card; another comes when the lane is busy."""

    async def present_card(self, number: str) -> Granted | Denied:
        if number == "busy":
            raise TimeoutError
        return Granted("anna") if number == "1" else Denied(DenialReason.UNKNOWN_CARD)


def ask(
    method: str, path: str, *, body: object = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    app = FastAPI()
    app.include_router(local_api(status=lambda: STATUS, lanes={"east": OneCardLane()}))
    app.add_middleware(LoopbackGuard, local_key=KEY, node="gate-1")

    async def act() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(
                method, path, json=body, headers={**KEY_HEADER, **(headers or {})}
            )

    return asyncio.run(act())


def test_a_known_card_is_granted() -> None:
    answer = ask("POST", CARD_PATH, body={"number": "1"})

    assert answer.json() == {"decision": "granted", "reason": None}


def test_an_unknown_card_is_told_why() -> None:
    answer = ask("POST", CARD_PATH, body={"number": "2"})

    assert answer.json() == {"decision": "denied", "reason": "unknown_card"}


def test_the_status_is_the_one_that_central_gets() -> None:
    answer = ask("GET", "/api/status")

    assert NodeStatus.model_validate(answer.json()) == STATUS


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Host": "gate.example:8180"}, 421),
        ({"Host": "127.0.0.1.gate.example"}, 421),
    ],
)
def test_without_the_key_or_by_another_name_nothing_is_served(
    headers: dict[str, str], status: int
) -> None:
    answer = ask("POST", CARD_PATH, body={"number": "1"}, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize("number", ["", "x" * 65, "1\n2", "' OR 1=1 --\x00", None, 17])
def test_what_is_no_card_number_goes_no_further(number: object) -> None:
    assert ask("POST", CARD_PATH, body={"number": number}).status_code == 422


def test_an_unknown_access_point_is_said() -> None:
    answer = ask("POST", "/api/access-points/west/card", body={"number": "1"})

    assert answer.status_code == 404
    assert "west" in answer.json()["detail"]


def test_a_busy_lane_is_said() -> None:
    assert ask("POST", CARD_PATH, body={"number": "busy"}).status_code == 503
