"""What stands on a till's scale. Pure.

A weight counts while the scale says that it is at rest; a plate that was paid for has to be taken
off before another one is weighed, so nobody pays for the plate of whoever was there before.
"""

import dataclasses
from typing import Final

from drivers.base import WeightChanged
from edge.canteen.screen import WeightShown

EMPTY_G_MAX: Final = 5
"""A scale that shows no more is empty: crumbs, and the last digit's unrest."""
GRAMS_MAX: Final = 100_000


@dataclasses.dataclass(slots=True)
class Scale:
    """One scale, as it was last heard.

    Attributes:
        grams: As the scale says, gross or net; None while nobody knows.
        tare_g: Taken off here; a scale that says *net* has done so itself.
        is_spent: What stands there is paid for.
    """

    grams: int | None = None
    is_stable: bool = False
    is_net: bool = False
    is_overload: bool = False
    is_lost: bool = True
    tare_g: int = 0
    is_spent: bool = False

    @property
    def net_g(self) -> int | None:
        """What counts, at rest and sure; None while there is nothing to sell."""
        if self.is_lost or self.is_overload or not self.is_stable or self.is_spent:
            return None
        net = self._net
        return net if net is not None and EMPTY_G_MAX < net <= GRAMS_MAX else None

    def take(self, said: WeightChanged) -> None:
        """Take what the scale says."""
        self.grams, self.is_stable, self.is_net = said.weight_g, said.is_stable, said.is_net
        self.is_overload, self.is_lost = said.is_overload, False
        net = self._net
        # An empty scale is below the tare, too: the plate that was tared is gone.
        if said.is_stable and net is not None and net <= EMPTY_G_MAX:
            self.is_spent = False

    def lost(self) -> None:
        """The scale does not answer: what it said is no weight any more."""
        self.grams, self.is_stable, self.is_lost = None, False, True

    def tare(self) -> bool:
        """Let what stands there count as nothing; False while nobody knows what that is."""
        if self.grams is None or not self.is_stable or self.is_net or self.is_overload:
            return False
        self.tare_g = max(0, self.grams)
        return True

    def shown(self) -> WeightShown:
        """Return what people see of it."""
        return WeightShown(
            grams=self._net,
            is_stable=self.is_stable,
            is_overload=self.is_overload,
            is_lost=self.is_lost,
            tare_g=self.tare_g,
        )

    @property
    def _net(self) -> int | None:
        if self.grams is None or self.is_net:
            return self.grams
        return self.grams - self.tare_g
