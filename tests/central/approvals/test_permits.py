"""Four eyes: a key is rotated when a second person has approved it, and not before."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.site import Site
from tests.central.audit.log import entries
from tests.central.bench import SITE, Bench, running_central

API = "/api/v1"
FOUR_EYES = SITE.model_dump(by_alias=True)
FOUR_EYES["policy"] |= {"four_eyes": ["key_rotation"]}


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site where a rotation of keys needs a second person."""
    with running_central(tmp_path / "home", site=Site.model_validate(FOUR_EYES)) as running:
        yield running


def rotate(client: httpx.Client) -> httpx.Response:
    return client.post(f"{API}/keys/rotation")


def asked(client: httpx.Client) -> str:
    """Return the approval that a rotation waits for."""
    reply = rotate(client)
    assert (reply.status_code, reply.json()["code"]) == (409, "approval_needed")
    return str(reply.json()["approval_id"])


def decide(client: httpx.Client, approval_id: str, word: str = "approve") -> tuple[int, str]:
    reply = client.post(f"{API}/approvals/{approval_id}/{word}")
    return reply.status_code, "" if reply.is_success else reply.json()["code"]


def key(bench: Bench) -> str:
    return str(bench.administrator.get(f"{API}/keys").json()["key_id"])


def test_what_somebody_else_approved_is_done_once(careful: Bench) -> None:
    before, other = key(careful), careful.planted("system_administrator").client
    approval_id = asked(careful.administrator)
    assert key(careful) == before

    assert decide(other, approval_id) == (204, "")

    assert rotate(careful.administrator).status_code == 202
    (item,) = other.get(f"{API}/approvals").json()["items"]
    assert (item["state"], item["is_own"], item["asked_by"]) == ("used", False, "admin")
    assert asked(careful.administrator) != approval_id


def test_nobody_approves_their_own(careful: Bench) -> None:
    approval_id = asked(careful.administrator)

    outcomes = [decide(careful.administrator, approval_id, word) for word in ("approve", "refuse")]

    assert outcomes == [(409, "second_person_needed")] * 2


@pytest.mark.parametrize("role", ["security_administrator", "auditor", "shift_leader"])
def test_who_may_not_do_it_may_not_approve_it(careful: Bench, role: str) -> None:
    approval_id = asked(careful.administrator)

    assert decide(careful.planted(role).client, approval_id) == (403, "forbidden")


def test_asking_again_is_the_same_question(careful: Bench) -> None:
    assert asked(careful.administrator) == asked(careful.administrator)


def test_an_approval_is_for_who_asked_and_not_for_others(careful: Bench) -> None:
    other = careful.planted("system_administrator").client
    decide(other, asked(careful.administrator))

    assert rotate(other).json()["code"] == "approval_needed"


def test_what_is_refused_or_too_old_is_not_done(careful: Bench) -> None:
    other = careful.planted("system_administrator").client
    refused = asked(careful.administrator)
    decide(other, refused, "refuse")
    pending = asked(careful.administrator)
    assert pending != refused
    careful.clock.advance(hours=24)

    assert decide(careful.signed_in_again(), pending) == (404, "approval_not_found")
    items = careful.administrator.get(f"{API}/approvals").json()["items"]
    assert {item["approval_id"]: item["state"] for item in items} == {
        refused: "refused",
        pending: "expired",
    }


def test_question_and_answer_are_in_the_audit_log(careful: Bench) -> None:
    other = careful.planted("system_administrator")
    approval_id = asked(careful.administrator)
    decide(other.client, approval_id)

    question = entries(careful, action="keys_rotation_post")[0]
    answer = entries(careful, action="approvals_approve_post")[0]

    assert question["detail"] == {"is_asked": True}
    assert answer["actor"] == f"user:{other.user_id}"
    assert f"approval:{approval_id}" in {*question["objects"]} & {*answer["objects"]}


def test_a_site_that_does_not_ask_for_it_needs_nobody(bench: Bench) -> None:
    assert rotate(bench.administrator).status_code == 202
