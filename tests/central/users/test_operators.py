"""Roles that change, sessions that are revoked, accounts that are shut out: and who may do it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.users.service import INVITATION_LIFETIME
from config.site import Site
from tests.central.audit.log import entries
from tests.central.bench import PASSWORD, SITE, Bench, Planted, accept, running_central
from tests.central.users.acting import API, make_token, planted_with_factor, sign_in

SEPARATE = SITE.model_dump(by_alias=True)
SEPARATE["policy"] |= {"has_separate_administrators": True}
OTHER = "another good long password"


def change(client: httpx.Client, user: Planted, **wish: object) -> tuple[int, str]:
    reply = client.patch(f"{API}/users/{user.user_id}", json=wish)
    return reply.status_code, "" if reply.is_success else reply.json()["code"]


def is_in(user: Planted) -> bool:
    return user.client.get(f"{API}/sessions/current").status_code == 200


def admin_of(bench: Bench) -> Planted:
    users = bench.administrator.get(f"{API}/users").json()["items"]
    user_id = next(user["user_id"] for user in users if user["username"] == "admin")
    return Planted(bench.administrator, user_id, "admin")


@pytest.fixture
def separate(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site whose administrators are separate."""
    with running_central(tmp_path / "home", site=Site.model_validate(SEPARATE)) as running:
        yield running


def test_another_role_ends_the_sessions_and_is_in_force_at_once(any_bench: Bench) -> None:
    guard = any_bench.planted("guard")

    assert change(any_bench.administrator, guard, role="shift_leader") == (204, "")

    assert not is_in(guard)
    assert "visits.write" in sign_in(guard.client, guard.username).json()["permissions"]


def test_nobody_changes_their_own_role(bench: Bench) -> None:
    admin = admin_of(bench)

    outcomes = [
        change(admin.client, admin, role="security_administrator"),
        change(admin.client, admin, is_active=False),
    ]

    assert outcomes == [(409, "own_account")] * 2
    assert bench.administrator.delete(f"{API}/users/{admin.user_id}").status_code == 409


@pytest.mark.parametrize("role", ["auditor", "administrator", "system_administrator"])
def test_no_role_is_raised_to_an_administrators(bench: Bench, role: str) -> None:
    guard = bench.planted("guard")

    assert change(bench.administrator, guard, role=role) == (409, "other_duty")


def test_an_auditor_cannot_become_an_administrator_nor_act_as_one(bench: Bench) -> None:
    assert bench.auditor
    auditor, guard = bench.planted("auditor"), bench.planted("guard")

    assert change(bench.administrator, auditor, role="administrator") == (409, "other_duty")
    assert change(auditor.client, guard, role="cashier") == (403, "forbidden")
    assert auditor.client.get(f"{API}/users").status_code == 200


def test_the_last_of_a_kind_stays(bench: Bench) -> None:
    auditor, other = bench.planted("auditor"), bench.planted("auditor")
    administrator = bench.administrator
    assert change(administrator, other, is_active=False) == (204, "")

    refusals = [
        change(administrator, auditor, is_active=False)[1],
        change(administrator, auditor, role="guard")[1],
        administrator.delete(f"{API}/users/{auditor.user_id}").json()["code"],
    ]

    assert refusals == ["last_of_its_kind"] * 3
    assert change(administrator, other, is_active=True) == (204, "")
    assert change(administrator, auditor, is_active=False) == (204, "")


def test_who_is_shut_out_cannot_sign_in_nor_use_a_token_until_let_in_again(bench: Bench) -> None:
    guard = bench.planted("guard")
    make_token(guard.client, "site.read")

    assert change(bench.administrator, guard, is_active=False) == (204, "")

    assert not is_in(guard)
    assert sign_in(guard.client, guard.username).status_code == 401
    assert bench.row("SELECT count(*) FROM api_tokens") == (0,)
    change(bench.administrator, guard, is_active=True)
    assert sign_in(guard.client, guard.username).status_code == 201


def test_a_session_says_from_where_since_when_and_when_last(any_bench: Bench) -> None:
    guard = any_bench.planted("guard")
    since = any_bench.clock()
    any_bench.clock.advance(minutes=5)
    assert is_in(guard)

    (session,) = guard.client.get(f"{API}/account/sessions").json()["items"]

    assert (session["address"], session["is_this"]) == ("10.0.0.1", True)
    assert session["since"] == since.isoformat().replace("+00:00", "Z")
    assert session["last_seen_at"] == any_bench.clock().isoformat().replace("+00:00", "Z")


def test_one_session_of_a_person_is_ended_and_the_other_goes_on(any_bench: Bench) -> None:
    guard = any_bench.planted("guard")
    other = any_bench.signed_in(guard.username)
    path = f"{API}/users/{guard.user_id}/sessions"
    newest = any_bench.administrator.get(path).json()["items"]
    mine = next(s["session_id"] for s in newest if s["address"] == "10.0.0.1")

    assert any_bench.administrator.delete(path, params={"only": mine}).status_code == 204

    assert not is_in(guard)
    assert other.get(f"{API}/sessions/current").status_code == 200
    assert any_bench.administrator.delete(path, params={"only": mine}).status_code == 404


def test_all_sessions_of_a_person_or_of_everybody_are_ended(bench: Bench) -> None:
    guard, cashier = bench.planted("guard"), bench.planted("cashier")

    bench.administrator.delete(f"{API}/users/{guard.user_id}/sessions")
    assert (is_in(guard), is_in(cashier)) == (False, True)
    bench.administrator.delete(f"{API}/sessions")

    assert not is_in(cashier)
    assert bench.administrator.get(f"{API}/sessions/current").status_code == 200


