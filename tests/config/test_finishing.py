"""What was begun is done, and whoever was cancelled meanwhile still is."""

import asyncio
import contextlib

import pytest

from config.finishing import to_its_end


def cancelled_while_working(times: int, *, fails: bool = False) -> list[str]:
    """Cancel a task so often while its work is under way; returns what happened, in order."""
    happened = list[str]()

    async def act() -> None:
        may_go_on, has_begun = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            has_begun.set()
            await may_go_on.wait()
            happened.append("done")
            if fails:
                raise ZeroDivisionError

        async def wait() -> None:
            try:
                await to_its_end(work())
            except asyncio.CancelledError:
                happened.append("cancelled")
                raise

        task = asyncio.create_task(wait())
        await has_begun.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        may_go_on.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(act())
    return happened


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("fails", [False, True])
def test_who_is_cancelled_hears_it_when_the_work_is_done(times: int, fails: bool) -> None:
    assert cancelled_while_working(times, fails=fails) == ["done", "cancelled"]


def test_the_work_of_who_is_not_cancelled_is_given_back() -> None:
    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    assert asyncio.run(to_its_end(seven())) == 7


def test_what_goes_wrong_is_raised() -> None:
    async def wrong() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(to_its_end(wrong()))
