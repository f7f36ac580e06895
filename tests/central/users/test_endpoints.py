"""Invitations, sessions and who may do what."""

import pytest

from tests.central.bench import PASSWORD, Bench, accept


def test_a_link_makes_the_first_administrator_and_signs_in(any_bench: Bench) -> None:
    reply = any_bench.administrator.get("/api/v1/sessions/current")

    assert reply.json()["username"] == "admin"
    assert "users.manage" in reply.json()["permissions"]


def test_a_link_is_good_once(any_bench: Bench) -> None:
    secret = any_bench.first_invitation()
    any_bench.accepted(secret, "first")

    reply = accept(any_bench.client(), secret, "second")

    assert (reply.status_code, reply.json()["code"]) == (410, "invitation_not_good")


def test_a_link_is_good_for_fifteen_minutes(bench: Bench) -> None:
    secret = bench.first_invitation()
    bench.clock.advance(minutes=15, seconds=1)

    assert accept(bench.client(), secret, "late").status_code == 410


def test_a_newer_first_link_replaces_the_older(bench: Bench) -> None:
    older = bench.first_invitation()
    newer = bench.first_invitation()

    assert accept(bench.client(), older, "older").status_code == 410
    assert accept(bench.client(), newer, "newer").status_code == 201


def test_a_taken_name_leaves_the_link_good(bench: Bench) -> None:
    _ = bench.administrator
    secret = bench.invite("guard")

    assert accept(bench.client(), secret, "ADMIN").json()["code"] == "username_taken"
    assert accept(bench.client(), secret, "other").status_code == 201


def test_signing_in_needs_the_password(bench: Bench) -> None:
    _ = bench.administrator
    wrong = {"username": "admin", "password": "x"}
    nobody = {"username": "nobody", "password": PASSWORD}
    right = {"username": " Admin", "password": PASSWORD}

    codes = [
        bench.client().post("/api/v1/sessions", json=wish).status_code
        for wish in (wrong, nobody, right)
    ]

    assert codes == [401, 401, 201]


def test_whoever_tries_too_often_must_wait(bench: Bench) -> None:
    client, wish = bench.client(), {"secret": "x", "username": "x", "password": PASSWORD}

    replies = [client.post("/api/v1/invitations/accept", json=wish) for _ in range(21)]

    assert [reply.status_code for reply in replies] == [410] * 20 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0


def test_a_session_ends_when_its_operator_is_removed(any_bench: Bench) -> None:
    guard = any_bench.operator("guard")
    users = any_bench.administrator.get("/api/v1/users").json()["items"]
    user_id = next(user["user_id"] for user in users if user["role"] == "guard")

    assert any_bench.administrator.delete(f"/api/v1/users/{user_id}").status_code == 204

    assert guard.get("/api/v1/sessions/current").status_code == 401


def test_a_session_ends_after_its_time(bench: Bench) -> None:
    client = bench.administrator
    bench.clock.advance(hours=12, seconds=1)

    assert client.get("/api/v1/sessions/current").status_code == 401


def test_signing_out_ends_the_session(bench: Bench) -> None:
    client = bench.administrator
    cookies = dict(client.cookies)

    assert client.delete("/api/v1/sessions/current").status_code == 204

    stolen = bench.client()
    stolen.cookies.update(cookies)
    assert stolen.get("/api/v1/sessions/current").status_code == 401


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_another_sites_page_cannot_act(bench: Bench, origin: str) -> None:
    headers = {"Origin": origin}

    reply = bench.administrator.post("/api/v1/people", json={"name": "x"}, headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")


def test_the_cookie_is_for_the_server_alone(bench: Bench) -> None:
    reply = accept(bench.client(), bench.first_invitation(), "admin")

    cookie = reply.headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
