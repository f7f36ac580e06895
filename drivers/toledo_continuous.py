"""A scale with the Mettler-Toledo continuous output.

Source: Mettler-Toledo, "Standard continuous output", as five indicators' manuals describe it
(versions unconfirmed).
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

from drivers.base import DeviceUnreachableError, Observation, WeightChanged, WeightUnit
from drivers.bus import Bus
from drivers.protocols.toledo import Weight, WeightDecoder
from drivers.registry import register
from drivers.weighing import Weighing


@register("toledo_continuous")
class ToledoContinuous:
    """One scale; satisfies ``Driver`` and ``Scale``. It talks by itself; nothing is asked."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the scale is set.

        Attributes:
            has_check: Its frames end with a check byte; without, a weight is believed when it was
                said twice.
            silence_s: A scale that says nothing for so long is absent, 0.2..60.
        """

        has_check: bool = True
        silence_s: float = 2.0

        def __post_init__(self) -> None:
            if not 0.2 <= self.silence_s <= 60:
                raise ValueError(f"toledo_continuous: silence_s is 0.2..60, not {self.silence_s}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._weighing = Weighing(silence_s=settings.silence_s, now_s=monotonic())
        self._found: list[Observation] = []
        self._subscription = bus.subscribe(WeightDecoder(has_check=settings.has_check))

    async def start(self) -> None:
        """Wait for a weight; raises when none comes. What was known is stale."""
        self._weighing.forget(now_s=self._monotonic())
        await self._bus.send(b"", unit_id="toledo_continuous")
        self._subscription.take()
        self._found = []
        deadline_s = self._monotonic() + self._settings.silence_s
        is_heard = False
        # Until it was said twice, so that the first poll knows it; a shaken pan never is.
        while not self._found and (left_s := deadline_s - self._monotonic()) > 0:
            await self._subscription.wait(timeout_s=left_s)
            weights = self._subscription.take()
            is_heard = is_heard or bool(weights)
            self._take(weights)
        if not is_heard:
            raise DeviceUnreachableError(
                f"no reply: the scale said no weight in {self._settings.silence_s} s"
            )

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        self._take(self._subscription.take())
        if not self._found:
            self._weighing.check(now_s=self._monotonic())
        found, self._found = self._found, []
        return found

    @property
    def says_motion(self) -> bool:
        """See ``Scale.says_motion``."""
        return True

    def _take(self, weights: Sequence[Weight]) -> None:
        for weight in weights:
            self._found += self._weighing.said(_change(weight), now_s=self._monotonic())

    async def close(self) -> None:
        """Hear no more; idempotent."""
        self._subscription.close()


def _change(weight: Weight) -> WeightChanged:
    return WeightChanged(
        weight.weight_kg,
        weight.is_stable,
        weight.is_net,
        weight.is_overload,
        WeightUnit(weight.unit),
    )
