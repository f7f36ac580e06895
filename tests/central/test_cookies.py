"""A cookie of central is of one host and one name, and goes when it is taken back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import Response

from central.cookies import Cookies
from central.security import COOKIE
from tests.central.bench import Bench, running_central

CURRENT = "/api/v1/sessions/current"


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A central that others call by HTTPS; what is between is not looked at here."""
    home = tmp_path_factory.mktemp("secure") / "home"
    with running_central(home, url="https://central.example") as bench:
        yield bench


def asked(bench: Bench, name: str) -> int:
    session = bench.planted("guard").client.cookies[COOKIE]
    return bench.client().get(CURRENT, headers={"Cookie": f"{name}={session}"}).status_code


def test_over_https_a_session_under_a_name_that_anybody_may_plant_is_nobodys(
    behind_tls: Bench,
) -> None:
    assert asked(behind_tls, f"__Host-{COOKIE}") == 200
    assert asked(behind_tls, COOKIE) == 401


def test_on_plain_http_the_prefix_is_nobodys(bench: Bench) -> None:
    assert asked(bench, COOKIE) == 200
    assert asked(bench, f"__Host-{COOKIE}") == 401


@pytest.mark.parametrize("takes_back", [False, True])
def test_what_has_the_prefix_is_as_browsers_demand(*, takes_back: bool) -> None:
    # A browser refuses the whole line otherwise, also one that takes a cookie back.
    response, cookies = Response(), Cookies(is_secure=True)
    if takes_back:
        cookies.take_back(response, COOKIE)
    else:
        cookies.give(response, COOKIE, "secret", lifetime=timedelta(hours=1))

    name, *attributes = response.headers["Set-Cookie"].split("; ")

    assert name.startswith(f"__Host-{COOKIE}=")
    assert {"Secure", "Path=/", "HttpOnly"} <= set(attributes)
    assert not any(each.startswith("Domain") for each in attributes)
