"""A month of patrols, counted. Pure.

Every stop is counted once by what became of it (in time, early, late, missed); what else was found
of it stands beside. A stop that was missed until its scan arrived counts as what it was, and as one
of which an alarm was given.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from central.patrol.evaluation import StopResult, StopStatus
from central.patrol.repository import KeptRound
from central.patrol.schemas import DayTally, MonthReport, ReportLine, Tally
from config.contract.schedules import Name

_COUNTED: Final = {
    StopStatus.DONE: "done",
    StopStatus.EARLY: "early",
    StopStatus.LATE: "late",
    StopStatus.MISSED: "missed",
}
COLUMNS: Final = (
    "day", "route", "round_starts_at", "checkpoint", "from", "until", "status", "scanned_at",
    "reported_at", "guard", "planned_guards", "out_of_order", "guard_is", "fallback",
    "time_unsure", "alarms",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def month_report(
    month: str,
    rounds: Sequence[KeptRound],
    *,
    now: datetime,
    routes: Callable[[str], Name],
    checkpoints: Mapping[str, Name],
    people: Mapping[str, str],
) -> MonthReport:
    """Return what became of a month's rounds.

    Args:
        month: ``YYYY-MM``.
        rounds: Of the month; those that are not over are left out.
        now: Aware.
        routes: Gives a route's name.
        checkpoints: Names by checkpoint.
        people: Names by identifier.
    """
    over = [kept for kept in rounds if kept.planned.closes_at <= now]
    total = dict[str, int]()
    lines: tuple[_Lines, _Lines, _Lines] = (_Lines(), _Lines(), _Lines())
    days = dict[date, dict[str, int]]()
    for kept in over:
        for stop, each in zip(kept.planned.stops, kept.result.stops, strict=False):
            figures = _figures(each)
            name = each.holder_id or ""
            where = (kept.planned.route, name, stop.checkpoint)
            for table, key in zip(lines, where, strict=True):
                if key:
                    table.add(key, str(kept.planned.round_id), figures)
            for into in (total, days.setdefault(kept.planned.day, {})):
                _add(into, figures)
    by_route, by_guard, by_checkpoint = lines
    return MonthReport(
        month=month,
        total=Tally(**total),
        rounds=len(over),
        routes=by_route.made(routes),
        guards=by_guard.made(lambda holder_id: _alike(people.get(holder_id, ""))),
        checkpoints=by_checkpoint.made(lambda name: checkpoints.get(name, {})),
        days=[DayTally(day=day, **figures) for day, figures in sorted(days.items())],
    )


class _Lines:
    """Counts by a key."""

    def __init__(self) -> None:
        self._figures = dict[str, dict[str, int]]()
        self._rounds = dict[str, set[str]]()

    def add(self, key: str, round_id: str, figures: Mapping[str, int]) -> None:
        """Count a stop."""
        _add(self._figures.setdefault(key, {}), figures)
        self._rounds.setdefault(key, set()).add(round_id)

    def made(self, name: Callable[[str], Name]) -> list[ReportLine]:
        """Return the lines, by their key."""
        return [
            ReportLine(id=key, name=name(key), rounds=len(self._rounds[key]), **figures)
            for key, figures in sorted(self._figures.items())
        ]


def _figures(each: StopResult) -> dict[str, int]:
    counted = _COUNTED.get(each.status)
    return {
        "stops": 1,
        **({} if counted is None else {counted: 1}),
        "out_of_order": int(each.is_out_of_order),
        "wrong_guard": int(each.guard == "wrong"),
        "unknown_guard": int(each.guard == "unknown"),
        "reported_late": int(each.is_reported_late),
        "fallback": int(each.is_fallback),
        "told": int(bool(each.told)),
    }


def _add(into: dict[str, int], figures: Mapping[str, int]) -> None:
    for name, count in figures.items():
        into[name] = into.get(name, 0) + count


def _alike(name: str) -> Name:
    return {"zh-CN": name, "en": name} if name else {}


def as_csv(
    rounds: Iterable[KeptRound], *, now: datetime, zone: ZoneInfo, people: Mapping[str, str]
) -> str:
    """Return a line for each stop of rounds that are over, times by the site's wall clock.

    It begins with a byte order mark, by which spreadsheets know the letters. A name that a
    spreadsheet would take for a formula has an apostrophe before it.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)

    def clock(at: datetime | None) -> str:
        return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    def named(holder_id: str | None) -> str:
        return "" if holder_id is None else people.get(holder_id, holder_id)

    for kept in rounds:
        planned = kept.planned
        if planned.closes_at > now:
            continue
        for stop, each in zip(planned.stops, kept.result.stops, strict=False):
            cells = (
                planned.day.isoformat(), planned.route, clock(planned.starts_at), stop.checkpoint,
                clock(stop.from_at), clock(stop.until_at), each.status.value,
                clock(each.scanned_at), clock(each.received_at), named(each.holder_id),
                "; ".join(named(guard) for guard in planned.guards),
                str(int(each.is_out_of_order)), each.guard or "", str(int(each.is_fallback)),
                str(int(each.is_time_unsure)), "; ".join(sorted(each.told)),
            )  # fmt: skip
            writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
