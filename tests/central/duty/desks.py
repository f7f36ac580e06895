"""A guard's desk, and guards with cards."""

import httpx

from tests.central.bench import PASSWORD, Bench, Planted

API = "/api/v1"
CARD = {"number": "0012345678", "pin": "4915"}


def opened(bench: Bench) -> httpx.Client:
    """Return the browser of a guard at a desk."""
    client = bench.planted("guard").client
    assert client.post(f"{API}/desk").status_code == 200
    return client


def locked(bench: Bench) -> httpx.Client:
    """Return a desk at which nobody is signed in."""
    client = opened(bench)
    assert client.post(f"{API}/desk/lock").status_code == 200
    return client


def with_card(bench: Bench, role: str = "guard") -> Planted:
    """Return an operator with a card."""
    planted = bench.planted(role)
    reply = planted.client.put(f"{API}/account/terminal-card", json={**CARD, "password": PASSWORD})
    assert reply.status_code == 204, reply.text
    return planted


def taken_by_card(bench: Bench, desk: httpx.Client) -> httpx.Response:
    """Let another guard take over by card."""
    with_card(bench)
    return desk.post(f"{API}/sessions/card", json=CARD)
