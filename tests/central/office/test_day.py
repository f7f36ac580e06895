"""A merchant's day: counted blind, compared, explained and signed by somebody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.contract.money_events import charges_digest
from tests.central.bench import Bench
from tests.central.office.acting import OFFICE, Till, canteen, manager


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Bench]:
    """Central of a site with a canteen."""
    with canteen(tmp_path) as bench:
        yield bench


def day(bench: Bench) -> dict[str, Any]:
    today = manager(bench).get(f"{OFFICE}/setting").json()["today"]
    found: dict[str, Any] = manager(bench).get(f"{OFFICE}/days/canteen/{today}").json()
    return found


def sign(client: httpx.Client, seen: dict[str, Any], **explanations: str) -> httpx.Response:
    wanted = {"merchant": "canteen", "day": seen["day"], "sha256": seen["sha256"]}
    return client.post(f"{OFFICE}/days", json={**wanted, "explanations": explanations})


def sold(bench: Bench, *, by: str = "", counted: int = 2) -> Till:
    """Sell two meals, take one more back, and close with a blind count."""
    till, wang = Till(bench.node()), bench.person()
    till.open(by=by)
    meals = [till.sell(wang, 1000), till.sell(wang, 500)]
    till.void(till.sell(wang, 700), 700)
    till.close(
        charge_count=2, charge_fen=1500, void_count=1, void_fen=700, counted_charges=counted,
        counted_fen=1500, charge_ids_sha256=charges_digest(meals), by=by,
    )  # fmt: skip
    return till


def test_a_day_that_balances_is_signed_once(site: Bench) -> None:
    sold(site)
    seen, client = day(site), manager(site)

    replies = [sign(client, seen), sign(client, seen)]

    assert (seen["charge_fen"], seen["void_fen"]) == (1500, 700)
    assert [each["differences"] for each in seen["sessions"]] == [[]]
    assert [reply.status_code for reply in replies] == [200, 409]
    assert [each["is_current"] for each in replies[0].json()["closes"]] == [True]


def test_a_difference_is_named_and_has_to_be_explained(site: Bench) -> None:
    sold(site, counted=3)
    seen, client = day(site), manager(site)
    (found,) = seen["sessions"][0]["differences"]

    silent = sign(client, seen)
    said = sign(client, seen, **{found["id"]: "多数了一张小票"})

    assert (found["code"], found["till"], found["centre"]) == ("count", 2, 3)
    assert silent.json()["missing"] == [found["id"]]
    assert said.json()["closes"][0]["explanations"] == {found["id"]: "多数了一张小票"}


def test_whoever_stood_at_the_till_does_not_sign_the_day(site: Bench) -> None:
    one = site.planted("canteen_manager")
    sold(site, by=one.user_id)

    assert sign(one.client, day(site)).json()["code"] == "second_person_needed"
    assert sign(manager(site), day(site)).status_code == 200


def test_what_comes_after_the_signature_is_seen_and_signed_again(site: Bench) -> None:
    till = sold(site)
    before, client = day(site), manager(site)
    sign(client, before)
    till.sell(site.person(), 300)

    after = day(site)
    found = [each["id"] for each in after["sessions"][0]["differences"]]
    again = sign(client, after, **dict.fromkeys(found, "断网后补传"))

    assert [each["is_current"] for each in after["closes"]] == [False]
    assert sign(client, before).json()["code"] == "preview_outdated"
    assert [each["number"] for each in again.json()["closes"]] == [1, 2]
