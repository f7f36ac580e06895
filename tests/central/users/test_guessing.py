"""What is guessed first is no new password; everything else is, whatever its signs."""

import pytest

from central.problems import RefusedError
from central.users.guessing import refuse_guessable
from tests.central.bench import PASSWORD, Bench, accept

API = "/api/v1"


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaa",
        "121212121212",
        "Menshen-2026!",
        "password1234",
        "qwertyuiop12",
        "ADMINISTRATOR-1",
        "li.ming-li.ming",
        "Li.Ming-2026",
    ],
)
def test_names_rows_and_repetitions_are_refused(password: str) -> None:
    with pytest.raises(RefusedError, match="password_guessable"):
        refuse_guessable(password, username="li.ming")


@pytest.mark.parametrize(
    "password", [PASSWORD, "四个互不相关的词语连起来", "tr0ub4dor and 3", "gate of seven rivers"]
)
def test_others_are_taken(password: str) -> None:
    refuse_guessable(password, username="li.ming")


def test_a_link_and_a_change_refuse_it_and_the_link_stays_good(bench: Bench) -> None:
    secret = bench.first_invitation()
    wish = {"secret": secret, "username": "admin", "password": "admin-menshen-1"}
    change = {"old_password": PASSWORD, "new_password": "admin-menshen-1"}

    refused = bench.client().post(f"{API}/invitations/accept", json=wish)
    accepted = accept(bench.client(), secret, "admin")
    changed = bench.operator("guard").put(f"{API}/account/password", json=change)

    assert (refused.status_code, refused.json()["code"]) == (422, "password_guessable")
    assert accepted.status_code == 201
    assert (changed.status_code, changed.json()["code"]) == (422, "password_guessable")
