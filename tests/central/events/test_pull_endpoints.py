"""Events pulled by programs: long poll, filters, streams and what a token for it may."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete

from central.events import pull_endpoints
from central.events.heard import Heard
from central.events.pull_endpoints import _frames
from central.events.pulling import Pulled
from central.stream import HEARTBEAT_S
from central.tables import events
from config.contract.events import BATCH_CONTENT_TYPE, DoorForcedOpen
from tests.central.audit.log import in_transaction
from tests.central.bench import Bench, Node, running_central
from tests.central.postgresql import fresh_database
from tests.central.users.acting import make_token

PATH = "/api/v1/events"
WHY = {"Menshen-Purpose": "integration"}


def program(bench: Bench, *scopes: str, role: str = "technician") -> httpx.Client:
    """Return a program with a token of an operator of this role."""
    reply = make_token(bench.planted(role).client, *(scopes or ("events.read",)))
    client = bench.client()
    client.headers.update({"Authorization": f"Bearer {reply.json()['token']}", **WHY})
    del client.headers["Origin"]
    return client


def begun(client: httpx.Client, bench: Bench, **asked: Any) -> Future[httpx.Response]:  # noqa: ANN401 - parameters
    """Begin a long poll; returns once central waits."""
    waiting, done = bench.app.state.services.heard, Future[httpx.Response]()
    before = len(waiting._waiting)  # noqa: SLF001 - to know that it waits

    def ask() -> None:
        try:
            done.set_result(client.get(PATH, params={"wait": 20, **asked}))
        except httpx.HTTPError as error:
            done.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    while len(waiting._waiting) == before and not done.done():  # noqa: SLF001 - as above
        threading.Event().wait(0.01)
    return done


@pytest.fixture(params=["sqlite", "postgresql"])
def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Bench, Bench]]:
    """Two centrals of one database, or twice the only one that SQLite serves."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        with running_central(home) as bench:
            yield bench, bench
    else:
        url = fresh_database(request.getfixturevalue("postgresql"))
        with running_central(home, database=url) as one, running_central(home, database=url) as two:
            yield one, two


def test_who_waits_is_woken_by_an_event_of_another_central(replicas: tuple[Bench, Bench]) -> None:
    one, two = replicas
    node, reader = one.node(), program(two)
    assert reader.get(PATH, params={"wait": 0}).json()["items"] == []

    answer = begun(reader, two, type="menshen.access.")
    node.send(node.event(1))

    page = answer.result(60).json()
    assert [item["position"] for item in page["items"]] == [1]
    assert (page["next"], page["has_more"], page["forgotten"]) == (1, False, 0)


def test_what_is_there_is_told_at_once_and_what_is_not_wanted_moves_on(bench: Bench) -> None:
    node, reader = bench.node(), program(bench)
    forced = DoorForcedOpen(device="gate")
    node.send(node.event(1), node.event(1, fact=forced), node.event(2))

    alarms = reader.get(PATH, params={"wait": 60, "class": "alarm"}).json()
    here = reader.get(PATH, params={"subject": "lane", "node": "gate-1", "limit": 1}).json()
    none = reader.get(PATH, params={"place": "attic"}).json()

    assert [item["event"]["type"] for item in alarms["items"]] == [DoorForcedOpen.type_name]
    assert (len(here["items"]), here["next"], here["has_more"]) == (1, 1, True)
    assert (none["items"], none["next"], none["has_more"]) == ([], 3, False)


def test_a_wait_ends_with_its_time_and_the_position_of_then(bench: Bench) -> None:
    node, reader = bench.node(), program(bench)
    answer = begun(reader, bench, type="menshen.nothing", wait=1)

    node.send(node.event(1))

    page = answer.result(60).json()
    assert (page["items"], page["next"]) == ([], 1)


def test_what_retention_took_is_said(bench: Bench) -> None:
    node, reader = bench.node(), program(bench)
    node.send(*(node.event(n) for n in range(1, 6)))
    in_transaction(bench, lambda t: t.execute(delete(events).where(events.c.position.in_([1, 3]))))

    page = reader.get(PATH).json()

    assert [item["position"] for item in page["items"]] == [2, 4, 5]
    assert page["forgotten"] == 2


