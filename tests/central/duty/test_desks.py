"""A desk goes on watching after its session, does nothing, and is taken over by another guard."""

from datetime import timedelta

import httpx
import pytest

from central.roles import DESK
from tests.central.audit.log import actions
from tests.central.bench import PASSWORD, SITE, Bench, messages, running_central
from tests.central.duty.desks import API, CARD, locked, opened, taken_by_card, with_card
from tests.central.users.acting import planted_with_factor, with_code

SESSION = f"{API}/sessions/current"


def who(client: httpx.Client) -> tuple[str, bool]:
    view = client.get(SESSION).json()
    return view["username"], view["is_locked"]


def change_names(bench: Bench, client: httpx.Client) -> list[str]:
    span = {
        "since": (bench.clock() - timedelta(hours=1)).isoformat(),
        "until": (bench.clock() + timedelta(hours=30)).isoformat(),
    }
    items = client.get(f"{API}/shift-log", params=span).json()["items"]
    return [item["what"] for item in items if item["kind"] == "duty"]


def test_a_session_that_timed_out_goes_on_watching_and_does_nothing(bench: Bench) -> None:
    desk = opened(bench)
    bench.clock.advance(hours=13)

    view = desk.get(SESSION).json()
    watched = [desk.get(f"{API}/{path}").status_code for path in ("snapshot", "plans", "alarms")]
    refused = desk.post(f"{API}/nodes/gate-1/commands", json={})

    assert view["is_locked"]
    assert set(view["permissions"]) == DESK
    assert watched == [200, 200, 200]
    assert (refused.status_code, refused.json()["code"]) == (401, "locked")


def test_a_locked_desk_shows_no_person_no_passage_and_no_log(bench: Bench) -> None:
    desk = locked(bench)

    paths = (
        "people",
        "muster",
        "events",
        "events/search",
        "shift-log",
        "audit",
        "account",
        "blobs/0",
    )
    replies = [desk.get(f"{API}/{path}") for path in paths]

    assert {reply.status_code for reply in replies} == {401}
    assert desk.get(f"{API}/snapshot").json()["events"] == []


def test_who_is_on_duty_is_shown_masked(bench: Bench) -> None:
    desk = bench.client()
    desk.cookies.update(opened(bench).cookies)
    before = desk.get(f"{API}/desk").json()

    desk.post(f"{API}/desk/lock")

    assert before["is_locked"] is False
    assert desk.get(f"{API}/desk").json()["is_locked"] is True
    assert who(desk) == (before["on_duty"], True)
    assert set(before["on_duty"][1:]) == {"*"}


def test_another_guard_takes_over_by_password(bench: Bench) -> None:
    desk, other = locked(bench), bench.planted("guard")

    reply = desk.post(f"{API}/sessions", json={"username": other.username, "password": PASSWORD})

    assert (reply.status_code, who(desk)) == (201, (other.username, False))
    assert change_names(bench, desk) == ["opened", "locked", "taken_over"]
    assert actions(bench)[-1] == "desk_taken_over"


def test_another_guard_takes_over_by_card(bench: Bench) -> None:
    desk = locked(bench)

    reply = taken_by_card(bench, desk)

    assert (reply.status_code, reply.json()["role"], who(desk)[1]) == (201, "guard", False)


def test_whoever_takes_over_ends_the_session_of_before(bench: Bench) -> None:
    desk = opened(bench)
    before = bench.client()
    before.cookies.set("menshen_session", desk.cookies["menshen_session"])

    taken_by_card(bench, desk)

    assert before.get(SESSION).status_code == 401


@pytest.mark.parametrize("wrong", [{"pin": "4916"}, {"number": "1"}])
def test_a_wrong_card_or_pin_opens_nothing(bench: Bench, wrong: dict[str, str]) -> None:
    desk = locked(bench)
    with_card(bench)

    reply = desk.post(f"{API}/sessions/card", json={**CARD, **wrong})

    assert (reply.status_code, reply.json()["code"], who(desk)[1]) == (401, "bad_card", True)


