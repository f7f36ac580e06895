"""An administrator who sets connectors up, to addresses where nobody is."""

from typing import Any

import httpx

from tests.central.bench import Bench

PATH = "/api/v1/connectors"
MQTT: dict[str, Any] = {
    "settings": {"url": "mqtt://127.0.0.1:1", "is_on": False},
    "password": "kept",
}
SYSLOG = {"settings": {"host": "127.0.0.1", "port": 1, "is_on": False}}


def put_mqtt(bench: Bench) -> httpx.Response:
    return bench.administrator.put(f"{PATH}/mqtt", json=MQTT)


def put_syslog(bench: Bench) -> httpx.Response:
    return bench.administrator.put(f"{PATH}/syslog", json=SYSLOG)


def try_mqtt(bench: Bench) -> httpx.Response:
    return bench.administrator.post(f"{PATH}/mqtt/try", json=MQTT)


def try_syslog(bench: Bench) -> httpx.Response:
    return bench.administrator.post(f"{PATH}/syslog/try", json=SYSLOG)


def remove(bench: Bench) -> httpx.Response:
    assert put_mqtt(bench).status_code == 200
    return bench.administrator.delete(f"{PATH}/mqtt")


def put_doors(bench: Bench, *points: str) -> httpx.Response:
    assert put_mqtt(bench).status_code == 200
    wish = {"access_points": list(points) or ["lane"]}
    return bench.administrator.put(f"{PATH}/mqtt/doors", json=wish)
