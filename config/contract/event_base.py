"""What every event type is made of: its class, its name, and the list of all types."""

from enum import StrEnum
from typing import ClassVar

from config.contract.identifiers import Frozen


class EventClass(StrEnum):
    """Priority classes, most urgent first. Each has its own gapless sequence."""

    FIRE = "fire"
    ALARM = "alarm"
    MONEY = "money"
    ACCESS = "access"
    TELEMETRY = "telemetry"


class EventData(Frozen):
    """Base of all events' data; ``type_name`` and ``event_class`` belong to the type."""

    type_name: ClassVar[str]
    event_class: ClassVar[EventClass]

    def __init_subclass__(
        cls, *, type_name: str, event_class: EventClass, **kwargs: object
    ) -> None:
        """Register the type under its name."""
        cls.type_name, cls.event_class = type_name, event_class
        EVENT_TYPES[type_name] = cls


EVENT_TYPES: dict[str, type[EventData]] = {}
"""Every event type by its name."""
