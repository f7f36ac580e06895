"""What is kept of a source of alarms and of its line; ``life`` says what becomes of them. Pure."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from central.alarms.kinds import Kind, Priority


class Act(StrEnum):
    """What happened to a line; its history is made of these."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    CHATTERS = "chatters"
    IS_CALM = "is_calm"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_OVER = "shelf_over"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    NOTED = "noted"


ACTS_OF_PEOPLE: Final = frozenset(
    {Act.ACKNOWLEDGED, Act.SHELVED, Act.UNSHELVED, Act.OUT_OF_SERVICE, Act.IN_SERVICE, Act.NOTED}
)


class LatchedError(ValueError):
    """What is latched can neither be shelved, nor suppressed, nor taken out of service."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When something happens to a line that nobody sees to.

    Attributes:
        escalate: For each priority, how long after it began to wait each level is reached.
        remind: For each priority, when one that was acknowledged and still holds waits again.
    """

    escalate: Mapping[Priority, tuple[timedelta, ...]]
    remind: Mapping[Priority, timedelta]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What people see.

    Attributes:
        raised_at, last_raised_at: By the clock of whoever raised it.
        heard_at: The same as ``last_raised_at`` by central's clock.
        told_at: Since when it waits for somebody, by central's clock.
        is_gathered: It came in a flood, and is not urgent.
        is_history: Central heard of it late.
    """

    priority: Priority
    raised_at: datetime
    last_raised_at: datetime
    heard_at: datetime
    told_at: datetime
    is_active: bool
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    raise_count: int = 1
    is_chattering: bool = False
    is_gathered: bool = False
    is_history: bool = False
    escalation: int = 0
    closed_at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Set:
    """Something that a person did to a source. Attributes: until: None: until taken back."""

    at: datetime
    by: str
    reason: str
    until: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What can be raised.

    Attributes:
        line: Its newest one, closed or not; None before the first.
        recent: When it was raised lately, oldest first, no more than chattering needs.
    """

    kind: Kind
    line: Line | None = None
    recent: tuple[datetime, ...] = ()
    shelf: Set | None = None
    out_of_service: Set | None = None
    is_suppressed: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether it lives behind the list; never what is latched."""
        return not self.kind.is_latched and (
            self.is_suppressed or self.shelf is not None or self.out_of_service is not None
        )

    @property
    def is_open(self) -> bool:
        """Whether its line is not closed."""
        return self.line is not None and self.line.closed_at is None

    @property
    def is_active(self) -> bool:
        """Whether its cause holds, as it was last heard of."""
        return self.line is not None and self.line.is_active
