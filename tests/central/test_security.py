"""Every endpoint asks for something, and what is public is so on purpose."""

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from central.app import create_app
from central.description import PREFIX
from central.diner.links import diner_of
from central.nodes.signed import Signed
from central.roles import PERMISSIONS
from central.routers import ROUTERS
from central.security import (
    COOKIE,
    HEADERS,
    Guarded,
    RateLimit,
    Requires,
    is_foreign,
    new_secret,
    operator_of,
    session_of,
)
from central.settings import Settings
from config.contract.trust import from_text
from tests.central.bench import SITE, Bench

PUBLIC = {
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/second-factor",
    "POST /api/v1/sessions/card",
    "GET /api/v1/sessions/ways",
    "POST /api/v1/sessions/provider",
    "GET /api/v1/sessions/provider/callback",
    "POST /api/v1/sessions/provider/backchannel",
    "POST /api/v1/resets/accept",
    "POST /api/v1/invitations/accept",
    "POST /api/v1/nodes/enrol",
    "POST /api/v1/nodes/current/keys",
    "GET /api/v1/site/ca.pem",
    "GET /api/v1/health",
    "POST /api/v1/payments/notices",
    "POST /api/v1/diner/session",
}
ANY_SESSION = {
    "GET /api/v1/sessions/current",
    "DELETE /api/v1/sessions/current",
    "POST /api/v1/sessions/provider/end",
}
OUTSIDE = {"POST /api/v1/integrations/events"}
"""Of outside systems, each with a token of its own."""
OWN_ACCOUNT = f"{PREFIX}/account"
"""Whoever has a session, and no token, does what begins with this."""


def routes() -> dict[str, APIRoute]:
    return {
        f"{method} {PREFIX}{route.path}": route
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def own_account() -> set[str]:
    return {name for name in routes() if name.partition(" ")[2].startswith(OWN_ACCOUNT)}


def of_diners() -> set[str]:
    """Return what whoever came by a one-time link may, and nobody else."""
    return {name for name, route in routes().items() if diner_of in calls(route.dependant)}


def guards(route: APIRoute) -> list[object]:
    return [call for call in calls(route.dependant) if isinstance(call, Requires | Signed)]


def test_every_operation_of_the_api_is_looked_at() -> None:
    described = create_app(Settings(site=SITE, home=Path())).openapi()["paths"]

    operations = {f"{method.upper()} {path}" for path, item in described.items() for method in item}

    assert operations == routes().keys()


def test_every_endpoint_asks_for_one_permission_or_a_signature() -> None:
    unguarded = {name for name, route in routes().items() if len(guards(route)) != 1}

    assert unguarded == PUBLIC | ANY_SESSION | own_account() | of_diners() | OUTSIDE


def test_what_any_session_may_needs_a_session() -> None:
    all_routes = routes()

    assert all(operator_of in calls(all_routes[name].dependant) for name in ANY_SESSION)


def test_ones_own_account_is_for_sessions_and_not_for_tokens() -> None:
    needed = own_account() | ANY_SESSION - {"GET /api/v1/sessions/current"}

    assert len(needed) > 5
    assert all(session_of in calls(routes()[name].dependant) for name in needed)


def test_a_diners_page_is_for_who_came_by_a_link_and_for_no_operator(bench: Bench) -> None:
    begin = f"{PREFIX}/diner/"
    named = {name for name in routes() if name.partition(" ")[2].startswith(begin)}

    assert of_diners() == named - PUBLIC
    reply = bench.administrator.get(f"{begin}statement")
    assert (reply.status_code, reply.json()["code"]) == (401, "diner_link_over")


def test_every_permission_is_asked_for() -> None:
    asked = {
        guard.permission
        for route in routes().values()
        for guard in guards(route)
        if isinstance(guard, Requires)
    }

    # Names are part of answers, not an endpoint of their own; metrics stand beside the API.
    assert asked == PERMISSIONS - {"people.names", "metrics.read"}


def test_without_a_session_everything_is_refused(bench: Bench) -> None:
    client = bench.client()
    for name in routes().keys() - PUBLIC:
        method, path = name.split()
        filled = path.replace("{sha256}", "0" * 64).replace("{", "").replace("}", "")

        assert client.request(method, filled).status_code == 401, name


def test_a_guard_may_not_change_people(bench: Bench) -> None:
    reply = bench.operator("guard").post("/api/v1/people", json={"name": "x"})

    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/", "/invite", "/api/v1/health", "/docs"])
def test_every_answer_has_a_content_security_policy(bench: Bench, path: str) -> None:
    headers = bench.client().get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_failure_says_nothing_of_our_inside_and_has_the_headers_of_every_answer() -> None:
    said = list[Message]()

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("table people, column card")

    async def never() -> Message:
        raise AssertionError("nobody reads a body here")

    async def send(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": "/api/v1/people", "headers": []}
    with pytest.raises(LookupError):
        asyncio.run(Guarded(failing, is_secure=True)(scope, never, send))

    headers, body = Headers(raw=said[0]["headers"]), said[1]["body"]
    assert (said[0]["status"], b"internal_error" in body, b"people" in body) == (500, True, False)
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Cache-Control"] == "no-store"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_who_asks_for_what_they_may_not_leaves_a_line(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    guard = bench.operator("guard")

    with caplog.at_level(logging.WARNING, "central.security"):
        assert guard.get("/api/v1/audit").status_code == 403

    assert [re.sub(r"user:[0-9a-f-]+", "user:ID", line) for line in caplog.messages] == [
        "user:ID may not: audit.read"
    ]


def test_nothing_of_a_debugger_is_served(bench: Bench) -> None:
    assert create_app(Settings(site=SITE, home=Path())).debug is False
    assert bench.client().request("TRACE", "/api/v1/health").status_code == 405
    assert bench.client().request("TRACE", "/").status_code == 405


def test_a_secret_has_256_random_bits() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert {len(from_text(secret)) for secret in secrets} == {32}
    assert len(secrets) == 100


def test_the_description_of_the_api_needs_no_other_server(bench: Bench) -> None:
    client = bench.client()
    page = client.get("/docs").text

    named = re.findall(r'(?:src|href)="([^"]+)"|url: \'([^\']+)\'', page)
    addresses = [first or second for first, second in named]
    assert "/api/v1/openapi.json" in addresses
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 200
    )
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"origin": "https://evil"}, False),
        ("POST", {"origin": "https://a:1", "host": "a:1"}, False),
        ("POST", {"origin": "https://a:2", "host": "a:1"}, True),
        ("DELETE", {"host": "a:1", "cookie": f"{COOKIE}=x"}, True),
        ("POST", {"host": "a:1"}, False),
    ],
)
def test_a_foreign_page_is_known_by_its_origin(
    method: str, headers: dict[str, str], expected: bool
) -> None:
    assert is_foreign(method, Headers(headers)) is expected


def test_a_rate_recovers() -> None:
    limit = RateLimit(count=2, window_s=60)

    waits = [limit.take("a", now_s=now_s) for now_s in (0, 10, 20, 60.5)]

    assert waits == [0, 0, 40, 0]


def test_an_unknown_permission_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no role"):
        Requires("people.raed")
