from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from config.web import CONTENT_SECURITY_POLICY
from edge.kiosk.guard import LoopbackGuard
from tests.serving import serving

KEY = "local key"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = FastAPI()
    app.add_middleware(LoopbackGuard, local_key=KEY, node="gate-1")

    @app.get("/page")
    async def page() -> str:
        return "page"

    @app.post("/card")
    async def card() -> str:
        return "taken"

    with serving(app) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as made:
        yield made


def test_without_the_key_nothing_is_shown(client: httpx.Client) -> None:
    reply = client.get("/page")

    assert reply.status_code == 401
    assert "menshen edge" in reply.text


def test_the_key_becomes_a_cookie_and_leaves_the_address(client: httpx.Client) -> None:
    entry = client.get("/page", params={"key": KEY, "lane": "1"})

    assert (entry.status_code, entry.headers["Location"]) == (303, "/page?lane=1")
    assert "HttpOnly" in entry.headers["Set-Cookie"]
    assert "samesite=strict" in entry.headers["Set-Cookie"].lower()
    assert client.get("/page").json() == "page"


def test_the_cookie_is_not_the_key(client: httpx.Client) -> None:
    client.get("/page", params={"key": KEY})
    [cookie] = client.cookies.jar

    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert httpx.get(f"{client.base_url}/page", headers=bearer).status_code == 401


def test_the_cookie_changes_nothing(client: httpx.Client) -> None:
    client.get("/page", params={"key": KEY})

    assert client.post("/card").status_code == 401


def test_the_key_itself_changes_things(client: httpx.Client) -> None:
    assert client.post("/card", headers={"Authorization": f"Bearer {KEY}"}).json() == "taken"


@pytest.mark.parametrize("key", ["", "wrong", "local key ", "钥匙"])
def test_another_key_opens_nothing(client: httpx.Client, key: str) -> None:
    assert client.get("/page", params={"key": key}).status_code == 401


def test_the_entry_leads_to_no_other_host(client: httpx.Client) -> None:
    entry = client.get(f"{client.base_url}//elsewhere.example/", params={"key": KEY})

    assert entry.headers["Location"] == "/elsewhere.example/"


@pytest.mark.parametrize("host", ["gate.example", "127.0.0.1.gate.example", "[::2]:80", ""])
def test_a_name_that_is_not_loopback_is_refused(client: httpx.Client, host: str) -> None:
    headers = {"Host": host, "Authorization": f"Bearer {KEY}"}

    assert client.get("/page", headers=headers).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:8180", "127.0.0.1:1", "[::1]:8180"])
def test_loopback_names_are_served(client: httpx.Client, host: str) -> None:
    headers = {"Host": host, "Authorization": f"Bearer {KEY}"}

    assert client.get("/page", headers=headers).status_code == 200


@pytest.mark.parametrize(("cookie", "answers"), [('"; a=b', {401}), ('"\x7f; a=b', {400, 401})])
def test_a_damaged_cookie_is_no_cookie(
    client: httpx.Client, cookie: str, answers: set[int]
) -> None:
    headers = {"Cookie": f"menshen_kiosk_gate-1={cookie}"}

    assert client.get("/page", headers=headers).status_code in answers


def test_every_answer_carries_the_security_policy(client: httpx.Client) -> None:
    reply = client.get("/page", headers={"Authorization": f"Bearer {KEY}"})

    assert reply.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
