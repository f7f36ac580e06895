"""Which site a request comes to, by the name that it calls and nothing else."""

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Message, Scope

from central.hosting.front import TLS_NAME, Front
from central.security import HEADERS

FRONT = Front()
FRONT.sites = {
    "a.city.example": PlainTextResponse("a"),
    "b.city.example": PlainTextResponse("b"),
    "c.city.example": None,
}


def asked(front: Front, *hosts: str, tls_name: str | None = None) -> tuple[int, bytes]:
    """Ask as a server does; returns the status and the body."""
    said = answered(front, *hosts, tls_name=tls_name)
    return said[0]["status"], b"".join(each.get("body", b"") for each in said)


def answered(front: Front, *hosts: str, tls_name: str | None = None) -> list[Message]:
    """Ask as a server does; returns all that was sent."""
    said = list[Message]()

    async def receive() -> Message:
        raise AssertionError("nobody reads a body here")

    async def send(message: Message) -> None:
        said.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", host.encode()) for host in hosts],
        "state": {} if tls_name is None else {TLS_NAME: tls_name},
    }
    asyncio.run(_call(front, scope, receive, send))
    return said


async def _call(front: Front, *arguments: Any) -> None:  # noqa: ANN401 - as ASGI has them
    await front(*arguments)


@pytest.mark.parametrize("host", ["a.city.example", "A.City.Example:8443", "a.city.example.:80"])
def test_a_site_is_found_by_its_name_however_it_is_written(host: str) -> None:
    assert asked(FRONT, host) == (200, b"a")


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("city.example",),
        ("x.a.city.example",),
        ("127.0.0.1",),
        ("[::1]:8443",),
        ("a.city.example", "b.city.example"),
        ("a.city.example, b.city.example",),
        ("a.city.example/b.city.example",),
        ("b@a.city.example",),
    ],
)
def test_a_name_that_no_site_has_is_refused_and_says_nothing_of_any(hosts: tuple[str, ...]) -> None:
    status, body = asked(FRONT, *hosts)

    assert (status, b"unknown_host" in body) == (421, True)
    assert b"city.example" not in body


def test_a_connection_of_one_site_does_not_ask_another() -> None:
    assert asked(FRONT, "b.city.example", tls_name="b.city.example") == (200, b"b")
    status, body = asked(FRONT, "b.city.example", tls_name="a.city.example")

    assert (status, b"other_host" in body) == (421, True)


@pytest.mark.parametrize(("front", "host"), [(FRONT, "c.city.example"), (Front(), "a")])
def test_a_site_that_is_not_there_yet_is_asked_again(front: Front, host: str) -> None:
    status, body = asked(front, host)

    assert (status, b"site_not_ready" in body) == (503, True)


def test_a_refusal_has_the_headers_of_every_answer() -> None:
    headers = Headers(raw=answered(FRONT, "elsewhere.example")[0]["headers"])

    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Cache-Control"] == "no-store"
