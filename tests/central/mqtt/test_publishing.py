"""Central at a real broker: what another client of it hears, over restarts and cuts."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted, EventClass
from config.contract.identifiers import new_id
from tests.central.alarms.raising import FORCED, tell
from tests.central.bench import Bench
from tests.central.connectors.certificates import untrusted
from tests.central.connectors.peer import eventually
from tests.central.mqtt.broker import PASSWORD, Broker, Line, Other, running_broker

PATH = "/api/v1/connectors"
BASE = "menshen/test"
HOLDER = "0197-anna"
OPEN = f"{BASE}/access_point/lane/open"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with running_broker(folder) as running:
        yield running


@pytest.fixture
def other(broker: Broker) -> Iterator[Other]:
    client = Other(broker)
    yield client
    client.close()


def granted() -> AccessGranted:
    return AccessGranted(
        decision_id=new_id(),
        access_point="lane",
        direction=Direction.IN,
        holder_id=HOLDER,
        credential=CredentialKind.CARD,
    )


def put(bench: Bench, broker: Broker, **more: object) -> None:
    reply = bench.administrator.put(f"{PATH}/mqtt", json=broker.settings(**more))
    assert reply.status_code == 200, reply.text


def told_events(other: Other) -> list[int]:
    return [json.loads(m.payload)["sequence"] for m in other.of(f"{BASE}/event/access/")]


def test_states_stay_events_pass_and_nobody_is_named(
    any_bench: Bench, broker: Broker, other: Other
) -> None:
    node = any_bench.node()
    put(any_bench, broker)
    eventually(lambda: other.newest(f"{BASE}/status") == "online")

    node.report()
    tell(node, 1)
    tell(node, 1, granted())

    eventually(lambda: other.newest(f"{BASE}/node/gate-1") == "online")
    eventually(lambda: json.loads(other.newest(f"{BASE}/alarms") or "{}").get("priority_2"))
    [event] = eventually(lambda: other.of(f"{BASE}/event/access/"))
    assert (event.topic, event.qos, event.retain) == (
        f"{BASE}/event/access/access/granted/v1", 1, False,
    )  # fmt: skip
    assert event.content_type == "application/cloudevents+json; charset=utf-8"
    assert UUID(json.loads(event.payload)["id"])
    assert not any(word in m.payload for m in other.heard for word in (HOLDER, PASSWORD))
    late = Other(broker)
    eventually(lambda: late.newest(f"{BASE}/fire"))
    assert all(message.retain for message in late.heard)
    late.close()


def test_a_broker_that_died_hears_in_order_what_happened_meanwhile(
    bench: Bench, broker: Broker, other: Other
) -> None:
    node, line = bench.node(), Line(broker.port)
    put(bench, broker, has_holders=True, url=f"mqtts://localhost:{line.port}")
    tell(node, 1, granted())
    eventually(lambda: told_events(other) == [1])

    broker.kill()
    line.cut()
    node.send(*(node.event(number, fact=granted()) for number in range(2, 152)))
    other.heard.clear()
    broker.start()
    eventually(lambda: other.is_connected)
    # Now alone, so that the other hears all of it: the broker forgot who had asked for what.
    Line(broker.port, port=line.port)

    eventually(lambda: 151 in told_events(other))
    # The last one before may come again: nobody could say that it had arrived.
    assert [n for n in dict.fromkeys(told_events(other)) if n > 1] == list(range(2, 152))
    assert HOLDER in other.of(f"{BASE}/event/access/")[-1].payload
    assert other.newest(f"{BASE}/status") == "online"
    assert other.newest(f"{BASE}/access_point/lane") is not None
    [state] = bench.administrator.get(PATH).json()["states"]
    assert (state["has_password"], state["failure"]) == (True, "")


def test_whoever_is_cut_off_leaves_a_will(bench: Bench, broker: Broker, other: Other) -> None:
    line = Line(broker.port)
    wish = broker.settings(url=f"mqtts://localhost:{line.port}")
    assert bench.administrator.put(f"{PATH}/mqtt", json=wish).status_code == 200
    eventually(lambda: other.newest(f"{BASE}/status") == "online")

    line.cut()

    eventually(lambda: other.newest(f"{BASE}/status") == "offline")
    [state] = eventually(
        lambda: [s for s in bench.administrator.get(PATH).json()["states"] if s["failure"]]
    )
    assert state["failure"] in ("unreachable", "no_answer")


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("change", "failure"),
    [({"password": "another"}, "password"), ({"ca_certificate": untrusted()}, "certificate")],
    ids=["password", "certificate"],
)
def test_why_it_is_not_told_is_said(
    bench: Bench, broker: Broker, change: dict[str, str], failure: str
) -> None:
    wish = broker.settings()
    target = wish if "password" in change else wish["settings"]
    target.update(change)

    assert bench.administrator.put(f"{PATH}/mqtt", json=wish).status_code == 200

    [state] = eventually(
        lambda: [s for s in bench.administrator.get(PATH).json()["states"] if s["failure"]]
    )
    assert state["failure"] == failure
    put(bench, broker, is_on=False)
    gc.collect()


def test_a_door_is_opened_by_a_signed_command_where_somebody_allowed_it_and_nowhere_else(
    bench: Bench, broker: Broker, other: Other
) -> None:
    discovered = "homeassistant/device/menshen_test_lane/config"
    put(bench, broker)
    config = json.loads(eventually(lambda: other.newest(discovered)))
    assert "open" not in config["components"]
    other.say(OPEN, "PRESS")

    chief = bench.planted("security_administrator").client
    assert chief.put(f"{PATH}/mqtt/doors", json={"access_points": ["lane"]}).status_code == 200
    eventually(lambda: "open" in json.loads(other.newest(discovered) or "{}")["components"])
    other.say(OPEN, "PRESS", retain=True)
    other.say(OPEN, '{"command":"open","at":"2020-01-01T00:00:00+00:00"}')
    other.say(OPEN, "PRESS")

    [command] = eventually(lambda: bench.administrator.get("/api/v1/commands").json()["items"])
    assert command["what"] == {"kind": "open_once", "access_point": "lane"}
    assert command["reason"] == "MQTT"
    assert bench.row("SELECT count(*) FROM audit_log WHERE action = 'mqtt_command'") == (1,)


def test_only_what_is_chosen_is_told(bench: Bench, broker: Broker, other: Other) -> None:
    node = bench.node()
    put(bench, broker, classes=["alarm"], types=["menshen.door."], discovery_prefix="")
    eventually(lambda: other.newest(f"{BASE}/status") == "online")

    tell(node, 1, granted())
    tell(node, 1, FORCED)

    eventually(lambda: other.of(f"{BASE}/event/{EventClass.ALARM}/door/"))
    assert not other.of(f"{BASE}/event/access/")
    assert not other.of("homeassistant/")


def test_a_trial_says_what_it_finds_and_cuts_off_no_line(
    bench: Bench, broker: Broker, other: Other
) -> None:
    put(bench, broker)
    eventually(lambda: other.newest(f"{BASE}/status") == "online")

    def found(wish: dict[str, object], **more: object) -> str:
        answer = bench.administrator.post(f"{PATH}/mqtt/try", json={**wish, **more}).json()
        assert bool(answer["certificate_until"]) is not bool(answer["failure"])
        return str(answer["failure"])

    wrong = broker.settings(ca_certificate=untrusted())
    assert found(broker.settings()) == ""
    assert found(broker.settings(), password="wrong") == "password"
    assert found(wrong) == "certificate"
    broker.kill()
    assert found(broker.settings()) == "unreachable"
    assert [m.payload for m in other.of(f"{BASE}/status")] == ["online"]


def test_a_line_that_stands_again_says_so_though_nothing_happens(
    bench: Bench, broker: Broker
) -> None:
    def is_connected() -> bool:
        return bool(bench.administrator.get(PATH).json()["states"][0]["is_connected"])

    put(bench, broker)
    eventually(is_connected)
    broker.kill()
    eventually(lambda: not is_connected())
    broker.start()

    eventually(is_connected)
