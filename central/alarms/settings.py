"""When alarms escalate, remind and flood, as shipped and as a site sets it; pure."""

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from central.alarms.kinds import Priority
from central.alarms.lines import Plan

Seconds = Annotated[int, Field(ge=5, le=86_400)]


def _number(key: object) -> object:
    """Return a key as the number that it is: JSON has texts alone for keys."""
    return int(key) if isinstance(key, str) and key.isdecimal() else key


Ranked = Annotated[Priority, BeforeValidator(_number)]


class Pace(BaseModel):
    """When time alone changes something.

    Attributes:
        escalate_s: For each priority, after how long without an acknowledgement each level is
            reached: level 1 pages everybody who is signed in, level 2 sounds sirens and lamps and
            tells webhooks and mail. A priority without levels waits for ever.
        remind_s: For each priority, when one that was acknowledged and still holds waits again.
        flood_count: More new alarms than these in ``flood_window_s`` are a flood: those of
            priority 3 and 4 are gathered until half as many come.
        positions: Guards who see to alarms at the same time: rates are held against what each of
            them can follow.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    escalate_s: dict[Ranked, tuple[Seconds, ...]] = {
        1: (30, 60, 180),
        2: (120, 300),
        3: (900,),
    }
    remind_s: dict[Ranked, Seconds] = {1: 600, 2: 3600}
    flood_count: Annotated[int, Field(ge=5, le=10_000)] = 30
    flood_window_s: Seconds = 60
    positions: Annotated[int, Field(ge=1, le=50)] = 1

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.escalate_s.get(1):
            raise ValueError("alarms of priority 1 must escalate")
        if any(list(steps) != sorted(set(steps)) for steps in self.escalate_s.values()):
            raise ValueError("each level of an escalation comes later than the one before")
        return self

    @property
    def plan(self) -> Plan:
        """The same as durations."""
        return Plan(
            escalate={
                priority: tuple(timedelta(seconds=s) for s in steps)
                for priority, steps in self.escalate_s.items()
            },
            remind={p: timedelta(seconds=s) for p, s in self.remind_s.items()},
        )

    @property
    def flood_window(self) -> timedelta:
        """``flood_window_s`` as a duration."""
        return timedelta(seconds=self.flood_window_s)


SHIPPED: Final = Pace()
