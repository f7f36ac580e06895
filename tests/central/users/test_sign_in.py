"""Signing in with two factors, from known and unknown devices."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.users.second_factor import RECOVERY_CODE_COUNT
from config.site import Site
from tests.central.audit.log import actions, entries
from tests.central.bench import PASSWORD, SITE, Bench, running_central
from tests.central.users.acting import (
    API,
    STEP,
    begin,
    challenge,
    code_of,
    confirm,
    planted_with_factor,
    second_step,
    sign_in,
    with_factor,
)

STRICT = SITE.model_dump(by_alias=True)
STRICT["policy"] |= {"second_factor_roles": ["administrator"], "second_factor_grace_h": 24}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site whose administrators need a second factor after a day."""
    with running_central(tmp_path / "home", site=Site.model_validate(STRICT)) as running:
        yield running


def test_a_second_factor_is_asked_for_and_opens(any_bench: Bench) -> None:
    operator, secret = planted_with_factor(any_bench)
    client = any_bench.client()

    first = sign_in(client, operator.username)
    before = client.get(f"{API}/sessions/current").status_code
    code = code_of(secret, any_bench.clock())
    second = client.post(f"{API}/sessions/second-factor", json={**first.json(), "code": code})

    assert (first.status_code, before, second.status_code) == (202, 401, 201)
    assert client.get(f"{API}/sessions/current").json()["username"] == operator.username


def test_a_code_is_accepted_once(any_bench: Bench) -> None:
    operator, secret = planted_with_factor(any_bench)
    code = code_of(secret, any_bench.clock())

    statuses = [
        second_step(any_bench.client(), operator.username, code).status_code for _ in range(2)
    ]

    assert statuses == [201, 401]


def test_codes_of_the_neighbouring_steps_are_good_and_of_others_not(bench: Bench) -> None:
    operator, secret = planted_with_factor(bench)
    now = bench.clock.now + 5 * STEP
    bench.clock.now = now
    offsets = (-2, 2, -1, 0, 1)

    statuses = [
        second_step(
            bench.client(), operator.username, code_of(secret, now + offset * STEP)
        ).status_code
        for offset in offsets
    ]

    assert statuses == [401, 401, 201, 201, 201]


def test_the_code_that_confirmed_is_not_good_for_signing_in(bench: Bench) -> None:
    operator = bench.planted("guard")
    secret = begin(operator)
    confirm(bench, operator, secret)

    reply = second_step(bench.client(), operator.username, code_of(secret, bench.clock()))

    assert (reply.status_code, reply.json()["code"]) == (401, "bad_code")


def test_a_recovery_code_opens_once_and_is_recorded(any_bench: Bench) -> None:
    operator = any_bench.planted("guard")
    _, codes = with_factor(any_bench, operator)

    first = second_step(any_bench.client(), operator.username, codes[0].upper().replace("-", " "))
    again = second_step(any_bench.client(), operator.username, codes[0])

    assert (len(codes), first.status_code, again.status_code) == (RECOVERY_CODE_COUNT, 201, 401)
    assert "recovery_code_used" in actions(any_bench)


def test_secrets_and_codes_are_not_readable_in_the_database(bench: Bench) -> None:
    operator = bench.planted("guard")
    secret, codes = with_factor(bench, operator)

    (stored,) = bench.row(f"SELECT totp_secret FROM users WHERE user_id = '{operator.user_id}'")  # noqa: S608
    (kept,) = bench.row("SELECT group_concat(code_hash) FROM recovery_codes")

    assert secret not in stored
    assert not any(code in kept for code in codes)


def test_a_challenge_is_good_for_five_minutes_and_only_while_the_password_is(bench: Bench) -> None:
    operator, secret = planted_with_factor(bench)
    client = bench.client()
    wish = {"challenge": challenge(client, operator.username)}
    bench.clock.advance(minutes=5)
    wish["code"] = code_of(secret, bench.clock())

    late = client.post(f"{API}/sessions/second-factor", json=wish)
    forged = client.post(f"{API}/sessions/second-factor", json={**wish, "challenge": "x"})

    assert [late.json()["code"], forged.json()["code"]] == ["sign_in_again"] * 2


def test_a_stranger_who_guesses_waits_and_the_operators_own_browser_does_not(bench: Bench) -> None:
    operator = bench.planted("guard")
    known = bench.client()
    assert sign_in(known, operator.username).status_code == 201

    guesses = [sign_in(bench.client(), operator.username, "wrong") for _ in range(6)]
    own = sign_in(known, operator.username)

    assert [reply.status_code for reply in guesses] == [401] * 5 + [429]
    assert int(guesses[-1].headers["Retry-After"]) > 0
    assert own.status_code == 201


def test_that_somebody_has_to_wait_is_in_the_audit_log(bench: Bench) -> None:
    operator = bench.planted("guard")
    for _ in range(7):
        sign_in(bench.client(), operator.username, "wrong")

    refused = entries(bench, action="sessions_refused")

    assert len(refused) == 5
    assert refused[0]["detail"]["wait_s"] >= 1
    assert refused[0]["objects"] == [f"user:{operator.user_id}"]


def test_whoever_guesses_codes_waits_too(bench: Bench) -> None:
    operator, _ = planted_with_factor(bench)
    wish = {"challenge": challenge(bench.client(), operator.username), "code": "000000"}

    statuses = [
        bench.client().post(f"{API}/sessions/second-factor", json=wish).status_code
        for _ in range(6)
    ]

    assert statuses == [401] * 5 + [429]


def test_an_administrator_has_a_day_to_set_a_second_factor_up(strict: Bench) -> None:
    client = strict.administrator
    fresh = client.get(f"{API}/users").status_code
    strict.clock.advance(hours=24)
    late = sign_in(client, "admin")

    refused = client.get(f"{API}/users").json()["code"]

    assert (fresh, late.json()["needs_second_factor"]) == (200, True)
    assert (late.json()["permissions"], refused) == ([], "second_factor_needed")
    assert client.get(f"{API}/account").json()["must_have_second_factor"]


def test_with_a_second_factor_everything_is_open_again(strict: Bench) -> None:
    operator = strict.planted("administrator")
    assert strict.administrator
    strict.clock.advance(hours=25)
    assert sign_in(operator.client, operator.username).json()["needs_second_factor"]

    confirm(strict, operator)

    assert operator.client.get(f"{API}/users").status_code == 200


def test_who_must_have_a_second_factor_does_not_go_without(strict: Bench) -> None:
    operator, secret = planted_with_factor(strict, "administrator")
    wish = {"password": PASSWORD, "code": code_of(secret, strict.clock())}

    reply = operator.client.post(f"{API}/account/second-factor/remove", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (409, "second_factor_needed")
