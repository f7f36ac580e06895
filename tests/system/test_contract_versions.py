"""A terminal of the contract before speaks with today's central, and today's with that central.

``data/contract_1.json`` was recorded between an edge and a central of contract version 1, from one
source tree; person, keys and secrets in it were made for it.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fastapi import FastAPI, Request, Response
from pydantic import TypeAdapter

from config.contract.events import DoorForcedOpen, Event
from config.contract.headers import CONTRACT, CONTRACT_VERSION
from config.contract.identifiers import new_id
from config.contract.nodes import NodeEnrolment, NodeStatus, NodeWelcome
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Identity
from tests.central.bench import Bench, Node, make_event, running_central
from tests.serving import serving

RECORDED: Final = json.loads(
    Path(__file__).with_name("data").joinpath("contract_1.json").read_text(encoding="utf-8")
)["exchanges"]
_EVENTS: Final = TypeAdapter(list[Event])
STATUS: Final = "/api/v1/nodes/current/status"


def recorded(word: str) -> dict[str, Any]:
    """Return the one exchange whose target ends so."""
    (found,) = (each for each in RECORDED if each["target"].partition("?")[0].endswith(word))
    return dict(found)


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_central(tmp_path_factory.mktemp("central")) as bench:
        holder_id = bench.person("王芳", number="1001")
        cards = f"/api/v1/people/{holder_id}/cards"
        assert bench.administrator.post(cards, json={"number": "04A1B2C3"}).is_success
        yield bench


@pytest.fixture(scope="module")
def node(central: Bench) -> Node:
    return central.node()


def shape(value: object) -> object:
    """Return the members of an answer: an older node refuses those that it does not know."""
    match value:
        case dict():
            return {name: shape(each) for name, each in sorted(value.items())}
        case list():
            return [shape(each) for each in value[:1]]
        case _:
            return None


def test_an_older_terminal_may_still_join() -> None:
    assert NodeEnrolment.model_validate_json(recorded("/enrol")["body"]).node == "gate-1"


def test_what_an_older_terminal_tells_is_taken(central: Bench, node: Node) -> None:
    events, status = recorded("/events"), recorded("/status")
    count = len(json.loads(events["body"]))

    told = [node.request("POST", "/api/v1/events", events["body"].encode()) for _ in range(2)]
    reported = node.request("PUT", STATUS, status["body"].encode())

    assert [reply.json() for reply in told] == [
        {"stored": count, "duplicates": 0, "conflicts": 0},
        {"stored": 0, "duplicates": count, "conflicts": 0},
    ]
    assert reported.status_code == 204
    (view,) = (v for v in central.administrator.get("/api/v1/nodes").json() if v["status"])
    assert view["contract"] == 1


@pytest.mark.parametrize("word", ["/replica", "/commands", "/assistance"])
def test_an_older_terminal_is_answered_in_words_that_it_knows(node: Node, word: str) -> None:
    before = recorded(word)

    reply = node.request("GET", before["target"])

    assert shape(reply.json()) == shape(json.loads(before["answer"]))


def test_what_a_newer_terminal_tells_besides_is_kept_and_the_rest_counts(
    central: Bench, node: Node
) -> None:
    now = central.clock()
    known = make_event(1, epoch=new_id(), fact=DoorForcedOpen(device="gate"), time=now)
    newer = known.model_dump(mode="json", by_alias=True)
    newer |= {"severity": 7, "data": {"device": "gate", "by": "crowbar"}}
    unknown = {**newer, "id": str(new_id()), "type": "menshen.roof.lifted.v1", "sequence": 2}
    status = json.loads(recorded("/status")["body"]) | {"at": now.isoformat(), "mood": "good"}

    told = node.request("POST", "/api/v1/events", json.dumps([newer, unknown]).encode())
    reported = node.request("PUT", STATUS, json.dumps(status).encode())

    assert (told.json()["stored"], reported.status_code) == (2, 204)
    assert told.headers[CONTRACT] == str(CONTRACT_VERSION)
    kept = central.auditor.get("/api/v1/events?after=0&limit=1000").json()["items"]
    assert [
        (e["event"]["severity"], e["event"]["data"]) for e in kept if "severity" in e["event"]
    ] == [(7, {"device": "gate", "by": "crowbar"})] * 2
    alarms = central.administrator.get("/api/v1/alarms").json()["items"]
    assert "forced_open" in {alarm["kind"] for alarm in alarms}


def older_central(*, more: dict[str, object]) -> FastAPI:
    """Return a central that answers as it was recorded, and says ``more`` where it only tells."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
    async def answer(path: str, request: Request) -> Response:
        await request.body()
        said = recorded(f"/{path.rpartition('/')[2]}")
        body = said["answer"]
        if more and path.endswith(("events", "assistance")):
            body = json.dumps({**json.loads(body), **more})
        return Response(body, said["status"], media_type="application/json")

    return app


@pytest.mark.parametrize("more", [{}, {"mood": "good"}])
def test_todays_terminal_understands_an_older_central_and_a_newer_one_that_tells_more(
    more: dict[str, object],
) -> None:
    welcome = NodeWelcome.model_validate_json(recorded("/enrol")["answer"])
    events = _EVENTS.validate_json(recorded("/events")["body"])
    status = NodeStatus.model_validate_json(recorded("/status")["body"])

    async def act(url: str) -> tuple[int, int, float | None]:
        identity = Identity(
            site=welcome.site,
            node=welcome.node,
            url=url,
            central_key=welcome.central_key,
            signing_key=Ed25519PrivateKey.generate(),
            sealing_key=X25519PrivateKey.generate(),
            card_key=b"c" * 32,
            ca_certificate=None,
        )
        client = CentralClient(identity, NodeClock())
        try:
            wanted_s = await client.put_status(status)
            receipt = await client.send_events(events, is_backlog=True)
            page = await client.replica_page(after=0, access=0)
            assert (await client.commands()).commands == ()
            assert (await client.open_calls()).items == ()
        finally:
            await client.close()
        return receipt.stored, len(page.holders), wanted_s

    with serving(older_central(more=more)) as url:
        assert asyncio.run(act(url)) == (len(events), 1, None)
