"""Whoever belongs to one site of a city tries everything that is theirs at another one."""

import asyncio
import http.client
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from central.security import COOKIE
from config.contract.commands import SignedCommands
from tests.central.bench import PASSWORD, messages
from tests.central.hosting.city import City, Terminal, Town

OPEN = {"kind": "open_once", "access_point": "lane"}
API = "/api/v1"


def status(client: httpx.Client, path: str = "/nodes") -> int:
    with client:
        return client.get(f"{API}{path}").status_code


def test_a_session_is_good_at_its_own_site_alone(city: City) -> None:
    assert status(city.administrator(city.a)) == 200
    assert status(city.administrator(city.a, at=city.b)) == 401
    assert status(city.administrator(city.b, at=city.a)) == 401


def test_a_program_with_a_token_is_nobody_at_another_site(city: City) -> None:
    wish = {"name": "report", "scopes": ["nodes.read"]}
    with city.administrator(city.a) as client:
        token = client.post(f"{API}/account/tokens", json=wish).json()["token"]

    assert status(city.client(city.a.host, Authorization=f"Bearer {token}")) == 200
    assert status(city.client(city.b.host, Authorization=f"Bearer {token}")) == 401


def test_a_connection_that_is_kept_asks_each_time_as_whom_it_names(city: City) -> None:
    connection = http.client.HTTPConnection(urlsplit(city.url).netloc, timeout=60)
    cookie = {"Cookie": f"{COOKIE}={city.a.session}"}
    answers = list[int]()
    for town in (city.a, city.b, city.a):
        connection.request("GET", f"{API}/nodes", headers={"Host": town.host, **cookie})
        reply = connection.getresponse()
        reply.read()
        answers.append(reply.status)
    connection.close()

    assert answers == [200, 401, 200]


def test_a_link_and_a_terminals_token_open_their_own_site_alone(city: City) -> None:
    with city.administrator(city.a) as client:
        link = client.post(f"{API}/users/invitations", json={"role": "guard"}).json()["link"]
        token = client.post(f"{API}/nodes/tokens", json={"node": "gate-1"}).json()["token"]
    wish = {"secret": link.partition("#")[2], "username": "guard", "password": PASSWORD}

    suite = city.b.services.suite
    with city.client(city.b.host) as stranger, city.client(city.a.host) as guard:
        refused = stranger.post(f"{API}/invitations/accept", json=wish)
        assert refused.status_code in (401, 403, 404, 410), refused.text
        burglar = Terminal(stranger, "site-b", suite)
        assert burglar.enrol(token).status_code in (401, 403, 404, 410)
        assert guard.post(f"{API}/invitations/accept", json=wish).status_code == 201


@pytest.mark.parametrize("signs_for", ["site-a", "site-b"])
def test_what_a_terminal_signs_is_nothing_at_another_site(city: City, signs_for: str) -> None:
    path = f"{API}/nodes/current/commands"
    assert city.a.terminal.request("GET", path).status_code == 200

    with city.client(city.b.host) as client:
        burglar = Terminal(client, signs_for)
        burglar.signing_key = city.a.terminal.signing_key
        assert burglar.request("GET", path).status_code == 401


def test_a_request_that_was_caught_is_nothing_at_another_site(city: City) -> None:
    path = f"{API}/nodes/current/commands"
    caught = city.a.terminal.headers("GET", path)

    with city.client(city.b.host, **caught) as replaying:
        assert replaying.get(path).status_code == 401


def test_a_command_for_a_terminal_reaches_the_one_of_its_site(city: City) -> None:
    with city.administrator(city.a) as client:
        wish = {"what": OPEN, "reason": "a delivery"}
        reply = client.post(f"{API}/nodes/gate-1/commands", json=wish)
    assert reply.status_code == 201, reply.text

    assert (waiting(city.a), waiting(city.b)) == (1, 0)


def waiting(town: Town) -> int:
    reply = town.terminal.request("GET", f"{API}/nodes/current/commands")
    return len(SignedCommands.model_validate_json(reply.content).commands)


def test_a_stream_tells_what_happens_at_its_site_alone(city: City) -> None:
    # The other site's come first: had they crossed, they would stand before one's own.
    ours, others = (town.terminal.event(1) for town in (city.a, city.b))
    with (
        city.administrator(city.a) as client,
        client.stream("GET", f"{API}/stream") as reply,
    ):
        told = messages(reply)
        assert next(told)[0] == "hello"
        city.b.terminal.send(others)
        city.a.terminal.send(ours)
        event = next(data for name, data in told if name == "event")

    assert event["event"]["id"] == str(ours.id)


def test_what_is_tried_too_often_at_one_site_shuts_nobody_out_at_another(city: City) -> None:
    wish = {"username": "admin", "password": "not this one"}
    with city.client(city.a.host) as guessing, city.client(city.b.host) as person:
        tried = [guessing.post(f"{API}/sessions", json=wish).status_code for _ in range(25)]
        allowed = person.post(f"{API}/sessions", json={**wish, "password": PASSWORD})

    assert tried[-1] == 429
    assert allowed.status_code == 201


def test_the_keys_and_the_audit_log_of_each_site_are_its_own(city: City) -> None:
    a, b = city.a.services, city.b.services

    assert a.settings.home != b.settings.home
    assert a.settings.home.stat().st_mode & 0o077 == 0
    assert a.kek.key_id != b.kek.key_id
    assert a.central_key.private_bytes_raw() != b.central_key.private_bytes_raw()
    assert a.card_key != b.card_key
    assert a.epoch != b.epoch


def test_what_is_announced_at_one_site_is_not_heard_at_another(city: City) -> None:
    a, b = city.a.services, city.b.services
    heard = asyncio.Queue[str]()

    async def announce() -> list[str]:
        b.database.listen(heard.put_nowait)
        for database, topic in ((a.database, "from-a"), (b.database, "from-b")):
            async with database.write() as transaction:
                transaction.announce(topic)
        said = list[str]()
        async with asyncio.timeout(60):
            while "from-b" not in said:
                said.append(await heard.get())
        return said

    assert "from-a" not in city.in_loop(announce, b)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM site_site_b.people",
        "UPDATE site_site_b.site_values SET value = '0' RETURNING 1",
        "CREATE TABLE site_site_b.planted (number int)",
    ],
)
def test_sql_of_one_site_does_not_reach_the_tables_of_another(city: City, statement: str) -> None:
    async def cross() -> None:
        async with city.a.services.database.write() as transaction:
            await transaction.execute(text(statement))

    # SQLite has one file for a site, and nothing of another in it.
    with pytest.raises(DBAPIError, match=r"permission denied|no such table|unknown database"):
        city.in_loop(cross, city.a.services)


def test_a_file_of_one_site_lies_below_its_own_folder(city: City) -> None:
    found = {path.parts[-2] for path in Path(city.a.services.settings.home.parent).glob("*/kek")}

    assert found == {"site-a", "site-b"}
