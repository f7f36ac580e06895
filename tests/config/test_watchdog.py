import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from config.notify import ALIVE, READY, notify, watchdog_timeout_s
from config.watchdog import LATE_S, Watchdog, beat_for_ever


class Bench:
    """A watchdog whose clock stands until it is set."""

    def __init__(self) -> None:
        self.now_s, self.told, self.dumps = 100.0, list[str](), 0
        self.watchdog = Watchdog(
            tell=lambda *lines: self.told.extend(lines),
            timeout_s=60.0,
            monotonic=lambda: self.now_s,
            dump=self._dumped,
        )

    def _dumped(self) -> None:
        self.dumps += 1


def test_it_ticks_while_every_loop_turns() -> None:
    bench = Bench()
    turned = bench.watchdog.beat("lane")
    bench.now_s += LATE_S
    turned()

    assert bench.watchdog.tick(now_s=bench.now_s + LATE_S)
    assert bench.told == [ALIVE]


def test_one_stuck_loop_stops_the_ticks_and_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.watchdog.beat("lane")
    others = bench.watchdog.beat("journal")
    bench.now_s += LATE_S + 1
    others()

    ticked = [bench.watchdog.tick(now_s=bench.now_s) for _ in range(3)]

    assert ticked == [False, False, False]
    assert bench.told == ["STATUS=stuck: lane"]
    assert [record.message for record in caplog.records] == [
        "stuck, so that nobody is told that this lives: lane has not turned for 31 s"
    ]
    assert bench.dumps == 1


def test_ticks_go_on_when_nothing_is_stuck_any_more() -> None:
    bench = Bench()
    turned = bench.watchdog.beat("lane")
    bench.now_s += LATE_S + 1
    bench.watchdog.tick(now_s=bench.now_s)
    turned()

    assert bench.watchdog.tick(now_s=bench.now_s)
    assert bench.told[-2:] == ["STATUS=at work", ALIVE]


def test_trouble_that_passes_is_a_restart_and_trouble_that_stays_stops_the_ticks() -> None:
    bench = Bench()
    bench.watchdog.ask("lanes", lambda _: "lane east does not run")

    assert bench.watchdog.tick(now_s=100.0)
    assert bench.watchdog.tick(now_s=100.0 + LATE_S)
    assert not bench.watchdog.tick(now_s=101.0 + LATE_S)


def test_what_ended_as_planned_is_not_missed() -> None:
    bench = Bench()
    bench.watchdog.beat("lane")
    bench.watchdog.forget()

    assert bench.watchdog.tick(now_s=1e6)


async def _beat_a_moment(turned: list[float]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await beat_for_ever(lambda: turned.append(0.0))


def test_an_event_loop_says_that_it_turns() -> None:
    turned = list[float]()

    asyncio.run(_beat_a_moment(turned))

    assert turned


@pytest.mark.parametrize("is_abstract", [False, True])
def test_what_is_told_arrives_at_the_managers_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_abstract: bool
) -> None:
    name = f"@menshen-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", name)

        notify(READY, "STATUS=at work")

        assert manager.recv(100) == b"READY=1\nSTATUS=at work"


def test_a_manager_that_is_gone_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))

    notify(READY)


@pytest.mark.parametrize(
    ("microseconds", "pid", "expected"),
    [("60000000", None, 60.0), ("60000000", "1", None), ("", None, None), ("0", None, None)],
)
def test_the_watchdog_is_this_process_own(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, pid: str | None, expected: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", pid)

    assert watchdog_timeout_s() == expected