def test_a_stream_goes_on_after_the_last_id(any_bench: Bench) -> None:
    node, reader = any_bench.node(), program(any_bench)
    node.send(*(node.event(n) for n in range(1, 4)))
    headers = {"Accept": "text/event-stream"}

    first = ids_of(reader, 2, headers=headers)
    seen = list[str]()
    with ThreadPoolExecutor(1) as pool:
        later = pool.submit(ids_of, reader, 3, headers={**headers, "Last-Event-ID": first[1]})
        node.send(node.event(4))
        seen = later.result(60)

    epoch = any_bench.administrator.get("/api/v1/snapshot").json()["epoch"]
    assert first == [f"{epoch}:1", f"{epoch}:2"]
    assert list(dict.fromkeys(seen)) == [f"{epoch}:3", f"{epoch}:4"]


def test_what_is_committed_while_a_stream_begins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def may(_: object) -> None:
        pass

    async def act() -> None:
        listeners, asked = list[Any](), list[int]()
        services = SimpleNamespace(heard=Heard(listeners.append), epoch=UUID(int=1))

        async def page(position: int) -> Pulled:
            asked.append(position)
            if len(asked) == 1:
                listeners[0]("events")  # right after it was looked
            return Pulled(items=[], next=len(asked), has_more=False, forgotten=0)

        async with contextlib.aclosing(_frames(Any, services, page, 0)) as frames:  # type: ignore[arg-type]  # what is used of them
            await anext(frames)
            async with asyncio.timeout(HEARTBEAT_S / 2):
                frame = await anext(frames)
        assert frame == f"id: {UUID(int=1)}:2\n\n".encode()

    monkeypatch.setattr(pull_endpoints, "_MAY_READ", may)
    asyncio.run(act())


def ids_of(client: httpx.Client, count: int, *, headers: dict[str, str]) -> list[str]:
    """Return the first ids of a stream."""
    found = list[str]()
    with client.stream("GET", PATH, headers=headers) as reply:
        assert reply.headers["Content-Type"].startswith("text/event-stream")
        for line in reply.iter_lines():
            if line.startswith("id: "):
                found.append(line.removeprefix("id: "))
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize(
    ("last", "status", "code"),
    [
        (f"{UUID(int=9)}:0", 410, "position_unknown"),
        ("77", 410, "position_unknown"),
        ("x:1", 422, "invalid_request"),
        ("-1", 422, "invalid_request"),
        ("٣", 422, "invalid_request"),
    ],
)
def test_a_place_that_is_not_of_this_store_is_refused(
    bench: Bench, last: str, status: int, code: str
) -> None:
    headers = {b"Last-Event-ID": last.encode()}

    reply = program(bench).get(PATH, headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_batch_is_cloudevents_without_a_name(bench: Bench) -> None:
    node, holder_id = bench.node(), bench.person("王小明")
    event = node.event(1)
    node.send(event.model_copy(update={"data": {**event.data, "holder_id": holder_id}}))

    reply = bench.administrator.get(PATH, headers={"Accept": BATCH_CONTENT_TYPE})

    (told,) = reply.json()
    assert reply.headers["Content-Type"] == BATCH_CONTENT_TYPE
    assert (reply.headers["Menshen-Next"], reply.headers["Menshen-More"]) == ("1", "false")
    assert (told["id"], told["specversion"], told["position"]) == (str(event.id), "1.0", "1")
    assert "王" not in reply.text


def test_a_token_that_reads_events_reads_nothing_else(bench: Bench) -> None:
    reader = program(bench, role="administrator")

    assert reader.get(PATH).status_code == 200
    refused = [reader.get(f"/api/v1/{path}").status_code for path in ("people", "nodes", "users")]
    assert refused == [403, 403, 403]
    assert reader.get(PATH, params={"person": str(uuid4())}).status_code == 403


def test_a_token_that_is_revoked_while_it_waits_is_told_nothing(bench: Bench) -> None:
    node: Node = bench.node()
    owner = bench.planted("technician")
    made = make_token(owner.client, "events.read").json()
    reader = bench.client()
    reader.headers.update({"Authorization": f"Bearer {made['token']}", **WHY})
    del reader.headers["Origin"]

    answer = begun(reader, bench)
    assert owner.client.delete(f"/api/v1/account/tokens/{made['token_id']}").is_success
    node.send(node.event(1))

    assert answer.result(60).status_code == 401
