"""Whose turn it is."""

import asyncio
from typing import Final

from config.turn import Turn

FIRE: Final = 0
COMMAND: Final = 2
POLL: Final = 3


def test_the_most_urgent_goes_next_and_then_who_waited_longest() -> None:
    async def act() -> None:
        turn, went = Turn(), list[str]()

        async def take(name: str, priority: int) -> None:
            async with turn.taken(priority):
                went.append(name)

        async with turn.taken(POLL):
            waiting = [
                asyncio.create_task(take(name, priority))
                for name, priority in (
                    ("poll", POLL),
                    ("command", COMMAND),
                    ("second command", COMMAND),
                    ("fire", FIRE),
                )
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

        assert went == ["fire", "command", "second command", "poll"]
        assert turn.holder is None

    asyncio.run(act())


def test_whose_turn_it_is_is_known_before_they_notice() -> None:
    """Else a release that comes in this moment hastens nobody, and waits for a mere poll."""

    async def act() -> None:
        turn = Turn()

        async def take() -> None:
            async with turn.taken(POLL):
                pass

        async with turn.taken(COMMAND):
            poll = asyncio.create_task(take())
            await asyncio.sleep(0)
        assert turn.holder is poll
        await poll

    asyncio.run(act())


def test_who_leaves_while_waiting_keeps_nobody_out() -> None:
    async def act() -> None:
        turn, went = Turn(), list[str]()

        async def take(name: str) -> None:
            async with turn.taken(POLL):
                went.append(name)

        async with turn.taken(POLL):
            leaving, given, last = (
                asyncio.create_task(take(n)) for n in ("leaves", "given", "last")
            )
            await asyncio.sleep(0)
            leaving.cancel()
        given.cancel()  # it has the turn already, and has not noticed
        await asyncio.gather(leaving, given, last, return_exceptions=True)

        assert went == ["last"]
        assert turn.holder is None

    asyncio.run(act())
