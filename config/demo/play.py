"""The people of the demo: they walk up, look at the gate, and walk through only when it is open.

Nothing here tells the terminal who comes: it must see it.
"""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Iterable, Iterator
from typing import Any

from config.demo.control import SimulatorControl, TerminalControl

LOOK_INTERVAL_S = 0.05
PATIENCE_S = 4.0
CLOSING_TIMEOUT_S = 12.0


@dataclasses.dataclass(slots=True)
class LaneTally:
    """What happened at one lane, as its people would tell it.

    Attributes:
        let_through: Approaches by person that ended on the other side.
        turned_away: Approaches by person whose patience ended before a closed gate.
        cycle_s: From one person's step into the gate to the next one's, nobody between them.
    """

    let_through: dict[str, int] = dataclasses.field(default_factory=dict)
    turned_away: dict[str, int] = dataclasses.field(default_factory=dict)
    cycle_s: list[float] = dataclasses.field(default_factory=list)


class Lane:
    """One lane: its camera, its gate, and whoever stands there."""

    def __init__(
        self, name: str, *, unit_id: int, gates: SimulatorControl, camera: SimulatorControl | None
    ) -> None:
        self.name, self.tally = name, LaneTally()
        self._unit_id, self._gates, self._camera = unit_id, gates, camera
        self._stepped_in_at_s: float | None = None

    async def face_walks_up(self, person: str) -> bool:
        """Let a person walk up and, if the gate opens, go through; returns whether it did.

        Returns when the person steps into the gate: the next one may walk up meanwhile.
        """
        if self._camera is None:
            raise ValueError("this lane has a real camera")
        await self._camera.act("approach", photo=person)
        if await self._may_walk(within_s=PATIENCE_S):
            await self._camera.act("walk_on")
            await self._step_in(person)
            return True
        self._stepped_in_at_s = None
        self.tally.turned_away[person] = self.tally.turned_away.get(person, 0) + 1
        await self._camera.act("leave")
        return False

    async def card_holder_walks_up(self, person: str, card: str, terminal: TerminalControl) -> bool:
        """Let a person hold a card to the reader; returns whether the gate opened."""
        self._stepped_in_at_s = None
        await terminal.present_card(self.name, card)
        if await self._may_walk(within_s=PATIENCE_S):
            await self._step_in(person)
            self._stepped_in_at_s = None
            return True
        self.tally.turned_away[person] = self.tally.turned_away.get(person, 0) + 1
        return False

    async def wait_until_empty(self) -> None:
        """Return when nobody is before the camera: the same face gets no second try in view."""
        if self._camera is None:
            raise ValueError("this lane has a real camera")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                while (await self._camera.state())["people"]:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_INTERVAL_S)

    async def wait_and_walk(self) -> None:
        """Walk whenever the gate opens: for a lane whose people stand before a real camera."""
        while True:
            if await self._may_walk(within_s=60.0):
                await self._step_in("visitor")

    async def wait_until_closed(self) -> None:
        """Return when the last person is through and the gate is closed again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                while (await self._gate())["state"] != "closed":  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_INTERVAL_S)

    async def wait_until_open(self) -> None:
        """Return when the gate stands open."""
        while (await self._gate())["state"] != "open":  # noqa: ASYNC110 - a person looks
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _step_in(self, person: str) -> None:
        await self._gates.act("walk", unit_id=self._unit_id, side="in")
        now_s = time.monotonic()
        if self._stepped_in_at_s is not None:
            self.tally.cycle_s.append(now_s - self._stepped_in_at_s)
        self._stepped_in_at_s = now_s
        self.tally.let_through[person] = self.tally.let_through.get(person, 0) + 1

    async def _may_walk(self, *, within_s: float) -> bool:
        """Wait for the green arrow: the gate is open for one more, and nobody stands in it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                # A person looks at the gate: there is no event to wait for.
                while not await self._is_green():  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_INTERVAL_S)
                return True
        return False

    async def _is_green(self) -> bool:
        gate = await self._gate()
        return gate["state"] == "open" and gate["authorised_in"] > 0 and not gate["is_crossed"]

    async def _gate(self) -> dict[str, Any]:
        gate: dict[str, Any] = (await self._gates.state())["units"][str(self._unit_id)]
        return gate


def take_turns(people: Iterable[str]) -> Iterator[str]:
    """Yield people one after the other, for ever."""
    order = list(people)
    while True:
        yield from order
