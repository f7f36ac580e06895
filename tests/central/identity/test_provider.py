"""Signing in at a real identity provider, through its own forms."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from central.database import DatabaseError, Transaction
from central.oidc import repository
from central.oidc.endpoints import LOGIN_COOKIE
from central.security import COOKIE, RateLimit
from tests.central.audit.log import entries, in_transaction
from tests.central.bench import Bench, running_central
from tests.central.identity.provider import (
    API,
    RunningProvider,
    at_provider,
    begin,
    come,
    connect,
    running_provider,
    settings_for,
)
from tests.central.users.acting import code_of, sign_in
from tests.serving import free_port


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    """One provider for all; each test has people of its own."""
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def shared(provider: RunningProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central that the provider knows."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("central") / "home"
    with running_central(home, port=port, url=url) as bench:
        provider.expects(url)
        yield bench


@pytest.fixture
def central(shared: Bench, provider: RunningProvider) -> Bench:
    """Central, connected as most tests want it."""
    connect(shared, provider)
    return shared


def who(client: httpx.Client) -> dict[str, object]:
    reply = client.get(f"{API}/sessions/current")
    return dict(reply.json()) if reply.is_success else {}


def test_who_is_in_a_group_has_its_role(central: Bench, provider: RunningProvider) -> None:
    provider.person("zhang", "guards", "others")
    client = central.client()

    page = come(client, "zhang")

    assert page == "/audit"
    me = who(client)
    assert (me["username"], me["role"], me["is_of_provider"]) == ("zhang", "guard", True)
    assert entries(central, action="sessions_post")[0]["detail"] == {"way": "provider"}
    assert entries(central, action="provider_account")


def test_who_is_in_no_group_gets_nothing(central: Bench, provider: RunningProvider) -> None:
    provider.person("nobody", "others")
    client = central.client()

    page = come(client, "nobody")

    assert page == "/audit#sign-in=no_role_here"
    assert who(client) == {}
    refused = entries(central, action="sessions_refused")[0]
    assert refused["detail"] == {"code": "no_role_here", "way": "provider"}


def test_duties_that_exclude_each_other_are_of_nobody(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("both", "audit", "system")

    assert come(central.client(), "both").endswith("#sign-in=roles_exclude")


def test_a_role_that_the_provider_takes_away_ends_everything_here(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("leaving", "guards")
    client = central.client()
    come(client, "leaving")
    made = client.post(
        f"{API}/account/tokens", json={"name": "x", "scopes": ["site.read"], "days": 1}
    )
    provider.person("leaving", "others")

    page = come(central.client(), "leaving")

    assert page.endswith("#sign-in=no_role_here")
    assert who(client) == {}
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    assert central.client().get(f"{API}/snapshot", headers=bearer).status_code == 401


def test_another_group_is_another_role_and_never_a_duty(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("rising", "guards")
    client = central.client()
    come(client, "rising")
    provider.person("rising", "leaders")
    assert come(central.client(), "rising") == "/audit"
    assert who(client) == {}, "sessions of the old role end"
    provider.person("rising", "audit")

    assert come(central.client(), "rising").endswith("#sign-in=other_duty")


def test_who_was_removed_here_does_not_come_again_by_groups_alone(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("removed", "guards")
    client = central.client()
    come(client, "removed")
    (user,) = [u for u in users(central) if u["username"] == "removed"]

    assert central.administrator.delete(f"{API}/users/{user['user_id']}").status_code == 204

    assert who(client) == {}
    assert come(client, "removed").endswith("#sign-in=account_removed")
    wish = {"username": "back", "role": "guard", "subject": "removed"}
    made = central.administrator.post(f"{API}/users/provider-accounts", json=wish)
    assert made.status_code == 204, made.text
    assert come(client, "removed") == "/audit"
    assert who(client)["username"] == "back"


def test_who_is_shut_out_here_stays_out(central: Bench, provider: RunningProvider) -> None:
    provider.person("shut", "guards")
    come(central.client(), "shut")
    (user,) = [u for u in users(central) if u["username"] == "shut"]
    path = f"{API}/users/{user['user_id']}"
    assert central.administrator.patch(path, json={"is_active": False}).status_code == 204

    assert come(central.client(), "shut").endswith("#sign-in=account_shut_out")


def test_who_is_removed_at_the_provider_cannot_sign_in(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("gone", "guards")
    place = at_provider(begin(client := central.client()), "gone")
    provider.do(do="forget", name="gone")

    page = client.get(place).headers["Location"]

    assert page.endswith(("#sign-in=provider_error", "#sign-in=provider_down"))
    assert who(client) == {}


def test_a_name_that_somebody_has_here_is_not_taken_over(
    central: Bench, provider: RunningProvider
) -> None:
    local = central.planted("shift_leader", username="wang")
    provider.person("wang", "guards")
    client = central.client()

    come(client, "wang")

    assert (who(client)["username"], who(client)["role"]) == ("wang-2", "guard")
    assert who(local.client)["role"] == "shift_leader"


def test_keys_that_the_provider_changed_are_fetched(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("rotating", "guards")
    assert come(central.client(), "rotating") == "/audit"
    provider.do(do="rotate")

    assert come(central.client(), "rotating") == "/audit"


def test_an_answer_is_good_once_and_in_the_browser_that_asked(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("careful", "guards")
    client, other = central.client(), central.client()
    place = at_provider(begin(client), "careful")
    begin(other)

    stolen = other.get(place).headers["Location"]
    cookie = client.cookies.get(LOGIN_COOKIE)
    first = client.get(place).headers["Location"]
    client.cookies.set(LOGIN_COOKIE, cookie or "")
    again = client.get(place).headers["Location"]

    assert stolen == "/#sign-in=sign_in_not_begun"
    assert first == "/audit"
    assert again == "/audit#sign-in=provider_error"


def test_what_was_begun_long_ago_is_over(central: Bench, provider: RunningProvider) -> None:
    provider.person("slow", "guards")
    place = at_provider(begin(client := central.client()), "slow")
    central.clock.advance(minutes=11)

    try:
        assert client.get(place).headers["Location"] == "/#sign-in=sign_in_not_begun"
    finally:
        central.clock.advance(minutes=-11)


def test_a_token_of_another_time_is_refused_by_the_skew(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("timely", "guards")
    place = at_provider(begin(client := central.client()), "timely")
    central.clock.advance(minutes=-9)

    try:
        page = client.get(place).headers["Location"]
    finally:
        central.clock.advance(minutes=9)

    assert page == "/audit#sign-in=provider_token"
    why = entries(central, action="sessions_refused")[0]["detail"]["why"]
    assert why == "it is from the future: compare the clocks"


def test_the_login_cookie_is_lax_and_the_sessions_is_strict(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("cookie", "guards")
    client = central.client()
    begun = client.post(f"{API}/sessions/provider", json={})
    reply = client.get(at_provider(begun.json()["location"], "cookie"))

    begin_cookie = begun.headers["Set-Cookie"]
    session = [c for c in reply.headers.get_list("Set-Cookie") if c.startswith(f"{COOKIE}=")]
    assert "SameSite=lax" in begin_cookie
    assert "HttpOnly" in begin_cookie
    assert len(session) == 1
    assert "SameSite=strict" in session[0]


def test_it_asks_with_pkce_a_state_and_a_nonce(central: Bench, provider: RunningProvider) -> None:
    first, second = (parse_qs(urlsplit(begin(central.client())).query) for _ in range(2))

    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


def test_our_second_factor_is_asked_where_the_provider_has_seen_none(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("twice", "guards")
    client = central.client()
    come(client, "twice")
    secret = client.post(f"{API}/account/second-factor", json={"password": ""}).json()["secret"]
    code = {"code": code_of(secret, central.clock())}
    assert client.post(f"{API}/account/second-factor/confirm", json=code).status_code == 200
    central.clock.advance(seconds=30)

    fresh = central.client()
    page = come(fresh, "twice")

    head, _, challenge = page.partition("#sign-in-code=")
    assert (head, who(fresh)) == ("/audit", {})
    wish = {"challenge": challenge, "code": code_of(secret, central.clock())}
    assert fresh.post(f"{API}/sessions/second-factor", json=wish).status_code == 201
    assert who(fresh)["is_of_provider"] is True
    # What the site takes for one, it does not ask for again.
    connect(central, provider, second_factor="provider", amr_values=["pwd"])
    fresh = central.client()
    assert come(fresh, "twice") == "/audit"
    assert who(fresh)["username"] == "twice"


def test_a_session_from_the_provider_is_over_after_its_hours(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("tired", "guards")
    come(client := central.client(), "tired")
    assert who(client)["is_of_provider"] is True
    hours = central.administrator.get(f"{API}/identity-provider").json()["settings"][
        "session_hours"
    ]
    central.clock.advance(hours=hours)

    try:
        assert who(client) == {}
    finally:
        central.clock.advance(hours=-hours)


def test_the_session_at_the_provider_ends_too(central: Bench, provider: RunningProvider) -> None:
    provider.person("ending", "guards")
    client = central.client()
    come(client, "ending")

    place = client.post(f"{API}/sessions/provider/end").json()["location"]

    assert who(client) == {}
    assert place.startswith(f"{provider.url}oauth/end_session?")
    with httpx.Client() as browser:
        reply = browser.get(place)
    assert (reply.status_code, reply.headers["Location"]) == (302, f"{central.url}/")


def test_a_local_administrator_breaks_the_glass_and_others_do_not(
    central: Bench, provider: RunningProvider
) -> None:
    connect(central, provider, local_sign_in="administrators")
    guard = central.planted("guard")
    assert central.administrator

    refused = sign_in(central.client(), guard.username)
    entered = sign_in(central.client(), "admin")

    assert (refused.status_code, refused.json()["code"]) == (403, "use_provider")
    assert entered.status_code == 201
    assert entries(central, action="glass_broken")
    assert entries(central, action="sessions_post")[0]["detail"] == {"way": "local"}


def test_the_secret_is_wrapped_and_never_shown(central: Bench, provider: RunningProvider) -> None:
    view = central.administrator.get(f"{API}/identity-provider").json()
    (stored,) = central.row("SELECT secret FROM identity_providers")

    assert view["has_secret"] is True
    assert "client_secret" not in view["settings"]
    assert stored.startswith(central.app.state.services.kek.mark)
    elsewhere = {**settings_for(provider), "issuer": "https://other.example", "client_secret": None}
    assert central.administrator.put(f"{API}/identity-provider", json=elsewhere).is_success
    assert central.administrator.get(f"{API}/identity-provider").json()["has_secret"] is False


def test_it_says_what_is_wrong_with_a_provider(central: Bench, provider: RunningProvider) -> None:
    assert check(central)["problem"] == ""
    connect(central, provider, issuer=provider.url.rstrip("/"))
    assert "copy the issuer to the letter" in check(central)["problem"]

    connect(central, provider, issuer="https://login.example.cn/\x07")
    assert "is no address" in check(central)["problem"]

    connect(central, provider, issuer=f"http://127.0.0.1:{free_port()}")

    assert "does not answer" in check(central)["problem"]
    reply = central.client().post(f"{API}/sessions/provider", json={})
    assert (reply.status_code, reply.json()["code"]) == (503, "provider_down")
    assert sign_in(central.client(), "admin").status_code == 201


def test_a_database_that_did_not_answer_once_takes_the_provider_from_nobody(
    central: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def announce(transaction: Transaction) -> None:
        transaction.announce(repository.CHANGED)

    async def fail(_: Transaction) -> None:
        raise DatabaseError("it does not answer")

    in_transaction(central, announce)
    with monkeypatch.context() as patched:
        patched.setattr(repository, "settings_of", fail)
        assert central.client().get(f"{API}/sessions/ways").is_server_error

    assert central.client().get(f"{API}/sessions/ways").json()["provider"] is not None


def test_another_provider_gets_nothing_of_a_sign_in_that_was_begun(
    central: Bench, provider: RunningProvider
) -> None:
    provider.person("between", "guards")
    place = at_provider(begin(client := central.client()), "between")
    connect(central, provider, issuer=f"http://127.0.0.1:{free_port()}")

    page = client.get(place).headers["Location"]

    assert page.endswith("#sign-in=sign_in_not_begun")


def test_an_address_that_comes_back_without_end_is_stopped(
    central: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = central.app.state.services.provider_answers
    monkeypatch.setattr(limit, "take", RateLimit(count=1, window_s=60.0).take)
    pages = [central.client().get(f"{API}/sessions/provider/callback") for _ in range(2)]

    assert [page.headers["Location"] for page in pages] == [
        "/#sign-in=sign_in_not_begun",
        "/#sign-in=too_many_attempts",
    ]


@pytest.mark.parametrize(
    "mistake",
    [
        {"issuer": "https://login.example.cn:99999"},
        {"ca_certificate": "公司证书"},
        {"ca_certificate": "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"},
    ],
)
def test_what_is_no_address_or_no_certificate_is_refused_at_once(
    central: Bench, provider: RunningProvider, mistake: dict[str, str]
) -> None:
    wish = settings_for(provider, **mistake)

    assert central.administrator.put(f"{API}/identity-provider", json=wish).status_code == 422


def check(bench: Bench) -> dict[str, str]:
    return dict(bench.administrator.get(f"{API}/identity-provider/check").json())


def users(bench: Bench) -> list[dict[str, object]]:
    return list(bench.administrator.get(f"{API}/users").json()["items"])
