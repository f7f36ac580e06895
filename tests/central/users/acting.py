"""What operators do with accounts, as tests do it."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pyotp

from tests.central.bench import PASSWORD, Bench, Planted

API = "/api/v1"
STEP = timedelta(seconds=30)


def sign_in(client: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return client.post(f"{API}/sessions", json={"username": username, "password": password})


def code_of(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


def begin(operator: Planted) -> str:
    """Return the secret of a second factor that is not confirmed yet."""
    reply = operator.client.post(f"{API}/account/second-factor", json={"password": PASSWORD})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["secret"])


def confirm(bench: Bench, operator: Planted, secret: str | None = None) -> httpx.Response:
    """Confirm a second factor with the code of now."""
    code = code_of(secret or begin(operator), bench.clock())
    return operator.client.post(f"{API}/account/second-factor/confirm", json={"code": code})


def with_factor(bench: Bench, operator: Planted) -> tuple[str, list[str]]:
    """Return secret and recovery codes of an operator's new second factor, a step later."""
    secret = begin(operator)
    codes: list[str] = confirm(bench, operator, secret).json()["codes"]
    bench.clock.now += STEP
    return secret, codes


def planted_with_factor(bench: Bench, role: str = "guard") -> tuple[Planted, str]:
    operator = bench.planted(role)
    return operator, with_factor(bench, operator)[0]


def challenge(client: httpx.Client, username: str) -> str:
    reply = sign_in(client, username)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["challenge"])


def second_step(client: httpx.Client, username: str, code: str) -> httpx.Response:
    wish = {"challenge": challenge(client, username), "code": code}
    return client.post(f"{API}/sessions/second-factor", json=wish)


def with_code(bench: Bench, planted: tuple[Planted, str]) -> httpx.Response:
    operator, secret = planted
    return second_step(bench.client(), operator.username, code_of(secret, bench.clock()))


def without_factor(bench: Bench, planted: tuple[Planted, str]) -> httpx.Response:
    operator, secret = planted
    wish = {"password": PASSWORD, "code": code_of(secret, bench.clock())}
    return operator.client.post(f"{API}/account/second-factor/remove", json=wish)


def make_token(client: httpx.Client, *scopes: str, **more: object) -> httpx.Response:
    wish = {"name": "wiki", "scopes": list(scopes), **more}
    return client.post(f"{API}/account/tokens", json=wish)


def bearing(bench: Bench, made: dict[str, Any]) -> httpx.Client:
    """Return a program that acts by a token."""
    client = bench.client()
    del client.headers["Origin"]
    client.headers["Authorization"] = f"Bearer {made['token']}"
    return client


def revoked(bench: Bench, *, own: bool) -> httpx.Response:
    guard = bench.planted("guard")
    token_id = make_token(guard.client, "site.read").json()["token_id"]
    if own:
        return guard.client.delete(f"{API}/account/tokens/{token_id}")
    return bench.administrator.delete(f"{API}/users/{guard.user_id}/tokens/{token_id}")


CARD = {"number": "0006547886", "pin": "2580"}
"""A card and a PIN for terminals."""


def put_own(bench: Bench, operator: Planted, **more: object) -> httpx.Response:
    """Have a card and a PIN for terminals."""
    assert bench.url
    wish = {**CARD, "password": PASSWORD, **more}
    return operator.client.put(f"{API}/account/terminal-card", json=wish)


def give(bench: Bench, operator: Planted, **more: object) -> httpx.Response:
    """Give an operator a card and a PIN for terminals."""
    path = f"{API}/users/{operator.user_id}/terminal-card"
    return bench.administrator.put(path, json={**CARD, **more})
