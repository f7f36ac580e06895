"""Connectors as they are kept: settings, secrets, doors, whose turn it is, when it is an alarm."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from pydantic import ValidationError

from central.connectors import repository
from central.connectors.settings import MqttSettings
from central.database import Transaction
from tests.central.alarms.raising import listed
from tests.central.bench import Bench
from tests.central.connectors.acting import MQTT, PATH, put_doors, put_mqtt

T = TypeVar("T")


def written(bench: Bench, act: Callable[[Transaction], Awaitable[T]]) -> T:
    services = bench.app.state.services

    async def do() -> T:
        async with services.database.write() as transaction:
            return await act(transaction)

    return asyncio.run_coroutine_threadsafe(do(), services.loop).result(30)


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://broker.example.org",
        "https://broker.example.org",
        "mqtts://user:secret@broker.example.org",
        "mqtts://broker.example.org/topic",
        "mqtts://broker.example.org:99999",
        "mqtts://broker..example.org",
        "mqtts://",
    ],
)
def test_an_address_without_tls_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        MqttSettings(url=url)


def test_a_secret_stays_where_none_is_given_and_is_never_shown(bench: Bench) -> None:
    put_mqtt(bench)
    bench.administrator.put(f"{PATH}/mqtt", json={"settings": MQTT["settings"]})

    shown = bench.administrator.get(PATH)

    assert shown.json()["states"][0]["has_password"] is True
    assert "kept" not in shown.text
    assert "kept" not in str(bench.row("SELECT body, secret FROM connectors"))


def test_doors_are_allowed_by_whoever_may_open_them_and_by_no_token(bench: Bench) -> None:
    put_mqtt(bench)
    system = bench.planted("system_administrator").client
    allowed = put_doors(bench, "lane")

    answers = [
        system.put(f"{PATH}/mqtt/doors", json={"access_points": ["lane"]}).status_code,
        put_doors(bench, "nowhere").status_code,
        allowed.status_code,
    ]

    assert answers == [403, 422, 200]
    assert bench.administrator.get(PATH).json()["doors"]["access_points"] == ["lane"]


def test_another_broker_gets_neither_password_nor_doors(bench: Bench) -> None:
    system = bench.planted("system_administrator").client
    put_doors(bench, "lane")

    def stands(**settings: object) -> tuple[bool, list[str]]:
        wish = {"settings": {**MQTT["settings"], **settings}}
        assert system.put(f"{PATH}/mqtt", json=wish).status_code == 200
        shown = system.get(PATH).json()
        return shown["states"][0]["has_password"], shown["doors"]["access_points"]

    assert stands(is_on=True) == (True, ["lane"])
    assert stands(prefix="elsewhere") == (True, [])
    assert stands(url="mqtt://127.0.0.1:2", prefix="elsewhere") == (False, [])


def test_money_is_told_by_whoever_may_see_it(bench: Bench) -> None:
    system = bench.planted("system_administrator").client

    def put(*, is_on: bool) -> int:
        wish = {"settings": {**MQTT["settings"], "classes": ["money"], "is_on": is_on}}
        return system.put(f"{PATH}/mqtt", json=wish).status_code

    assert put(is_on=True) == 403
    assert put(is_on=False) == 200, "whoever sets brokers up may always switch them off"


def test_one_process_has_the_turn_until_it_is_silent(any_bench: Bench) -> None:
    put_mqtt(any_bench)
    clock = any_bench.clock

    def takes(process: str) -> bool:
        return written(any_bench, lambda t: repository.take_turn(t, "mqtt", process, now=clock()))

    first = [takes("one"), takes("two"), takes("one")]
    clock.advance(seconds=31)

    assert first == [True, False, True]
    assert [takes("two"), takes("one")] == [True, False]


def test_failing_for_long_is_an_alarm_until_it_goes_again(bench: Bench) -> None:
    put_mqtt(bench)
    now = bench.clock

    def fail() -> list[str]:
        written(bench, lambda t: repository.note_failed(t, "mqtt", "no_answer", now=now()))
        return [alarm["source"] for alarm in listed(bench) if alarm["is_active"]]

    early = fail()
    now.advance(minutes=6)
    late = fail()
    written(bench, lambda t: repository.note_told(t, "mqtt", now=now(), position=7))

    assert (early, late) == ([], ["channel:channel:mqtt"])
    assert not [alarm for alarm in listed(bench) if alarm["is_active"]]
    assert bench.row("SELECT position, failure FROM connectors") == (7, "")


def test_what_is_removed_is_forgotten_with_its_secret_its_doors_and_its_alarm(bench: Bench) -> None:
    put_doors(bench, "lane")
    written(bench, lambda t: repository.note_failed(t, "mqtt", "no_answer", now=bench.clock()))
    bench.clock.advance(minutes=6)
    written(bench, lambda t: repository.note_failed(t, "mqtt", "no_answer", now=bench.clock()))
    assert [alarm for alarm in listed(bench) if alarm["is_active"]]

    answers = [bench.administrator.delete(f"{PATH}/mqtt").status_code for _ in range(2)]

    assert answers == [204, 404]
    assert bench.row("SELECT count(*) FROM connectors") == (0,)
    assert not [alarm for alarm in listed(bench) if alarm["is_active"]]
    put_mqtt(bench)
    assert bench.administrator.get(PATH).json()["doors"] == {"access_points": [], "user_id": ""}


def test_how_it_went_with_other_settings_is_not_said_of_these(bench: Bench) -> None:
    put_mqtt(bench)
    written(bench, lambda t: repository.note_failed(t, "mqtt", "password", now=bench.clock()))

    def failure(**settings: object) -> str:
        wish = {"settings": {**MQTT["settings"], **settings}}
        assert bench.administrator.put(f"{PATH}/mqtt", json=wish).status_code == 200
        return str(bench.administrator.get(PATH).json()["states"][0]["failure"])

    assert (failure(), failure(username="other")) == ("password", "")


def test_whoever_answers_for_doors_sees_the_broker_that_may_open_them_and_nothing_else(
    bench: Bench,
) -> None:
    put_doors(bench, "lane")
    security, system = (
        bench.planted(f"{role}_administrator").client for role in ("security", "system")
    )

    seen = security.get(f"{PATH}/mqtt/doors").json()

    assert (seen["broker"], seen["access_points"]) == (MQTT["settings"]["url"], ["lane"])
    assert security.get(PATH).status_code == system.get(f"{PATH}/mqtt/doors").status_code == 403


def test_a_certificate_that_is_none_is_neither_tried_nor_kept(bench: Bench) -> None:
    wish = {"settings": {**MQTT["settings"], "ca_certificate": "no certificate"}}

    answers = [
        bench.administrator.post(f"{PATH}/mqtt/try", json=wish),
        bench.administrator.put(f"{PATH}/mqtt", json=wish),
    ]

    assert [each.json()["code"] for each in answers] == ["certificate_unusable"] * 2
