"""Tells one device that it is to let everybody through, until it has been read back.

Level-triggered: what is wanted is told again until it is confirmed, again when the device comes
back, and every half minute as long as it stands. Nothing is counted on having been heard.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from config.contract.access import DoorCommandOutcome
from drivers.base import CommandReceipt, CommandRejectedError, DriverError, Side
from edge.backoff import wait_until_set

_log = logging.getLogger("edge.fire")

RETRY_FIRST_S: Final = 0.1
RETRY_LAST_S: Final = 1.0
REASSERT_S: Final = 30.0
BOTH: Final = frozenset(Side)
NEITHER: Final = frozenset[Side]()


class Told(Protocol):
    """How a device is told: which sides, and whether before everything else on its line."""

    async def __call__(self, sides: frozenset[Side], *, is_urgent: bool) -> CommandReceipt:
        """Return when it has been read back.

        Raises:
            DriverError: It did not confirm.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came of telling a device.

    Attributes:
        sides: That it was to let through.
        told_at_s: When the first attempt for this wish began, monotonic.
        at_s: When the answer came.
        acknowledged_at_s: When the device itself answered that it has the command, before it was
            read back; None where it does not.
        attempts: For this wish, from 1.
    """

    sides: frozenset[Side]
    outcome: DoorCommandOutcome
    told_at_s: float
    at_s: float
    attempts: int
    acknowledged_at_s: float | None = None


class Release:
    """Of one device, or of one relay. Belongs to the event loop's thread.

    Attributes:
        name: For the log.
        answer: The last one; None before any.
    """

    def __init__(
        self,
        name: str,
        tell: Told,
        *,
        is_current: Callable[[], bool],
        on_answer: Callable[["Release", Answer], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Want nothing.

        Args:
            name: For the log.
            tell: Tells the device.
            is_current: Whether it answers; one that does not is told after those that do.
            on_answer: Called after each attempt for a wish, until it is confirmed, and whenever
                the answer to a repetition is another.
            monotonic: The clock.
        """
        self.name = name
        self.answer: Answer | None = None
        self._tell, self._is_current, self._on_answer = tell, is_current, on_answer
        self._monotonic = monotonic
        self._wanted, self._wish = NEITHER, 0
        self._answered_wish = 0
        self._told_at_s: float | None = None
        self._attempts, self._pause_s = 0, RETRY_FIRST_S
        self._due, self._is_again = asyncio.Event(), False
        self._turn = asyncio.Lock()

    @property
    def wanted(self) -> frozenset[Side]:
        """The sides that are to be free."""
        return self._wanted

    @property
    def is_confirmed(self) -> bool:
        """Whether the device has confirmed what is wanted, and answers still."""
        is_answered = self._answered_wish == self._wish and self.answer is not None
        return is_answered and self._is_confirmed_answer() and self._is_current()

    @property
    def is_owed(self) -> bool:
        """Whether the device has not confirmed yet that it lets nobody through freely any more."""
        is_answered = self._answered_wish == self._wish and self._is_confirmed_answer()
        return self._wish > 0 and not self._wanted and not is_answered

    def owe(self) -> None:
        """Have the device told that nothing is wanted: before this start it did not confirm it."""
        self._wish += 1
        self._due.set()

    def want(self, sides: frozenset[Side], *, again: bool = False) -> None:
        """Have the device let these sides through; ``again`` asks it even if it does already."""
        if sides == self._wanted and not again:
            return
        self._wanted = sides
        self._wish += 1
        self._told_at_s, self._attempts, self._pause_s = None, 0, RETRY_FIRST_S
        self._due.set()

    def wake(self) -> None:
        """Tell it at once if anything is wanted: it has come back."""
        if self._wanted or self._answered_wish != self._wish:
            self._is_again = True
            self._due.set()

    async def run(self) -> None:
        """Tell it for ever whatever it has not confirmed."""
        while True:
            await wait_until_set(self._due, timeout_s=self._wait_s())
            is_again = self._is_again or not self._due.is_set()
            self._is_again = False
            self._due.clear()
            await self.tell(again=is_again)

    async def tell(self, *, again: bool = False) -> Answer:
        """Tell it once what is wanted; returns the answer.

        Args:
            again: Also where it has confirmed that already: else the line is left to the others.
        """
        async with self._turn:
            is_answered = self._answered_wish == self._wish and self._is_confirmed_answer()
            if self.answer is not None and is_answered and not again:
                return self.answer
            wish, wanted = self._wish, self._wanted
            now_s = self._monotonic()
            if self._told_at_s is None:
                self._told_at_s = now_s
            told_at_s = self._told_at_s
            outcome, receipt = await self._asked(wanted)
            self._attempts += receipt.attempts
            answer = Answer(
                wanted,
                outcome,
                told_at_s,
                self._monotonic(),
                self._attempts,
                receipt.acknowledged_at_s,
            )
            self._take(answer, wish)
            return answer

    def _take(self, answer: Answer, wish: int) -> None:
        before = self.answer
        is_news = self._answered_wish != wish or before is None
        is_news = is_news or (before is not None and before.outcome is not answer.outcome)
        self.answer, self._answered_wish = answer, wish
        self._pause_s = min(RETRY_LAST_S, self._pause_s * 2)
        if self._is_confirmed_answer():
            self._pause_s = RETRY_FIRST_S
        if wish != self._wish:
            self._due.set()
        elif is_news:
            self._on_answer(self, answer)

    async def _asked(self, sides: frozenset[Side]) -> tuple[DoorCommandOutcome, CommandReceipt]:
        try:
            receipt = await self._tell(sides, is_urgent=bool(sides) and self._is_current())
        except CommandRejectedError as error:
            _log.error("%s refuses to be released, or closed again: %s", self.name, error)
            return DoorCommandOutcome.REFUSED, CommandReceipt(attempts=1)
        except DriverError as error:
            _log.error("%s does not confirm its release, or its end: %s", self.name, error)
            return DoorCommandOutcome.UNREACHABLE, CommandReceipt(attempts=1)
        return DoorCommandOutcome.CONFIRMED, receipt

    def _is_confirmed_answer(self) -> bool:
        return self.answer is not None and self.answer.outcome is DoorCommandOutcome.CONFIRMED

    def _wait_s(self) -> float | None:
        if self._answered_wish != self._wish or not (
            self._wish == 0 or self._is_confirmed_answer()
        ):
            return self._pause_s
        return REASSERT_S if self._wanted else None
