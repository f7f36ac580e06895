"""What one node tells another of a fire: its state as a whole, each time."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.fire_events import FireConfirmation
from config.contract.identifiers import Frozen, Slug

AGE_MS_MAX = 2**31 - 1


class FireNotice(Frozen):
    """One fire or drill, as its teller knows it. Nothing in it compares two clocks.

    Attributes:
        fire_id: Of the fire, or of the drill.
        origin: Whose panel signalled it; not always who tells.
        revision: Rises with every change; the highest is the newest.
        growth: Points that have signalled in it: a gate that was closed for fewer opens again.
        is_active: Something signals it still.
        is_current: The origin hears what signals it.
        age_ms: From the panel's frame to when this was sent, by monotonic clocks.
        left_ms: Of a drill: until it ends by itself.
        since: By the origin's wall clock, to be shown.
    """

    fire_id: UUID
    zone: Slug
    origin: Slug
    confirmed_by: FireConfirmation
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    growth: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    is_active: bool = True
    is_current: bool = True
    is_drill: bool = False
    has_release: bool = True
    age_ms: Annotated[int, Field(ge=0, le=AGE_MS_MAX)] = 0
    left_ms: Annotated[int, Field(ge=0, le=AGE_MS_MAX)] | None = None
    since: AwareDatetime
