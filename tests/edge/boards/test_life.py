"""Whether what lets people through still runs."""

import asyncio
import contextlib

import pytest

from edge.boards.life import Life


async def forever() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise OSError("no disk")


def test_a_loop_that_runs_is_no_trouble() -> None:
    async def look() -> str | None:
        life = Life()
        run = life.watched({"access rules": forever})["access rules"]
        running = asyncio.ensure_future(run())
        await asyncio.sleep(0)
        found = life.trouble(now_s=0.0)
        running.cancel()
        return found

    assert asyncio.run(look()) is None


def test_a_loop_that_has_ended_is_named() -> None:
    async def look() -> str | None:
        life = Life()
        run = life.watched({"access point east": fails})["access point east"]
        with contextlib.suppress(OSError):
            await run()
        return life.trouble(now_s=0.0)

    assert asyncio.run(look()) == "access point east does not run"


def test_a_loop_that_never_began_is_named() -> None:
    life = Life()
    life.watched({"fire": forever})

    assert life.trouble(now_s=0.0) == "fire does not run"


@pytest.mark.parametrize(("now_s", "is_stuck"), [(110.0, False), (130.1, True)])
def test_a_lane_that_is_busy_for_too_long_is_named(now_s: float, is_stuck: bool) -> None:
    life = Life(busy_s_max=30.0)
    life.watch_busy("access point east", lambda: 100.0)

    assert (life.trouble(now_s=now_s) is not None) is is_stuck


def test_a_lane_that_waits_is_never_stuck() -> None:
    life = Life()
    life.watch_busy("access point east", lambda: None)

    assert life.trouble(now_s=1e9) is None
