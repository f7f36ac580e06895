"""The audit log at a real collector: all of it, in order, provable from what it wrote."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from central.audit.chain import GENESIS
from central.connectors import repository
from central.connectors.settings import SyslogSettings
from central.syslog import sending
from tests.central.bench import Bench
from tests.central.connectors.acting import put_syslog
from tests.central.connectors.certificates import untrusted
from tests.central.connectors.peer import eventually
from tests.central.syslog.collector import Collector, running_collector

PATH = "/api/v1/connectors"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    folder = tmp_path / "collector"
    folder.mkdir()
    with running_collector(folder) as running:
        yield running


def put(bench: Bench, wish: dict[str, object]) -> None:
    reply = bench.administrator.put(f"{PATH}/syslog", json=wish)
    assert reply.status_code == 200, reply.text


def head(bench: Bench) -> int:
    return int(bench.row("SELECT max(sequence) FROM audit_log")[0])


def written(collector: Collector) -> dict[int, str]:
    """Return the texts that were written, by their sequence, in the order of the first."""
    texts = [line["text"].lstrip("\ufeff") for line in collector.lines()]
    return {json.loads(text)["sequence"]: text for text in reversed(texts)}


def test_the_collectors_copy_proves_the_chain_over_its_own_absence(
    any_bench: Bench, collector: Collector
) -> None:
    bench = any_bench
    put(bench, collector.settings())
    eventually(lambda: head(bench) in written(collector))

    collector.kill()
    for _ in range(30):
        bench.token()
    collector.start()
    eventually(lambda: head(bench) in written(collector))

    texts = written(collector)
    assert sorted(texts) == list(range(1, head(bench) + 1))
    before = GENESIS
    for sequence in sorted(texts):
        assert json.loads(texts[sequence])["previous"] == before
        before = hashlib.sha256(texts[sequence].encode()).hexdigest()
    assert bench.row("SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1") == (before,)
    [line, *_] = collector.lines()
    assert (line["pri"], line["app"]) == ("109", "menshen")
    assert 'audit@32473 site="test"' in line["data"]
    eventually(lambda: bench.row("SELECT position FROM connectors")[0] >= head(bench))


def test_a_collector_that_is_not_the_one_is_told_nothing(
    bench: Bench, collector: Collector
) -> None:
    put(bench, collector.settings(ca_certificate=untrusted()))

    [state] = eventually(
        lambda: [s for s in bench.administrator.get(PATH).json()["states"] if s["failure"]]
    )

    assert (state["failure"], state["has_client_key"]) == ("certificate", True)
    assert state["behind"] > 0
    assert not collector.lines()


def test_a_trial_of_a_collector_says_whether_it_lets_us_in_and_tells_it_nothing(
    bench: Bench, collector: Collector
) -> None:
    def found(**more: object) -> tuple[str, bool]:
        answer = bench.administrator.post(
            f"{PATH}/syslog/try", json=collector.settings(**more)
        ).json()
        return answer["failure"], answer["certificate_until"] is not None

    assert found() == ("", True)
    assert found(client_certificate="") == ("closed", False)
    assert found(ca_certificate=untrusted()) == ("certificate", False)
    assert not collector.lines()


class SlowLine:
    """What is written on it is acknowledged at the third look."""

    def __init__(self) -> None:
        self.looks = 0

    def write(self, _: bytes) -> None:
        self.looks = 2

    async def drain(self) -> None:
        pass

    def unacknowledged(self, _: object) -> int:
        self.looks = max(0, self.looks - 1)
        return self.looks


def test_a_long_log_gets_there_piece_by_piece_over_a_slow_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_syslog(bench)
    services, line, settled = bench.app.state.services, SlowLine(), list[int]()

    async def note(*_: object, position: int, **__: object) -> None:
        settled.append(position)

    monkeypatch.setattr(sending, "PAGE_LENGTH", 1)
    monkeypatch.setattr(sending, "_unacknowledged", line.unacknowledged)
    monkeypatch.setattr(repository, "note_told", note)
    telling = sending.SyslogSending(services, settled_s=0.0)
    settings = SyslogSettings(host="127.0.0.1")
    task = asyncio.run_coroutine_threadsafe(
        telling._send(cast("asyncio.StreamWriter", line), settings, 0),  # noqa: SLF001 - without a collector
        services.loop,
    )
    eventually(lambda: len(settled) >= 3)
    task.cancel()

    assert settled[:3] == [1, 2, 3]


def test_a_key_that_is_none_is_refused(bench: Bench, collector: Collector) -> None:
    wish = collector.settings()

    reply = bench.administrator.put(f"{PATH}/syslog", json={**wish, "client_key": "no key"})

    assert (reply.status_code, reply.json()["code"]) == (422, "certificate_unusable")
