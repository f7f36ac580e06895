"""Webhooks are told every event in order, through failures, restarts and beside other centrals."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from central.integrations.delivering import ALARM_AFTER, DEAD_AFTER, FORGOTTEN
from central.integrations.subscriptions import LEASE, standing
from central.tables import events
from central.webhooks import is_forbidden
from config.contract.events import DoorForcedOpen
from tests.central.alarms.raising import listed
from tests.central.audit.log import in_transaction
from tests.central.bench import Bench, running_central
from tests.central.integrations.acting import API, add_webhook
from tests.central.integrations.receiver import Receiver, is_signed, receiving
from tests.central.metrics.scraping import scraped, value
from tests.central.postgresql import fresh_database


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def view_of(bench: Bench) -> dict[str, Any]:
    (view,) = bench.administrator.get(f"{API}/webhooks").json()["items"]
    found: dict[str, Any] = view
    return found


def until(bench: Bench, *, turn_s: float = 30.0, **wanted: object) -> dict[str, Any]:
    """Wait until the webhook stands so; the clock goes on by so much between two looks."""
    for _ in range(600):
        view = view_of(bench)
        if all(view[name] == value for name, value in wanted.items()):
            return view
        bench.clock.advance(seconds=turn_s)
        in_transaction(bench, _announce)
    raise AssertionError(view)


async def _announce(transaction: Any) -> None:  # noqa: ANN401 - a transaction
    transaction.announce("events")


def test_events_are_told_in_order_and_signed(any_bench: Bench, receiver: Receiver) -> None:
    made = add_webhook(any_bench, url=receiver.url, types=["menshen.access."]).json()
    node, holder_id = any_bench.node(), any_bench.person("王小明")
    forced = DoorForcedOpen(device="gate")
    first = node.event(1)
    named = first.model_copy(update={"data": {**first.data, "holder_id": holder_id}})
    node.send(named, node.event(1, fact=forced), node.event(2))

    receiver.wait(lambda r: len(r.messages) == 2)
    view = until(any_bench, position=3)

    assert [each["position"] for each in receiver.events] == ["1", "3"]
    assert all(is_signed(made["secret"], *message) for message in receiver.messages)
    assert "王" not in str(receiver.messages)
    assert (view["waiting"], view["failure"]) == (0, "")
    samples, channel = scraped(any_bench), {"channel": "event_webhook"}
    assert value(samples, "menshen_deliveries_total", **channel, outcome="delivered") == 2
    assert value(samples, "menshen_deliveries_waiting", **channel) == 0


def test_what_is_changed_holds_for_the_next_message_of_a_long_way(
    bench: Bench, receiver: Receiver
) -> None:
    made = add_webhook(bench, url=receiver.url).json()["webhook"]
    path, wish = f"{API}/webhooks/{made['webhook_id']}", {**made["settings"], "batch": 10}
    receiver.meanwhile = lambda: bench.administrator.put(path, json=wish)
    node = bench.node()

    node.send(node.event(1), node.event(2), node.event(3))
    until(bench, position=3)

    assert [body[:1] for _, body in receiver.messages] == [b"{", b"["]


def test_who_is_removed_or_turned_off_is_told_no_more(bench: Bench, receiver: Receiver) -> None:
    made = add_webhook(bench, url=receiver.url).json()["webhook"]
    path, wish = f"{API}/webhooks/{made['webhook_id']}", {**made["settings"], "is_on": False}
    node = bench.node()
    receiver.meanwhile = lambda: bench.administrator.put(path, json=wish)

    node.send(node.event(1), node.event(2))
    until(bench, position=1)
    receiver.meanwhile = lambda: bench.administrator.delete(path)
    bench.administrator.put(path, json=made["settings"])
    node.send(node.event(3))
    receiver.wait(lambda r: len(r.messages) == 2)
    last = add_webhook(bench, url=receiver.url, name="Another", after=2).json()["webhook"]
    receiver.wait(lambda r: len(r.messages) == 3)

    assert [each["position"] for each in receiver.events] == ["1", "2", "3"]
    assert view_of(bench)["webhook_id"] == last["webhook_id"]


def test_what_was_not_taken_comes_again_under_its_name(bench: Bench, receiver: Receiver) -> None:
    receiver.answer = 500
    add_webhook(bench, url=receiver.url, batch=10)
    node = bench.node()
    node.send(node.event(1), node.event(2))
    receiver.wait(lambda r: len(r.messages) == 1)

    node.send(node.event(3))
    receiver.answer = 200
    until(bench, position=3)

    ids = [headers["webhook-id"] for headers, _ in receiver.messages]
    assert ids[0] == ids[-2] != ids[-1]
    assert [each["position"] for each in receiver.events][-3:] == ["1", "2", "3"]


def test_central_knows_when_it_tries_again(bench: Bench, receiver: Receiver) -> None:
    receiver.answer = 500
    add_webhook(bench, url=receiver.url)
    nothing = next_due_s(bench)
    node = bench.node()
    node.send(node.event(1))
    receiver.wait(lambda r: len(r.messages) == 1)
    pause_s = next_due_s(bench)

    assert nothing is None
    assert pause_s is not None
    assert 0 < pause_s <= LEASE.total_seconds()


def next_due_s(bench: Bench) -> float | None:
    """Return after how many seconds a webhook that is behind is told at the latest, if any is."""
    at = in_transaction(bench, lambda t: standing(t, now=bench.clock())).next_at
    return None if at is None else (at - bench.clock()).total_seconds()


def test_who_answers_gone_is_put_out_with_an_alarm(bench: Bench, receiver: Receiver) -> None:
    receiver.answer = 410
    add_webhook(bench, url=receiver.url)
    node = bench.node()
    node.send(node.event(1))

    view = until(bench, off_reason="gone")

    assert (view["settings"]["is_on"], view["waiting"]) == (False, 1)
    assert [each["kind"] for each in listed(bench)] == ["webhook"]


def test_who_is_dead_is_alarmed_then_put_out_and_goes_on_where_it_was(
    bench: Bench, receiver: Receiver
) -> None:
    receiver.answer = 503
    made = add_webhook(bench, url=receiver.url).json()["webhook"]
    node = bench.node()
    node.send(node.event(1))
    until(bench, attempts=1, turn_s=0)

    bench.clock.advance(seconds=ALARM_AFTER.total_seconds())
    until(bench, attempts=2)
    assert "webhook" in {each["kind"] for each in listed(bench)}
    bench.clock.advance(seconds=DEAD_AFTER.total_seconds())
    assert bench.signed_in_again()
    until(bench, off_reason="dead")

    receiver.answer = 200
    path = f"{API}/webhooks/{made['webhook_id']}"
    assert bench.signed_in_again().put(path, json=made["settings"]).status_code == 200
    until(bench, position=1, attempts=0)
    assert "webhook" not in {each["kind"] for each in listed(bench) if each["is_active"]}


def test_what_retention_took_is_told(bench: Bench, receiver: Receiver) -> None:
    node = bench.node()
    node.send(*(node.event(n) for n in range(1, 5)))
    in_transaction(bench, lambda t: t.execute(delete(events).where(events.c.position <= 2)))

    add_webhook(bench, url=receiver.url, after=0)
    view = until(bench, position=4)

    assert receiver.events[0]["type"] == FORGOTTEN
    assert receiver.events[0]["data"] == {"count": 2, "after": 0}
    assert [each.get("position") for each in receiver.events[1:]] == ["3", "4"]
    assert view["forgotten"] == 2


def test_a_redirect_is_not_followed(bench: Bench, receiver: Receiver) -> None:
    receiver.answer = 302
    made = add_webhook(bench, url=receiver.url).json()["webhook"]

    tried = bench.administrator.post(f"{API}/webhooks/{made['webhook_id']}/test").json()

    assert (tried["status"], tried["failure"]) == (302, "answered:302")
    assert len(receiver.messages) == 1


def test_a_secret_is_changed_with_both_for_a_day(bench: Bench, receiver: Receiver) -> None:
    made = add_webhook(bench, url=receiver.url).json()
    path = f"{API}/webhooks/{made['webhook']['webhook_id']}"
    fresh = bench.administrator.post(f"{path}/secret").json()["secret"]

    bench.administrator.post(f"{path}/test")
    bench.clock.advance(hours=25)
    bench.signed_in_again().post(f"{path}/test")

    (both, later) = receiver.messages
    assert is_signed(made["secret"], *both)
    assert is_signed(fresh, *both)
    assert not is_signed(made["secret"], *later)
    assert is_signed(fresh, *later)


def test_two_centrals_tell_each_event_once(
    postgresql: str, tmp_path: Path, receiver: Receiver
) -> None:
    url, home = fresh_database(postgresql), tmp_path / "home"
    with running_central(home, database=url) as one, running_central(home, database=url):
        add_webhook(one, url=receiver.url)
        node = one.node()
        for sequence in range(1, 13):
            node.send(node.event(sequence))
        receiver.wait(lambda r: len(r.messages) >= 12)

        assert [each["position"] for each in receiver.events] == [str(n) for n in range(1, 13)]


def test_who_may_not_see_names_or_money_sends_none_elsewhere(bench: Bench) -> None:
    system = bench.planted("system_administrator").client
    wish = {"name": "x", "url": "https://example.org/x"}

    named = system.post(f"{API}/webhooks", json={**wish, "has_names": True})
    money = system.post(f"{API}/webhooks", json={**wish, "classes": ["money"]})

    assert (named.status_code, money.status_code) == (403, 403)
    assert system.post(f"{API}/webhooks", json=wish).status_code == 201


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://user:word@example.org/", "ftp://example.org/", "https://",
        "https://169.254.169.254/latest", "https://[fe80::1]/", "https://[::ffff:169.254.169.254]/",
        "https://100.100.100.200/", "https://0.0.0.0/", "https://x:99999/", "https://a b/",
        "https://a..b/",
    ],
)  # fmt: skip
def test_an_address_that_no_webhook_goes_to_is_refused(bench: Bench, url: str) -> None:
    assert add_webhook(bench, url=url).status_code == 422


@pytest.mark.parametrize(
    ("address", "is_local", "is_refused"),
    [
        ("10.0.0.7", False, False), ("192.168.1.4", False, False), ("fd12::4", False, False),
        ("127.0.0.1", False, True), ("127.0.0.1", True, False), ("::1", False, True),
        ("64:ff9b::a9fe:a9fe", False, True), ("2002:7f00:1::", False, True),
        ("fd00:ec2::254", False, True), ("224.0.0.1", False, True), ("255.255.255.255", True, True),
    ],
)  # fmt: skip
def test_private_addresses_are_usual_and_metadata_is_not(
    address: str, is_local: bool, is_refused: bool
) -> None:
    assert is_forbidden(ip_address(address), is_local=is_local) is is_refused


def test_pauses_are_bounded() -> None:
    assert timedelta(minutes=1) < ALARM_AFTER < DEAD_AFTER
