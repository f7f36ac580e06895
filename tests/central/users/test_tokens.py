"""Tokens for programs: a part of what their operator may, for a time, and never operators."""

import pytest

from tests.central.audit.log import entries
from tests.central.bench import Bench
from tests.central.users.acting import API, bearing, make_token


def test_a_token_does_what_it_is_for_and_nothing_else(any_bench: Bench) -> None:
    made = make_token(any_bench.administrator, "people.read", "people.write").json()
    program = bearing(any_bench, made)

    added = program.post(f"{API}/people", json={"name": "王小明"})
    refused = program.get(f"{API}/nodes")

    assert (added.status_code, refused.status_code) == (201, 403)
    entry = entries(any_bench, action="people_post")[0]
    assert f"token:{made['token_id']}" in entry["objects"]


def test_a_token_is_shown_once_and_kept_as_a_hash(bench: Bench) -> None:
    made = make_token(bench.planted("guard").client, "site.read").json()

    (stored,) = bench.row("SELECT secret_hash FROM api_tokens")

    assert made["token"] not in stored
    assert len(stored) == 64


def test_a_token_says_when_it_was_last_used_and_ends_in_time(bench: Bench) -> None:
    guard = bench.planted("guard").client
    program = bearing(bench, make_token(guard, "site.read", days=1).json())
    assert program.get(f"{API}/sessions/current").status_code == 200
    (token,) = guard.get(f"{API}/account/tokens").json()["items"]
    assert (token["name"], token["scopes"]) == ("wiki", ["site.read"])

    bench.clock.advance(days=1)

    assert program.get(f"{API}/sessions/current").status_code == 401


def test_a_revoked_token_is_not_good_any_more(bench: Bench) -> None:
    guard = bench.planted("guard").client
    made = make_token(guard, "site.read").json()

    assert guard.delete(f"{API}/account/tokens/{made['token_id']}").status_code == 204

    assert bearing(bench, made).get(f"{API}/sessions/current").status_code == 401


@pytest.mark.parametrize("scope", ["users.manage", "audit.read", "no.such"])
def test_a_token_may_no_more_than_its_maker_and_never_manage_operators(
    bench: Bench, scope: str
) -> None:
    reply = make_token(bench.administrator, "site.read", scope)

    assert (reply.status_code, reply.json()["code"]) == (422, "scope_not_yours")


def test_a_token_has_no_account_of_its_own(bench: Bench) -> None:
    program = bearing(bench, make_token(bench.administrator, "site.read").json())

    answers = [
        program.get(f"{API}/account"),
        make_token(program, "site.read"),
        program.delete(f"{API}/sessions/current"),
    ]

    assert [reply.json()["code"] for reply in answers] == ["session_needed"] * 3


def test_a_token_shrinks_with_its_operators_role(bench: Bench) -> None:
    assert bench.administrator
    guard = bench.planted("guard")
    program = bearing(bench, make_token(guard.client, "events.read", "site.read").json())

    bench.administrator.patch(f"{API}/users/{guard.user_id}", json={"role": "canteen_manager"})

    assert program.get(f"{API}/events").status_code == 403
    assert program.get(f"{API}/sessions/current").json()["permissions"] == ["site.read"]