def test_nobody_ends_a_session_of_somebody_else_as_their_own(bench: Bench) -> None:
    guard, cashier = bench.planted("guard"), bench.planted("cashier")
    (session,) = cashier.client.get(f"{API}/account/sessions").json()["items"]

    reply = guard.client.delete(f"{API}/account/sessions", params={"only": session["session_id"]})

    assert (reply.status_code, is_in(cashier)) == (404, True)


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(bench: Bench) -> None:
    guard = bench.planted("guard")
    other = bench.signed_in(guard.username)
    wish = {"old_password": "wrong", "new_password": OTHER}

    wrong = guard.client.put(f"{API}/account/password", json=wish)
    right = guard.client.put(f"{API}/account/password", json={**wish, "old_password": PASSWORD})

    assert (wrong.json()["code"], right.status_code) == ("wrong_password", 204)
    assert (is_in(guard), other.get(f"{API}/sessions/current").status_code) == (True, 401)
    assert sign_in(bench.client(), guard.username, OTHER).status_code == 201


def test_a_link_gives_a_new_password_once_and_ends_sessions_and_tokens(bench: Bench) -> None:
    guard = bench.planted("guard")
    make_token(guard.client, "site.read")
    link = bench.administrator.post(f"{API}/users/{guard.user_id}/reset").json()["link"]
    wish = {"secret": link.partition("#reset.")[2], "password": OTHER}

    as_invitation = {**wish, "username": "second"}
    statuses = [
        bench.client().post(f"{API}/{path}/accept", json=body).status_code
        for path, body in (("invitations", as_invitation), ("resets", wish), ("resets", wish))
    ]

    assert statuses == [410, 204, 410]
    assert not is_in(guard)
    assert sign_in(bench.client(), guard.username).status_code == 401
    assert sign_in(bench.client(), guard.username, OTHER).status_code == 201
    assert bench.row("SELECT count(*) FROM api_tokens") == (0,)


@pytest.mark.parametrize("method", ["POST reset", "DELETE second-factor"])
def test_no_administrator_gets_at_an_auditors_account(bench: Bench, method: str) -> None:
    auditor, (verb, what) = bench.planted("auditor"), method.split()
    assert bench.administrator

    reply = bench.administrator.request(verb, f"{API}/users/{auditor.user_id}/{what}")

    assert (reply.status_code, reply.json()["code"]) == (409, "other_duty")


def test_who_lost_the_second_factor_is_helped_by_an_administrator(bench: Bench) -> None:
    assert bench.administrator
    guard, _ = planted_with_factor(bench)

    path = f"{API}/users/{guard.user_id}/second-factor"
    assert bench.administrator.delete(path).status_code == 204

    assert not is_in(guard)
    assert sign_in(bench.client(), guard.username).status_code == 201


def test_a_separate_site_begins_with_a_security_administrator(separate: Bench) -> None:
    client = separate.administrator
    session = client.get(f"{API}/sessions/current").json()

    reply = client.post(f"{API}/users/invitations", json={"role": "administrator"})

    assert session["role"] == "security_administrator"
    assert "nodes.manage" not in session["permissions"]
    assert (reply.status_code, reply.json()["code"]) == (409, "role_not_here")


def test_a_site_that_separates_its_administrators_takes_one_duty_from_who_had_both(
    tmp_path: Path,
) -> None:
    with running_central(tmp_path / "home") as before:
        assert before.administrator
    with running_central(tmp_path / "home", site=Site.model_validate(SEPARATE)) as after:
        view = sign_in(after.client(), "admin").json()
        (entry,) = entries(after, action="administrators_separated")

    assert view["role"] == "security_administrator"
    assert entry["actor"] == "central"


def links(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"{API}/users").json()["links"]
    return found


def test_links_that_nobody_used_are_listed_with_who_made_them_and_until_when(
    any_bench: Bench,
) -> None:
    guard = any_bench.planted("guard")
    secret = any_bench.invite("shift_leader")
    any_bench.administrator.post(f"{API}/users/{guard.user_id}/reset")

    invited, reset = sorted(links(any_bench.administrator), key=lambda link: bool(link["username"]))

    assert (invited["role"], invited["made_by"], invited["username"]) == (
        "shift_leader", "admin", None,
    )  # fmt: skip
    assert (reset["role"], reset["username"]) == ("guard", guard.username)
    until = datetime.fromisoformat(invited["expires_at"])
    assert until == any_bench.clock() + INVITATION_LIFETIME
    assert secret not in str(invited)
    any_bench.clock.advance(minutes=15)
    assert links(any_bench.administrator) == []


def test_a_link_that_was_revoked_opens_nothing(any_bench: Bench) -> None:
    secret = any_bench.invite("guard")
    (link,) = links(any_bench.administrator)
    path = f"{API}/users/links/{link['link_id']}"

    assert any_bench.planted("auditor").client.delete(path).status_code == 403
    assert any_bench.administrator.delete(path).status_code == 204

    assert accept(any_bench.client(), secret, "late").status_code == 410
    assert any_bench.administrator.delete(path).json()["code"] == "link_not_found"
    made, gone = (
        entries(any_bench, action=action)[-1]["objects"]
        for action in ("users_invitations_post", "users_links_delete")
    )
    assert {*made} & {*gone} == {f"link:{link['link_id']}", "role:guard"}
