"""A real scrape of central: who may, what is in it, and what never is."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.central.alarms.raising import tell
from tests.central.bench import Bench
from tests.central.metrics.scraping import scraped, value
from tests.central.users.acting import bearing, make_token


def test_what_nodes_sent_and_what_stands_is_counted(any_bench: Bench) -> None:
    node = any_bench.node()
    tell(node, 1)
    tell(node, 1)

    samples = scraped(any_bench)

    assert value(samples, "menshen_ingest_events_total", **{"class": "alarm"}) == 2
    assert value(samples, "menshen_ingest_repeated_total", outcome="conflict") == 1
    assert value(samples, "menshen_ingest_batch_seconds_count") == 2
    assert sum(value(samples, "menshen_alarms_standing", priority=p) for p in "1234") >= 1
    assert value(samples, "menshen_node_online", node="gate-2") == 0
    assert value(samples, "menshen_database_up") == 1


def test_a_refused_batch_and_a_failing_route_are_counted_by_status(bench: Bench) -> None:
    httpx.post(f"{bench.url}/api/v1/events", content=b"[]")

    samples = scraped(bench)

    assert value(samples, "menshen_ingest_refused_total", status="401") == 1
    assert value(samples, "menshen_ingest_put_off_total", reason="busy") == 0
    assert value(samples, "menshen_http_requests_total", status="401") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"Host": "menshen.example.org"},
    ],
    ids=["proxy", "standard-proxy", "another-name"],
)
def test_who_is_not_this_machine_needs_a_token(bench: Bench, headers: dict[str, str]) -> None:
    technician = bench.planted("technician").client
    programs = [
        bearing(bench, make_token(technician, scope).json())
        for scope in ("metrics.read", "site.read")
    ]

    answers = [
        client.get("/metrics", headers=headers).status_code
        for client in (bench.client(), *programs)
    ]

    assert answers == [401, 200, 403]


def test_a_proxy_that_says_nothing_of_itself_is_none_of_this_machine(bench: Bench) -> None:
    place = urlsplit(bench.url)
    with socket.create_connection((place.hostname or "", place.port or 0)) as line:
        # As nginx asks without a setting of its own.
        line.sendall(f"GET /metrics HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
        answer = line.makefile("rb").readline()

    assert b" 401 " in answer
