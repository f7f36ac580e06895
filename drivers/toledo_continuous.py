"""A scale with the Mettler-Toledo continuous output.

Source: Mettler-Toledo, "Standard continuous output" and "ASCII input commands", Wildcat technical
manual (12/00), appendices 2 and 3; five other indicators' manuals agree (versions unconfirmed).
"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Sequence

from drivers.base import (
    CommandReceipt,
    CommandRejectedError,
    DeviceUnreachableError,
    Observation,
    WeightChanged,
    WeightUnit,
)
from drivers.bus import Bus, Priority
from drivers.protocols.toledo import (
    CLEAR_TARE,
    COMMAND_PAUSE_S,
    TARE,
    ZERO,
    Weight,
    WeightDecoder,
)
from drivers.registry import register
from drivers.weighing import HeardScale


@register("toledo_continuous")
class ToledoContinuous:
    """One scale; satisfies ``Driver`` and ``TareableScale``. It talks by itself; nothing is asked.

    Its keys are pressed by a letter that it never answers: that it was done is seen at the weight.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the scale is set.

        Attributes:
            has_check: Its frames end with a check byte; without, a weight is believed when it was
                said twice.
            silence_s: A scale that says nothing for so long is absent, 0.2..60.
            confirm_s: Longest time until a key is seen to have acted, 0.2..10; a load that swings
                may come to rest within it.
        """

        has_check: bool = True
        silence_s: float = 2.0
        confirm_s: float = 2.0

        def __post_init__(self) -> None:
            if not 0.2 <= self.silence_s <= 60:
                raise ValueError(f"toledo_continuous: silence_s is 0.2..60, not {self.silence_s}")
            if not 0.2 <= self.confirm_s <= 10:
                raise ValueError(f"toledo_continuous: confirm_s is 0.2..10, not {self.confirm_s}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._may_press_at_s = 0.0
        self._heard = HeardScale(
            bus,
            WeightDecoder(has_check=settings.has_check),
            _change,
            unit_id="toledo_continuous",
            silence_s=settings.silence_s,
            monotonic=monotonic,
        )

    async def start(self) -> None:
        """Wait for a weight; raises when none comes. What was known is stale."""
        await self._heard.start()

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        return self._heard.poll()

    @property
    def says_motion(self) -> bool:
        """See ``Scale.says_motion``."""
        return True

    async def tare(self) -> CommandReceipt:
        """See ``TareableScale.tare``."""
        return await self._press(TARE, lambda weight: weight.is_stable and weight.weight_kg == 0)

    async def clear_tare(self) -> CommandReceipt:
        """See ``TareableScale.clear_tare``."""
        return await self._press(CLEAR_TARE, lambda weight: not weight.is_net)

    async def zero(self) -> CommandReceipt:
        """See ``TareableScale.zero``."""
        return await self._press(ZERO, lambda weight: weight.is_stable and weight.weight_kg == 0)

    async def _press(self, key: bytes, is_done: Callable[[Weight], bool]) -> CommandReceipt:
        """Press a key and return when two weights in a row say that it was done.

        Raises:
            CommandRejectedError: They do not: the load moves, or it is not allowed.
            DeviceUnreachableError: The scale says nothing any more.
        """
        self._heard.take()
        if (pause_s := self._may_press_at_s - self._monotonic()) > 0:
            await asyncio.sleep(pause_s)  # the manual asks for it between two letters
        await self._bus.send(key, unit_id="toledo_continuous", priority=Priority.COMMAND)
        now_s = self._monotonic()
        self._may_press_at_s = now_s + COMMAND_PAUSE_S
        deadline_s = now_s + self._settings.confirm_s
        done_count, is_heard = 0, False
        while self._monotonic() < deadline_s:
            for weight in await self._heard.hear(until_s=deadline_s):
                done_count, is_heard = done_count + 1 if is_done(weight) else 0, True
                if done_count == 2:
                    return CommandReceipt(attempts=1)
        if is_heard:
            raise CommandRejectedError("the scale did not do it: the load moves, or is not allowed")
        raise DeviceUnreachableError(
            f"no reply: the scale said no weight in {self._settings.confirm_s} s"
        )

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._heard.close()


def _change(weight: Weight) -> WeightChanged:
    return WeightChanged(
        weight.weight_kg,
        weight.is_stable,
        weight.is_net,
        weight.is_overload,
        WeightUnit(weight.unit),
    )
