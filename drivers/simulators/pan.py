"""A scale's pan in simulated time: what lies on it swings for a moment."""

import dataclasses
from decimal import Decimal

SETTLING_S = 0.5
CAPACITY_KG = Decimal(150)
ZERO_KG_MAX = CAPACITY_KG / 50
"""Scales that trade take no more than a fiftieth of their capacity as zero."""


@dataclasses.dataclass
class Pan:
    """What lies on it.

    Attributes:
        load_kg: All of it.
        tare_kg: Taken off.
        zero_kg: Counts as nothing.
    """

    load_kg: Decimal = Decimal(0)
    tare_kg: Decimal = Decimal(0)
    zero_kg: Decimal = Decimal(0)
    swinging_s: float = 0.0
    is_shaken: bool = False
    _phase: int = 0

    def put(self, weight_kg: Decimal) -> None:
        """Change what lies on it."""
        self.load_kg, self.swinging_s = weight_kg, SETTLING_S

    def tare(self) -> None:
        """Take off what lies there, as its key does; not while it moves."""
        if self.is_stable:
            self.tare_kg = self.load_kg - self.zero_kg

    def zero(self) -> None:
        """Take what lies there as nothing, as its key does; not while it moves, and not much."""
        if self.is_stable and not self.tare_kg and abs(self.load_kg) <= ZERO_KG_MAX:
            self.zero_kg = self.load_kg

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        self.swinging_s = max(0.0, self.swinging_s - dt_s)
        self._phase += 1

    @property
    def is_stable(self) -> bool:
        """Whether it stands still."""
        return self.swinging_s == 0 and not self.is_shaken

    @property
    def is_overload(self) -> bool:
        """Whether too much lies on it."""
        return self.load_kg > CAPACITY_KG

    @property
    def weight_kg(self) -> Decimal:
        """What it shows, three decimals."""
        swing = Decimal(0) if self.is_stable else Decimal(self._phase % 7 - 3) / 1000
        return self.load_kg - self.zero_kg - self.tare_kg + swing
