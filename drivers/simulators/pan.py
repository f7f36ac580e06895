"""A scale's pan in simulated time: what lies on it swings for a moment."""

import dataclasses
from decimal import Decimal

SETTLING_S = 0.5
CAPACITY_KG = Decimal(150)


@dataclasses.dataclass
class Pan:
    """Attributes: load_kg: what lies on it. tare_kg: what is taken off."""

    load_kg: Decimal = Decimal(0)
    tare_kg: Decimal = Decimal(0)
    swinging_s: float = 0.0
    is_shaken: bool = False
    _phase: int = 0

    def put(self, weight_kg: Decimal) -> None:
        """Change what lies on it."""
        self.load_kg, self.swinging_s = weight_kg, SETTLING_S

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
        return self.load_kg - self.tare_kg + swing
