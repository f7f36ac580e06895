import asyncio

import httpx
import pytest
from fastapi import FastAPI

from config.contract.access import CredentialKind, DenialReason
from config.contract.events import ClockQuality
from config.contract.nodes import NodeStatus
from edge.access.decision import Denied, Granted
from edge.access.facts import DuressDetected
from edge.journal import NO_EPOCH
from edge.kiosk.guard import LoopbackGuard
from edge.local_api import local_api
from tests.edge.conftest import NOW

KEY = "k" * 43
KEY_HEADER = {"Authorization": f"Bearer {KEY}"}
URL = "http://127.0.0.1:8180"
CARD_PATH = "/api/access-points/east/card"
PIN_PATH, CODE_PATH = "/api/access-points/east/pin", "/api/access-points/east/code"
EXIT_PATH = "/api/access-points/east/exit"
GRANTED: dict[str, object] = {"decision": "granted", "reason": None, "asks": []}
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
    """Knows one card, its PIN and one code; another card comes when the lane is busy."""

    async def present_card(self, number: str) -> Granted | Denied:
        if number == "busy":
            raise TimeoutError
        if number == "and-pin":
            asks = frozenset({CredentialKind.PIN, CredentialKind.FACE})
            return Denied(DenialReason.CREDENTIAL_NEEDED, "anna", asks=asks)
        return Granted("anna") if number == "1" else Denied(DenialReason.UNKNOWN_CARD)

    async def present_pin(self, pin: str) -> Granted | Denied:
        duress = (DuressDetected("anna", "east"),) if pin == "4321" else ()
        is_right = pin in ("1234", "4321")
        return Granted("anna", facts=duress) if is_right else Denied(DenialReason.WRONG_PIN)

    async def present_code(self, text: str) -> Granted | Denied:
        return Granted("anna") if text == "MV1.x" else Denied(DenialReason.UNKNOWN_CODE)

    async def exit_requested(self) -> Granted | Denied:
        return Granted(None)


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

    assert answer.json() == GRANTED


def test_an_unknown_card_is_told_why() -> None:
    answer = ask("POST", CARD_PATH, body={"number": "2"})

    assert answer.json() == {"decision": "denied", "reason": "unknown_card", "asks": []}


def test_a_card_that_is_not_enough_is_told_what_is_missing() -> None:
    answer = ask("POST", CARD_PATH, body={"number": "and-pin"})

    assert answer.json()["asks"] == ["face", "pin"]


def test_a_duress_pin_is_answered_as_a_pin_is() -> None:
    answers = [ask("POST", PIN_PATH, body={"pin": pin}) for pin in ("1234", "4321")]

    assert [answer.content for answer in answers] == [answers[0].content] * 2
    assert answers[0].json() == GRANTED


def test_a_wrong_pin_and_a_strangers_code_are_told_why() -> None:
    wrong = ask("POST", PIN_PATH, body={"pin": "9999"})
    unknown = ask("POST", CODE_PATH, body={"text": "https://example.org"})

    assert [a.json()["reason"] for a in (wrong, unknown)] == ["wrong_pin", "unknown_code"]


def test_a_code_and_the_exit_button_are_taken() -> None:
    code, button = ask("POST", CODE_PATH, body={"text": "MV1.x"}), ask("POST", EXIT_PATH)

    assert [code.json(), button.json()] == [GRANTED, GRANTED]


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


@pytest.mark.parametrize("pin", ["", "12a4", "1" * 17, "１２３４", "1234\n", 1234])
def test_what_is_no_pin_goes_no_further(pin: object) -> None:
    assert ask("POST", PIN_PATH, body={"pin": pin}).status_code == 422


@pytest.mark.parametrize("text", ["", "x" * 1201, "MV1.\x00", "二维码", None])
def test_what_no_code_can_be_goes_no_further(text: object) -> None:
    assert ask("POST", CODE_PATH, body={"text": text}).status_code == 422


@pytest.mark.parametrize("path", [PIN_PATH, CODE_PATH, EXIT_PATH])
def test_nothing_is_taken_without_the_key(path: str) -> None:
    body = {"pin": "1234", "text": "MV1.x"}

    assert ask("POST", path, body=body, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize("what", ["card", "pin", "code", "exit"])
def test_an_unknown_access_point_is_said(what: str) -> None:
    body = {"card": {"number": "1"}, "pin": {"pin": "1"}, "code": {"text": "x"}}.get(what)
    answer = ask("POST", f"/api/access-points/west/{what}", body=body)

    assert answer.status_code == 404
    assert "west" in answer.json()["detail"]


def test_a_busy_lane_is_said() -> None:
    assert ask("POST", CARD_PATH, body={"number": "busy"}).status_code == 503
