from typing import Any

import pytest

from drivers.base import DeviceUnreachableError
from drivers.osdp_exchanges import Exchanges
from drivers.osdp_line_reader import EVENT_COUNT_MAX, LineReader, Restart


class LineOfATest:
    problem: str | None = None
    lost_at_s = float("-inf")
    exchanges = Exchanges(baudrate=9600)

    def capability(self, reader: LineReader, function_code: int) -> tuple[int, int]:
        return reader.address, function_code

    def remove(self, reader: LineReader) -> None:
        self.problem = f"reader {reader.address} has left"


def reader_of(line: LineOfATest) -> LineReader:
    return LineReader(line, 5, load_key=lambda: bytes(16), is_install_mode=False)


def pauses(restart: Restart, count: int) -> list[float]:
    """Return the pauses before so many restarts that are in vain."""
    found = []
    for number in range(count):
        restart.gave_up(now_s=100.0 * number)
        steps = (step / 10 for step in range(1000))
        found.append(next(s for s in steps if restart.is_due(now_s=100.0 * number + s)))
        restart.began()
    return found


def test_the_first_restart_is_at_once_and_pauses_grow_to_five_seconds() -> None:
    assert pauses(Restart(), 8) == [0.0, 0.3, 0.6, 1.2, 2.4, 4.8, 5.0, 5.0]


def test_after_a_success_the_next_restart_is_at_once_again() -> None:
    restart = Restart()
    pauses(restart, 5)

    restart.succeeded()

    assert not restart.is_due(now_s=1e9)
    assert pauses(restart, 2) == [0.0, 0.3]


def test_giving_up_twice_is_giving_up_once() -> None:
    restart = Restart()
    restart.gave_up(now_s=10.0)

    restart.gave_up(now_s=11.0)

    assert restart.is_due(now_s=10.0)


def test_of_events_nobody_fetches_the_oldest_go() -> None:
    reader = reader_of(LineOfATest())
    events: list[dict[str, Any]] = [{"event": number} for number in range(EVENT_COUNT_MAX + 3)]

    for event in events:
        reader.put(event, now_s=1.0)

    assert [heard.event for heard in reader.take()] == events[3:]
    assert reader.overflow_count == 3
    assert reader.take() == []


def test_the_line_s_problem_is_every_reader_s() -> None:
    line = LineOfATest()
    reader = reader_of(line)
    assert "no secure channel with reader 5" in str(reader.problem)

    reader.close()

    assert reader.problem == "reader 5 has left"
    assert reader.capability(7) == (5, 7)


def test_after_the_line_was_lost_a_reader_must_be_heard_anew() -> None:
    line = LineOfATest()
    reader = reader_of(line)
    reader.is_online = reader.is_secure = True
    assert reader.problem is None

    line.lost_at_s = 10.0

    assert reader.problem == "no reply from reader 5 since the line was lost"


def test_who_waits_for_a_command_is_told_when_it_fails() -> None:
    reader = reader_of(LineOfATest())
    future, left = reader.submit({"command": 1}), reader.submit({"command": 2})
    left.cancel()

    reader.fail_all("the line is closed")

    with pytest.raises(DeviceUnreachableError, match="the line is closed"):
        future.result(timeout=0)
    assert left.cancelled()