def test_whoever_guesses_a_pin_has_to_wait(bench: Bench) -> None:
    desk = locked(bench)
    with_card(bench)

    replies = [desk.post(f"{API}/sessions/card", json={**CARD, "pin": f"000{n}"}) for n in range(7)]

    assert replies[-1].status_code == 429


def test_a_card_opens_no_other_browser(bench: Bench) -> None:
    with_card(bench)

    reply = bench.client().post(f"{API}/sessions/card", json=CARD)

    assert (reply.status_code, reply.json()["code"]) == (403, "no_desk")


def test_an_administrator_does_not_take_over_by_card(bench: Bench) -> None:
    desk = locked(bench)
    with_card(bench, "security_administrator")

    reply = desk.post(f"{API}/sessions/card", json=CARD)

    assert (reply.status_code, reply.json()["code"]) == (403, "card_not_enough")


def test_whoever_has_a_second_factor_needs_it_to_take_over(bench: Bench) -> None:
    desk, other = locked(bench), planted_with_factor(bench)

    reply = desk.post(f"{API}/sessions", json={"username": other[0].username, "password": PASSWORD})

    assert (reply.status_code, who(desk)[1]) == (202, True)
    assert with_code(bench, other).status_code == 201


def test_a_role_that_must_have_a_second_factor_has_none_in_a_card(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = SITE.policy.model_copy(update={"second_factor_roles": ("guard",)})
    home = tmp_path_factory.mktemp("central") / "home"
    with running_central(home, site=SITE.model_copy(update={"policy": policy})) as bench:
        reply = taken_by_card(bench, locked(bench))

    assert reply.json()["code"] == "card_not_enough"


def test_an_administrator_who_takes_over_leaves_no_desk_behind(bench: Bench) -> None:
    desk, other = locked(bench), bench.planted("security_administrator")
    desk.post(f"{API}/sessions", json={"username": other.username, "password": PASSWORD})

    bench.clock.advance(hours=13)

    assert desk.get(SESSION).status_code == 401


def test_whoever_signs_out_leaves_no_desk_behind(bench: Bench) -> None:
    desk = opened(bench)
    kept = dict(desk.cookies)

    assert desk.delete(SESSION).status_code == 204
    desk.cookies.update(kept)

    assert desk.get(SESSION).status_code == 401


def test_a_desk_ends_with_the_account_that_opened_it(bench: Bench) -> None:
    guard = bench.planted("guard")
    guard.client.post(f"{API}/desk")
    guard.client.post(f"{API}/desk/lock")

    bench.administrator.patch(f"{API}/users/{guard.user_id}", json={"is_active": False})

    assert guard.client.get(SESSION).status_code == 401


def test_a_desk_ends_when_its_sessions_are_ended(bench: Bench) -> None:
    guard = bench.planted("guard")
    guard.client.post(f"{API}/desk")

    bench.administrator.delete(f"{API}/users/{guard.user_id}/sessions")

    assert guard.client.get(SESSION).status_code == 401


def test_a_desk_that_nobody_takes_over_ends(bench: Bench) -> None:
    desk = locked(bench)

    bench.clock.advance(hours=25)

    assert desk.get(SESSION).status_code == 401


def test_a_desk_is_of_guards_alone_and_of_no_token(bench: Bench) -> None:
    replies = [
        bench.planted("personnel").client.post(f"{API}/desk"),
        bench.planted("guard").client.post(f"{API}/desk/lock"),
    ]

    assert [reply.json()["code"] for reply in replies] == ["forbidden", "no_desk"]


def test_the_stream_of_a_locked_desk_goes_on(bench: Bench) -> None:
    desk = locked(bench)

    with desk.stream("GET", f"{API}/stream") as stream:
        told = messages(stream)
        next(told)
        bench.node().report()

        assert next(kind for kind, _ in told if kind == "node") == "node"
