"""What a journal lets go of when there is no room: how many of which class. Pure.

Telemetry and access may take a part of the room only, so that there is some for what must be told;
and they go first, telemetry before access. Alarms, money and fires go when nothing else is left,
in this order, and never because the disk is full: then they are not recorded, and the site's policy
decides (decision 52).
"""

from collections.abc import Mapping
from typing import Final

from config.contract.events import EventClass

ORDER: Final = (
    EventClass.TELEMETRY,
    EventClass.ACCESS,
    EventClass.ALARM,
    EventClass.MONEY,
    EventClass.FIRE,
)
"""Who gives way, the first first."""
SHARES: Final = {EventClass.TELEMETRY: 0.5, EventClass.ACCESS: 0.9}
"""Of the room; the others may take all of it."""
EXPENDABLE: Final = ORDER[:2]
"""What gives way to a full disk."""
SPARE_SHARE: Final = 0.01
"""So much is freed at once: a full journal gains a tombstone for it, and not for each event."""


def excess(
    counts: Mapping[EventClass, int], *, room: int, usual_room: int | None = None
) -> dict[EventClass, int]:
    """Return how many of the oldest events of each class must go, in the order of ``ORDER``.

    Args:
        counts: Events that are there, by class.
        room: For so many.
        usual_room: That shares are of, where there is less for now; None is the same.
    """
    spare = max(1, int(room * SPARE_SHARE))
    going = dict[EventClass, int]()
    for event_class, share in SHARES.items():
        quota = int((room if usual_room is None else usual_room) * share)
        count = counts.get(event_class, 0)
        if count > quota:
            going[event_class] = min(count, count - quota + spare)
    left = sum(counts.values()) - sum(going.values())
    if left > room:
        _take(going, counts, left - room + spare)
    return {each: going[each] for each in ORDER if each in going}


def expendable(counts: Mapping[EventClass, int], *, wanted: int) -> dict[EventClass, int]:
    """Return what goes for a full disk: as many as wanted, or what there is of ``EXPENDABLE``."""
    going = dict[EventClass, int]()
    _take(going, {each: counts.get(each, 0) for each in EXPENDABLE}, wanted)
    return going


def _take(going: dict[EventClass, int], counts: Mapping[EventClass, int], wanted: int) -> None:
    """Let so many more go."""
    for event_class in ORDER:
        more = min(wanted, counts.get(event_class, 0) - going.get(event_class, 0))
        if more > 0:
            going[event_class] = going.get(event_class, 0) + more
            wanted -= more
