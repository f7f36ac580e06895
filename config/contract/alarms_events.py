"""What a node tells of panic buttons and intrusion panels."""

from typing import Annotated

from pydantic import StringConstraints

from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Slug

PanelPoint = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""As the panel names it, which is not under our control."""


class PanicPressed(EventData, type_name="menshen.panic.pressed.v1", event_class=EventClass.ALARM):
    """A panic button was pressed or, with ``active`` false, let go of or pulled out again.

    Attributes:
        button: Of the site file.
    """

    button: Slug
    active: bool


class IntrusionChanged(
    EventData, type_name="menshen.intrusion.changed.v1", event_class=EventClass.ALARM
):
    """What holds at one point of an intrusion panel changed; nothing of it is normal.

    Attributes:
        conditions: Of ``burglary``, ``panic`` and ``tamper``, those that hold now.
    """

    device: Slug
    point: PanelPoint
    conditions: tuple[str, ...]
