"""The demo's guard: a round every few minutes past both gates; every second time one is left out.

Pure: the time is an argument.
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

GUARD, GUARD_CARD, PROFILE = "guard", "0006547999", "guards"
EVERY: Final = timedelta(minutes=5)
STOPS: Final = (("east-lane", "east", 0, 2), ("west-lane", "west", 0, 2))
"""Checkpoint, lane, and the minutes of a round between which the guard is expected there."""
LEFT_OUT: Final = "west"


@dataclasses.dataclass(slots=True)
class Guard:
    """Who walks. Attributes: first_at: When the first round begins, a full minute."""

    first_at: datetime
    _done: set[tuple[str, int]] = dataclasses.field(default_factory=set)

    @classmethod
    def from_next_minute(cls, now: datetime) -> "Guard":
        """Return a guard whose first round begins with the next full minute."""
        return cls(now.replace(second=0, microsecond=0) + timedelta(minutes=1))

    def is_due(self, lane: str, now: datetime) -> bool:
        """Return, once a round, whether the guard comes to a lane now.

        In the first round, and every second after it, one stop is forgotten.
        """
        number, into_round = divmod(now - self.first_at, EVERY)
        stop = next((s for s in STOPS if s[1] == lane), None)
        if stop is None or number < 0 or (lane, number) in self._done:
            return False
        if number % 2 == 0 and lane == LEFT_OUT:
            return False
        if not timedelta(minutes=stop[2]) <= into_round < timedelta(minutes=stop[3]):
            return False
        self._done.add((lane, number))
        return True

    def plan(self, holder_id: str, *, zone: ZoneInfo) -> dict[str, Any]:
        """Return the patrol plan as central takes it: all day, from the first round on."""
        first, days = (
            self.first_at.astimezone(zone),
            ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        )
        start, end = f"{first:%H:%M}", f"{first - timedelta(minutes=1):%H:%M}"
        shift = {
            "id": "duty",
            "name": {"zh-CN": "当班", "en": "On duty"},
            "intervals": [{"days": days, "start": start, "end": end}],
            "guards": [holder_id],
        }
        route = {
            "id": "gates",
            "name": {"zh-CN": "通道巡更", "en": "Past the gates"},
            "shift": "duty",
            "is_ordered": False,
            "every_min": int(EVERY / timedelta(minutes=1)),
            "tolerance_min": 0,
            "missed_after_min": 1,
            "stops": [
                {"checkpoint": checkpoint, "from_min": begin, "until_min": end_min}
                for checkpoint, _, begin, end_min in STOPS
            ],
        }
        return {"shifts": [shift], "routes": [route]}


MODEL: Final[dict[str, Any]] = {
    "profiles": [{"id": PROFILE, "permissions": [{"points": ["east", "west"]}]}]
}
"""The access model that knows who is a guard; everybody else passes as before."""
