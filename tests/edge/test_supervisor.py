import asyncio

import pytest

from edge.backoff import BackOff
from edge.supervisor import supervise
from tests.edge.conftest import eventually


def test_a_task_that_fails_is_started_again_and_ends_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun: list[str] = []

    async def failing() -> None:
        begun.append("failing")
        raise ValueError("a mistake")

    async def steady() -> None:
        begun.append("steady")
        await asyncio.Event().wait()

    async def act() -> None:
        tasks = {"failing": failing, "steady": steady}
        running = asyncio.create_task(
            supervise(tasks, back_off=lambda: BackOff(first_s=0.001, last_s=0.01))
        )
        await eventually(lambda: begun.count("failing") >= 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(act())

    assert begun.count("steady") == 1
    assert "a mistake" in caplog.text


def test_waits_grow_to_the_last_and_begin_anew() -> None:
    back_off = BackOff(first_s=1.0, last_s=4.0)

    waits = [back_off.next_s() for _ in range(5)]
    back_off.reset()

    assert 0.5 <= waits[0] <= 1.0
    assert all(2.0 <= wait_s <= 4.0 for wait_s in waits[2:])
    assert back_off.next_s() <= 1.0
