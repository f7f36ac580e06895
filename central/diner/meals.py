"""When a meal can be registered or cancelled. Pure."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the day that meals are registered for: tomorrow by the site's wall clock."""
    return now.astimezone(zone).date() + timedelta(days=1)


def closes_at(day: date, until: time, zone: ZoneInfo) -> datetime:
    """Return until when, itself excluded, meals of a day can be registered and cancelled.

    Args:
        day: Of the meal.
        until: Wall clock of the day before, of the site's policy.
        zone: Of the site.
    """
    return datetime.combine(day - timedelta(days=1), until, tzinfo=zone)
