"""The counter's cash drawer: opened with a float, counted blind, explained, signed by another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.contract.identifiers import new_id
from tests.central.bench import Bench
from tests.central.office.acting import (
    OFFICE,
    approved,
    canteen,
    do,
    held,
    manager,
    topped_up,
    wish,
    with_drawer,
)

DRAWERS = f"{OFFICE}/drawers"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central of a site with a canteen, the same for all of these."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        yield bench


def own(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{DRAWERS}/own").json()["drawer"]
    return found


def counted(client: httpx.Client, **said: Any) -> httpx.Response:  # noqa: ANN401 - a sum or notes
    return client.post(f"{DRAWERS}/{own(client)['drawer_id']}/count", json=said)


def brought(client: httpx.Client, **more: Any) -> httpx.Response:  # noqa: ANN401 - fields
    usual = {"key": str(new_id()), "way": "put_in", "amount_fen": 5_000, "reason": "零钱"}
    return client.post(f"{DRAWERS}/{own(client)['drawer_id']}/changes", json=usual | more)


def today(bench: Bench) -> dict[str, Any]:
    client = manager(bench)
    day = client.get(f"{OFFICE}/setting").json()["today"]
    found: dict[str, Any] = client.get(f"{OFFICE}/cash/{day}").json()
    return found


def sign(client: httpx.Client, seen: dict[str, Any], **explanations: str) -> httpx.Response:
    wanted = {"day": seen["day"], "sha256": seen["sha256"], "explanations": explanations}
    return client.post(f"{OFFICE}/cash", json=wanted)


def test_cash_without_an_open_drawer_is_refused_and_said_before(site: Bench) -> None:
    wang, client = site.person(), manager(site)
    wanted = wish("top_up", holder_id=wang, amount_fen=5000)

    seen, done = do(client, wanted, "money/check"), do(client, wanted)

    assert seen.json()["problem"] == done.json()["code"] == "drawer_needed"
    assert held(site, wang) == (0, 0, 0)
    assert do(with_drawer(client), wanted).is_success


def test_all_cash_of_the_operator_is_in_it_and_nothing_tells_its_sum_before_the_count(
    tmp_path: Path, database_url: str
) -> None:
    with canteen(tmp_path, database=database_url) as bench:
        wang, one, other = bench.person(), with_drawer(manager(bench), 20_000), manager(bench)
        deed = do(one, wish("top_up", holder_id=wang, amount_fen=5000)).json()["deed_id"]
        do(one, wish("top_up", holder_id=wang, amount_fen=3000))
        do(one, wish("top_up_file", text=f"{new_id().hex[:6]},20"))
        approved(one, other, wish("reversal", deed_id=deed, reason="输错"))
        approved(one, other, wish("settlement", holder_id=wang), "money")
        brought(one)
        topped_up(bench, wang, 900)
        before = own(one)

        count = counted(one, notes={"10000": 2, "5000": 1}).json()["count"]

        assert before["count"] is None
        assert today(bench)["drawers"][1]["count"] is None
        assert [each["cash_fen"] for each in count["entries"]] == [5000, 3000, -5000, -3000, 5000]
        assert (count["expected_fen"], count["counted_fen"]) == (25_000, 25_000)
        assert (count["in_fen"], count["out_fen"]) == (13_000, 8_000)
        assert own(one) is None


def test_a_count_stands_and_closes_the_drawer(site: Bench) -> None:
    client = with_drawer(manager(site), 1_000)
    path = f"{DRAWERS}/{own(client)['drawer_id']}"

    replies = [client.post(f"{path}/count", json={"counted_fen": fen}) for fen in (1000, 1000, 999)]
    late = do(client, wish("top_up", holder_id=site.person(), amount_fen=100))
    change = client.post(
        f"{path}/changes",
        json={"key": str(new_id()), "way": "taken_out", "amount_fen": 1, "reason": "x"},
    )

    assert [reply.status_code for reply in replies] == [200, 200, 409]
    assert (replies[2].json()["code"], change.json()["code"]) == ("drawer_counted",) * 2
    assert late.json()["code"] == "drawer_needed"


def test_a_difference_needs_a_sentence_before_the_next_drawer_and_moves_nothing(
    site: Bench,
) -> None:
    client = with_drawer(manager(site), 1_000)
    seen = counted(client, counted_fen=900).json()
    opening = {"key": str(new_id()), "float_fen": 0}
    path = f"{DRAWERS}/{seen['drawer_id']}/explanation"

    refused = client.post(DRAWERS, json=opening).json()["code"]
    said = client.post(path, json={"words": "找错零"}).json()["count"]
    again = client.post(path, json={"words": "另一个说法"}).json()["code"]

    assert (seen["count"]["difference_fen"], refused) == (-100, "drawer_unexplained")
    assert (said["explanation"], said["difference_fen"]) == ("找错零", -100)
    assert again == "nothing_to_explain"
    assert client.post(DRAWERS, json=opening).is_success


def test_nobody_has_two_and_the_same_key_is_the_same(site: Bench) -> None:
    client, opening = manager(site), {"key": str(new_id()), "float_fen": 100}

    first, again = (client.post(DRAWERS, json=opening) for _ in range(2))
    second = client.post(DRAWERS, json={**opening, "key": str(new_id())})
    key = str(new_id())
    changes = [
        brought(client, key=key),
        brought(client, key=key),
        brought(client, key=key, amount_fen=1),
    ]

    assert first.json() == again.json()
    assert second.json()["code"] == "drawer_open"
    assert [each.status_code for each in changes] == [200, 200, 409]
    assert len(counted(client, counted_fen=0).json()["count"]["entries"]) == 1


@pytest.mark.parametrize(
    "said", [{}, {"counted_fen": 1, "notes": {}}, {"notes": {"300": 1}}, {"notes": {"100": -1}}]
)
def test_what_no_drawer_can_hold_is_refused(site: Bench, said: dict[str, Any]) -> None:
    client = with_drawer(manager(site))

    assert counted(client, **said).status_code == 422


def test_cash_and_a_count_at_once_leave_none_out(any_bench: Bench) -> None:
    client = with_drawer(manager(any_bench))
    people = [any_bench.person() for _ in range(6)]
    drawer = own(client)["drawer_id"]

    with ThreadPoolExecutor(7) as pool:
        paid = [
            pool.submit(do, client, wish("top_up", holder_id=each, amount_fen=100))
            for each in people
        ]
        pool.submit(client.post, f"{DRAWERS}/{drawer}/count", json={"counted_fen": 0})
        done = sum(each.result().is_success for each in paid)

    count = client.get(f"{DRAWERS}/{drawer}").json()["count"]
    assert sum(held(any_bench, each)[1] for each in people) == done * 100
    assert (len(count["entries"]), count["expected_fen"]) == (done, done * 100)


def test_a_day_of_cash_is_signed_by_somebody_who_had_no_drawer(tmp_path: Path) -> None:
    with canteen(tmp_path) as bench:
        one, other = with_drawer(manager(bench), 1_000), manager(bench)
        with_drawer(left_open := manager(bench))
        counted(one, counted_fen=900)
        seen = today(bench)
        named = {each["code"]: each for each in seen["differences"]}
        said = {each["id"]: "已找到" for each in seen["differences"]}

        own_, silent, signed = sign(one, seen, **said), sign(other, seen), sign(other, seen, **said)
        counted(left_open, counted_fen=0)

        assert named.keys() == {"drawer_cash", "drawer_open"}
        assert (named["drawer_cash"]["till"], named["drawer_cash"]["centre"]) == (900, 1_000)
        assert own_.json()["code"] == "second_person_needed"
        assert silent.json()["code"] == "difference_unexplained"
        assert [each["is_current"] for each in signed.json()["closes"]] == [True]
        assert [each["is_current"] for each in today(bench)["closes"]] == [False]


def test_a_cashier_of_a_till_has_no_cash_drawer(site: Bench) -> None:
    reply = site.planted("cashier").client.post(
        DRAWERS, json={"key": str(new_id()), "float_fen": 0}
    )

    assert reply.json()["code"] == "forbidden"
