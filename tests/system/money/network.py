"""What lies between tills and centre: it loses, repeats, delays, and lets old ones come."""

import asyncio
import copy
import dataclasses
import json
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from tests.system.money.wire import Document, RefusedError

LATE_S = 0.2
"""Longer than a till waits for money to be kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Weather:
    """How often something goes wrong with one message."""

    lose_question: float = 0.03
    lose_answer: float = 0.03
    repeat: float = 0.03
    late: float = 0.01
    mix_up: float = 0.3


GOOD = Weather(0, 0, 0, 0, 0)


class Network:
    """Carries every message of one history."""

    def __init__(
        self,
        to_centre: Callable[[str, Document], Awaitable[Document]],
        faults: Counter[str],
        chance: random.Random,
    ) -> None:
        self._to_centre, self._faults, self._chance = to_centre, faults, chance
        self.weather = Weather()
        self.cut_off = set[str]()
        self._old = deque[tuple[str, Document]](maxlen=200)

    async def carry(self, what: str, body: Document) -> Document:
        """Return the centre's answer to a node, if it comes.

        Raises:
            RefusedError: It does not, or it is no.
        """
        weather, chance = self.weather, self._chance
        if body["node"] in self.cut_off:
            raise RefusedError("cut off")
        if chance.random() < weather.lose_question:
            self._faults["question_lost"] += 1
            raise RefusedError("lost")
        self._old.append((what, copy.deepcopy(body)))
        if what == "events" and chance.random() < weather.mix_up:
            await self._mix_up(body)
        answer = await self._to_centre(what, copy.deepcopy(body))
        if chance.random() < weather.repeat:
            self._faults["message_repeated"] += 1
            answer = await self._to_centre(what, copy.deepcopy(body))
        if chance.random() < weather.late:
            self._faults["answer_late"] += 1
            await asyncio.sleep(LATE_S)
        if chance.random() < weather.lose_answer:
            self._faults["answer_lost"] += 1
            raise RefusedError("lost")
        return answer

    async def _mix_up(self, body: Document) -> None:
        """Let what was told last arrive before the rest, one event after the other."""
        events = json.loads(body["batch"])
        if len(events) > 1:
            self._faults["events_last_first"] += 1
        for event in reversed(events[1:]):
            part = {**body, "batch": json.dumps([event])}
            await self._to_centre("events", copy.deepcopy(part))

    async def repeat_old(self) -> None:
        """Let something that was said long ago arrive once more, out of its order."""
        if self._old:
            self._faults["message_out_of_order"] += 1
            what, body = self._chance.choice(self._old)
            await self._to_centre(what, copy.deepcopy(body))
