"""A share with its interval.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22, 1927: two-sided, without continuity correction.
"""

import dataclasses
import math
from typing import Any, Final

Z_95: Final = 1.959964
"""Standard normal deviate of a two-sided interval of 95 %."""


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; the trials are taken as independent. Attributes: of: 0 or more."""

    count: int
    of: int

    def __post_init__(self) -> None:
        """Check the counts.

        Raises:
            ValueError: There are more successes than trials, or fewer than none.
        """
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} is no share")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of 95 %, 0..1; everything where there were no trials."""
        if not self.of:
            return 0.0, 1.0
        rate, z_squared = self.count / self.of, Z_95**2
        middle = rate + z_squared / (2 * self.of)
        spread = Z_95 * math.sqrt(rate * (1 - rate) / self.of + z_squared / (4 * self.of**2))
        total = 1 + z_squared / self.of
        return max(0.0, (middle - spread) / total), min(1.0, (middle + spread) / total)

    def __str__(self) -> str:
        """Return it for a table."""
        if not self.of:
            return "none"
        low, high = self.interval
        return f"{self.count / self.of:.1%} ({low:.1%}..{high:.1%}), {self.count} of {self.of}"

    def as_json(self) -> dict[str, Any]:
        """Return it for a file."""
        return {
            "count": self.count,
            "of": self.of,
            "rate": self.count / self.of if self.of else None,
            "interval": list(self.interval),
        }
