"""Whoever belongs to one site of a city asks for every operation of the API at another one."""

import re
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from central.nodes.signed import Signed
from tests.central.hosting.city import City, Terminal
from tests.central.test_security import PUBLIC, guards, routes

PLACE: Final = re.compile(r"\{[^}]+\}")
OPERATIONS: Final = sorted(routes().keys() - PUBLIC)
"""All that ask who it is; the public ones know nobody."""
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def targets(names: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Yield operations with method and target; each identifier is one that both sites have."""
    for name in names:
        method, path = name.split(" ")
        yield name, method, PLACE.sub("gate-1", path)


def let_in(client: httpx.Client, names: Iterator[str]) -> dict[str, int]:
    """Return what was answered by anything but that nobody is known by this name."""
    found = dict[str, int]()
    for name, method, target in targets(names):
        body: dict[str, str] | None = {} if method in WITH_BODY else None
        status = client.request(method, target, json=body).status_code
        if status != 401:
            found[name] = status
    return found


def test_a_session_opens_no_operation_of_another_site(city: City) -> None:
    with city.administrator(city.a, at=city.b) as burglar:
        assert let_in(burglar, iter(OPERATIONS)) == {}
    with city.administrator(city.a) as at_home:
        assert let_in(at_home, iter(["GET /api/v1/nodes"])) == {"GET /api/v1/nodes": 200}


def test_a_token_opens_no_operation_of_another_site(city: City) -> None:
    wish = {"name": "report", "scopes": ["nodes.read", "people.read"]}
    with city.administrator(city.a) as client:
        token = client.post("/api/v1/account/tokens", json=wish).json()["token"]
    reading = [name for name in OPERATIONS if name.startswith("GET ")]

    with city.client(city.b.host, Authorization=f"Bearer {token}") as burglar:
        assert let_in(burglar, iter(reading)) == {}
    with city.client(city.a.host, Authorization=f"Bearer {token}") as at_home:
        assert let_in(at_home, iter(["GET /api/v1/nodes"])) == {"GET /api/v1/nodes": 200}


@pytest.mark.parametrize("signs_for", ["site-a", "site-b"])
def test_a_terminal_opens_no_operation_of_another_site(city: City, signs_for: str) -> None:
    signed = [name for name, route in routes().items() if _is_of_terminals(guards(route))]
    assert len(signed) > 10
    with city.client(city.b.host) as client:
        burglar = Terminal(client, signs_for)
        burglar.signing_key = city.a.terminal.signing_key
        answers = {
            name: burglar.request(method, target, b"[]" if method in WITH_BODY else b"").status_code
            for name, method, target in targets(iter(signed))
        }

    assert {name: status for name, status in answers.items() if status != 401} == {}


def _is_of_terminals(asked: list[object]) -> bool:
    return any(isinstance(each, Signed) for each in asked)
