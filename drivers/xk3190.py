"""A weighing indicator of the XK3190 family (Yaohua), 9600 8N1.

Source: Yaohua XK3190-A9, -A23p, -A26 and -A12E user manuals (versions unconfirmed).
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Final

from drivers.asking import ask
from drivers.base import Observation, WeightChanged
from drivers.bus import Bus
from drivers.protocols.xk3190 import (
    FORMATS,
    GROSS,
    NET,
    Weight,
    WeightDecoder,
    encode_question,
)
from drivers.registry import register
from drivers.weighing import HeardScale, Weighing

READINGS: Final = ("net", "gross")


@register("xk3190")
class Xk3190:
    """One indicator; satisfies ``Driver`` and ``Scale``.

    A weight is reported when it was said twice in a row, and then taken as stable: the formats say
    nothing of motion, and a moving load is not weighed the same twice. The ``equals`` format has no
    check of its own; a single damaged frame does not pass for a weight, two equal ones would.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """How the indicator is set.

        Attributes:
            format: ``continuous``, ``polled``, ``equals`` or ``a12e``.
            address: One letter, for ``polled``.
            reading: ``net`` or ``gross``, for ``polled``; the other formats send what is displayed.
            silence_s: A continuous indicator that says nothing for so long is absent, 0.2..60.
            timeout_s: Longest wait for an answer, for ``polled``.
            attempt_count: Times that a question is asked before giving up, 1..10.
        """

        format: str = "continuous"
        address: str = "A"
        reading: str = "net"
        silence_s: float = 2.0
        timeout_s: float = 0.3
        attempt_count: int = 2

        def __post_init__(self) -> None:
            if self.format not in FORMATS:
                raise ValueError(f"xk3190: format is {', '.join(FORMATS)}, not {self.format!r}")
            if len(self.address) != 1 or not "A" <= self.address <= "Z":
                raise ValueError(f"xk3190: address is one letter A..Z, not {self.address!r}")
            if self.reading not in READINGS:
                raise ValueError(f"xk3190: reading is net or gross, not {self.reading!r}")
            if not 0.2 <= self.silence_s <= 60:
                raise ValueError(f"xk3190: silence_s is 0.2..60, not {self.silence_s}")
            if not 0 < self.timeout_s <= 5:
                raise ValueError(f"xk3190: timeout_s is above 0 and at most 5: {self.timeout_s}")
            if not 1 <= self.attempt_count <= 10:
                raise ValueError(f"xk3190: attempt_count is 1..10, not {self.attempt_count}")

    def __init__(
        self, bus: Bus, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._bus, self._settings, self._monotonic = bus, settings, monotonic
        self._unit_id = f"xk3190/{settings.address}"
        self._weighing = Weighing(silence_s=settings.silence_s, now_s=monotonic())
        self._found: list[Observation] = []
        self._heard: HeardScale[Weight] | None = None
        if settings.format != "polled":
            self._heard = HeardScale(
                bus,
                WeightDecoder(settings.format),
                _change,
                unit_id=self._unit_id,
                silence_s=settings.silence_s,
                monotonic=monotonic,
            )

    async def start(self) -> None:
        """Wait for a weight; raises when none comes. What was known is stale."""
        if self._heard is not None:
            await self._heard.start()
            return
        self._weighing.forget(now_s=self._monotonic())
        self._found = []
        for _ in range(2):
            self._take(await self._ask())

    async def poll(self) -> Sequence[Observation]:
        """See ``Driver.poll``."""
        if self._heard is not None:
            return self._heard.poll()
        self._take(await self._ask())
        found, self._found = self._found, []
        return found

    @property
    def says_motion(self) -> bool:
        """See ``Scale.says_motion``."""
        return False

    def _take(self, weight: Weight) -> None:
        self._found += self._weighing.said(_change(weight), now_s=self._monotonic())

    async def close(self) -> None:
        """Hear no more; idempotent."""
        if self._heard is not None:
            self._heard.close()

    async def _ask(self) -> Weight:
        """Return what is asked for; net is said to be so where it differs from gross."""
        gross = await self._asked(GROSS)
        if self._settings.reading == "gross":
            return gross
        net = await self._asked(NET)
        return Weight(net.weight_kg, is_net=net.weight_kg != gross.weight_kg)

    async def _asked(self, command: str) -> Weight:
        address = self._settings.address
        return await ask(
            self._bus,
            encode_question(address, command),
            lambda: WeightDecoder("polled", address=address, command=command),
            unit_id=self._unit_id,
            timeout_s=self._settings.timeout_s,
            attempt_count=self._settings.attempt_count,
        )


def _change(weight: Weight) -> WeightChanged:
    return WeightChanged(weight.weight_kg, is_stable=True, is_net=weight.is_net)
