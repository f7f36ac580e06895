"""What is over soon raises an alarm, once, and its end returns it."""

import asyncio
import datetime as dt
import shutil
from pathlib import Path

from central.authority import SERVER_LIFETIME, new_authority
from central.certificates.server import ServerCertificate
from central.certificates.watch import (
    WARNED_BEFORE,
    CertificateWatch,
    Watched,
    expiring,
    said_of_servers,
)
from tests.central.bench import Bench

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
API = "/api/v1"


def test_what_ends_within_thirty_days_is_told_of_the_first_first() -> None:
    within = [Watched(NOW + WARNED_BEFORE, "a"), Watched(NOW - dt.timedelta(days=1), "b")]
    later = Watched(NOW + WARNED_BEFORE + dt.timedelta(seconds=1), "c")

    assert expiring([*within, later], now=NOW) == [within[1], within[0]]


def test_what_one_process_says_of_its_certificate_stands_until_it_has_another() -> None:
    hour, end = dt.timedelta(hours=1), NOW + dt.timedelta(days=5)
    said = said_of_servers({}, own=end, renewed=None, now=NOW)

    heard = said_of_servers(said, own=None, renewed=None, now=NOW + hour)
    both = said_of_servers(heard, own=end - hour, renewed=None, now=NOW + hour)

    assert heard == {end.isoformat(): NOW.isoformat()}
    assert both.keys() == {end.isoformat(), (end - hour).isoformat()}
    assert said_of_servers(heard, own=None, renewed=end, now=NOW + hour) == {}
    assert said_of_servers(heard, own=None, renewed=None, now=NOW + 3 * hour) == {}


def test_the_alarm_of_one_process_does_not_come_and_go_with_another(
    bench: Bench, tmp_path: Path
) -> None:
    services, folder = bench.app.state.services, tmp_path / "tls"
    long_ago = bench.clock() - SERVER_LIFETIME + dt.timedelta(days=5)
    old = ServerCertificate(new_authority("test", now=long_ago), folder, ["localhost"])
    old.write(now=long_ago)
    # As where a disk takes nothing any more: it cannot be made anew.
    shutil.rmtree(folder)
    folder.write_text("")

    for own in (old, None, old, None):
        services.certificate.value = own
        look(bench)
        ((is_active, detail),) = alarms(bench)
        assert (is_active, detail["certificates"]) == (True, ["server"])
    bench.clock.advance(hours=3)
    look(bench)

    told = "SELECT count(*) FROM events WHERE type = 'menshen.certificate.expiring.v1'"
    assert bench.row(told) == (1,)
    ((is_active, _),) = alarms(bench)
    assert is_active is False


def look(bench: Bench) -> None:
    services = bench.app.state.services
    watch = CertificateWatch(services)
    asyncio.run_coroutine_threadsafe(watch.look(), services.loop).result(60)


def put(bench: Bench, pem: str) -> None:
    wish = {"issuer": "https://id.example", "client_id": "menshen", "ca_certificate": pem}
    reply = bench.administrator.put(f"{API}/identity-provider", json=wish)
    assert reply.status_code == 204, reply.text


def alarms(bench: Bench) -> list[tuple[bool, dict[str, object]]]:
    items = bench.administrator.get(f"{API}/alarms").json()["items"]
    return [(each["is_active"], each["detail"]) for each in items if each["kind"] == "certificate"]


def test_the_providers_authority_is_watched(bench: Bench) -> None:
    old = new_authority("provider", now=bench.clock() - dt.timedelta(days=20 * 365 - 20))
    put(bench, old.pem)

    look(bench)
    look(bench)

    ((is_active, detail),) = alarms(bench)
    assert (is_active, detail["certificates"]) == (True, ["provider_authority"])
    told = "SELECT count(*) FROM events WHERE type = 'menshen.certificate.expiring.v1'"
    assert bench.row(told) == (1,)
    put(bench, new_authority("provider", now=bench.clock()).pem)
    look(bench)
    ((is_active, _),) = alarms(bench)
    assert is_active is False


def test_a_certificate_that_is_due_is_made_anew_and_noted(bench: Bench, tmp_path: Path) -> None:
    long_ago = bench.clock() - dt.timedelta(days=10 * 365)
    served = ServerCertificate(new_authority("test", now=long_ago), tmp_path, ["localhost"])
    served.write(now=long_ago)
    bench.app.state.services.certificate.value = served

    look(bench)

    told = "SELECT count(*) FROM events WHERE type = 'menshen.certificate.renewed.v1'"
    assert bench.row(told) == (1,)
    assert served.expires_at is not None
    assert served.expires_at > bench.clock()
