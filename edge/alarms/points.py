"""What contacts of panic buttons and points of intrusion panels say. Pure."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from config.contract.alarms_events import IntrusionChanged, PanicPressed
from config.site_alarms import PanicButtonEntry
from drivers.base import InputChanged, Observation, PointChanged, PointCondition

INTRUSION: Final = frozenset({PointCondition.BURGLARY, PointCondition.PANIC, PointCondition.TAMPER})
POINT_COUNT_MAX: Final = 4_096
"""A panel has no more; one that makes up addresses must not fill our memory."""
POINT_LENGTH_MAX: Final = 64


class AlarmPoints:
    """Of one device; what was told of it last."""

    def __init__(
        self, device: str, buttons: Iterable[PanicButtonEntry] = (), *, tells_fire: bool = False
    ) -> None:
        """Begin with nothing known.

        Args:
            device: Of the site file.
            buttons: Whose contacts it has.
            tells_fire: It is a fire panel: a point of it that is normal is no news of an intruder.
        """
        self._device, self._tells_fire = device, tells_fire
        self._buttons = {button.input: button for button in buttons}
        self._pressed: dict[str, bool] = {}
        self._points: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many points of a panel are remembered."""
        return len(self._points)

    def forget(self) -> None:
        """The device was lost: what it says next is told, the same as before or not."""
        self._pressed = {}

    def observe(self, observation: Observation) -> PanicPressed | IntrusionChanged | None:
        """Return what is to be told of an observation; None where it is nothing new."""
        if isinstance(observation, InputChanged):
            return self._contact(observation)
        if isinstance(observation, PointChanged):
            return self._point(observation)
        return None

    def _contact(self, observation: InputChanged) -> PanicPressed | None:
        button = self._buttons.get(observation.channel)
        if button is None:
            return None
        is_pressed = observation.active != button.opens
        if self._pressed.get(button.id) == is_pressed:
            return None
        self._pressed[button.id] = is_pressed
        return PanicPressed(button=button.id, active=is_pressed)

    def _point(self, observation: PointChanged) -> IntrusionChanged | None:
        point = _printable(observation.point)
        found = tuple(sorted(c.value for c in observation.conditions if c in INTRUSION))
        before = self._points.get(point, () if self._tells_fire else None)
        self._points[point] = found
        self._points.move_to_end(point)
        while len(self._points) > POINT_COUNT_MAX:
            self._points.popitem(last=False)
        if found == before:
            return None
        return IntrusionChanged(device=self._device, point=point, conditions=found)


def _printable(point: str) -> str:
    """Return a panel's address of a point as it can stand in an event, whatever was sent."""
    return "".join(c if c.isprintable() else "?" for c in point)[:POINT_LENGTH_MAX] or "?"
