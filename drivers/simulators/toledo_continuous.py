"""The scale that ``drivers.toledo_continuous`` hears.

Source: as the driver's.
"""

import dataclasses
from decimal import Decimal
from typing import Any, ClassVar

from drivers.protocols.toledo import (
    CLEAR_TARE,
    KILOGRAMS,
    MOTION,
    NEGATIVE,
    NET,
    OUT_OF_RANGE,
    TARE,
    ZERO,
    encode,
)
from drivers.simulators.far_end import FarEnd
from drivers.simulators.pan import Pan

EVERY_S = 0.1
DECIMALS = 3


class Simulator(FarEnd):
    """One scale and its pan."""

    KIND = "scale"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "put": {"weight_kg": 1.234},
        "remove": {},
        "tare": {},
        "shake": {"on": True},
    }
    STIMULI = (("put", {}, "WeightChanged"), ("remove", {}, "WeightChanged"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: has_check: as the driver's."""

        has_check: bool = True

    def __init__(self, settings: Settings) -> None:
        self._settings, self.pan = settings, Pan()
        self._since_s = 0.0
        self.key_count = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``: letters are its keys, all else is passed over."""
        for byte in data:
            match bytes([byte]):
                case letter if letter == TARE:
                    self.pan.tare()
                case letter if letter == CLEAR_TARE:
                    self.pan.tare_kg = Decimal(0)
                case letter if letter == ZERO:
                    self.pan.zero()
                case _:
                    continue
            self.key_count += 1
        return []

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: says the weight ten times a second."""
        self.pan.step(dt_s)
        self._since_s += dt_s
        if self._since_s < EVERY_S:
            return []
        self._since_s = 0.0
        weight_kg = self.pan.weight_kg
        status = KILOGRAMS | (NEGATIVE if weight_kg < 0 else 0) | (NET if self.pan.tare_kg else 0)
        status |= (0 if self.pan.is_stable else MOTION) | (
            OUT_OF_RANGE if self.pan.is_overload else 0
        )
        digits = int(abs(weight_kg).scaleb(DECIMALS)) % 1_000_000
        tare = int(self.pan.tare_kg.scaleb(DECIMALS))
        has_check = self._settings.has_check
        return [encode(digits, decimals=DECIMALS, status=status, tare=tare, has_check=has_check)]

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "load_kg": str(self.pan.load_kg),
            "tare_kg": str(self.pan.tare_kg),
            "key_count": self.key_count,
        }

    def do_put(self, weight_kg: float) -> None:
        """Put something on the pan; above 150 kg is too much."""
        self.pan.put(Decimal(str(weight_kg)))

    def do_remove(self) -> None:
        """Take everything off."""
        self.pan.put(Decimal(0))

    def do_tare(self) -> None:
        """Press its key: take what lies there off the weight."""
        self.pan.tare()

    def do_shake(self, *, on: bool) -> None:
        """Shake the pan, or let it be."""
        self.pan.is_shaken = on
