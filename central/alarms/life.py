"""What becomes of an alarm, from being raised to leaving the list. Pure: the time is an argument.

A *source* is what can be raised: one kind at one subject. Its *line* is what people see of it: one
for each time that it was raised, until its cause has gone and somebody has acknowledged it.

    raised ──────────────► active, unacknowledged ──acknowledge──► active, acknowledged
       ▲                          │ returns                              │ returns
       │ again: it counts         ▼                                      ▼
       └────────────── returned, unacknowledged ──acknowledge──► closed (*)

(*) A latched line closes by an acknowledgement after its cause has gone and by nothing else; one
that chatters closes when it has been calm for a while. A source that is shelved, suppressed or out
of service lives on behind the list; a latched one can be none of these.

Source: ANSI/ISA-18.2-2016 and IEC 62682:2022, "Alarm states" and "Alarm shelving, suppression".
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Final

from central.alarms.kinds import Priority
from central.alarms.lines import Act, LatchedError, Line, Plan, Set, Source

CHATTER_COUNT: Final = 3
CHATTER_WINDOW: Final = timedelta(minutes=1)
"""A source that is raised so often in that time chatters; ISA-18.2's own measure."""
CALM: Final = timedelta(minutes=2)
"""One that chattered is calm after so long without a raise."""
SAME_LINE: Final = timedelta(minutes=1)
"""A source that comes back so soon after its line closed takes the same line up again."""
SHELF_MAX: Final = timedelta(hours=8)
"""Nothing is forgotten on a shelf for longer than a shift."""

Step = tuple[Source, tuple[Act, ...]]
"""The source afterwards, and what is to be written down, in this order."""


def raised(
    source: Source,
    *,
    at: datetime,
    now: datetime,
    priority: Priority,
    is_flood: bool = False,
    is_history: bool = False,
) -> Step:
    """Raise it. A state that holds already only holds on.

    Args:
        source: Before.
        at: By the clock of whoever raises it, not after ``now``.
        now: Central's.
        priority: That holds for it at present.
        is_flood: More alarms come than people can follow.
        is_history: Central hears of it late.
    """
    line, kind = source.line, source.kind
    if line is not None and line.closed_at is None and line.is_active:
        return source, ()
    recent = tuple(t for t in (*source.recent, at) if at - t <= CHATTER_WINDOW)[-CHATTER_COUNT:]
    chatters = len(recent) >= CHATTER_COUNT and not kind.is_latched
    goes_on = line is not None and (
        line.closed_at is None or (now - line.closed_at <= SAME_LINE and not is_history)
    )
    if line is None or not goes_on:
        fresh = Line(
            priority=priority,
            raised_at=at,
            last_raised_at=at,
            heard_at=now,
            told_at=now,
            is_active=not kind.is_momentary,
            returned_at=at if kind.is_momentary else None,
            is_gathered=is_flood and priority > 2 and not kind.is_latched,
            is_history=is_history,
        )
        return dataclasses.replace(source, line=fresh, recent=recent), (Act.RAISED,)
    is_new_chatter = chatters and not line.is_chattering
    stays_acknowledged = (chatters or line.is_chattering) and line.acknowledged_at is not None
    stays_acknowledged = stays_acknowledged and not kind.is_latched
    if not stays_acknowledged:
        line = _waiting_again(line, now=now)
    line = dataclasses.replace(
        line,
        last_raised_at=max(at, line.last_raised_at),
        heard_at=now,
        is_active=not kind.is_momentary,
        returned_at=at if kind.is_momentary else None,
        raise_count=line.raise_count + 1,
        is_chattering=chatters or line.is_chattering,
        closed_at=None,
    )
    if is_new_chatter:
        return dataclasses.replace(source, line=line, recent=recent), (
            Act.RAISED_AGAIN,
            Act.CHATTERS,
        )
    # One that chatters would fill its own history: its count says the same.
    acts = () if line.is_chattering else (Act.RAISED_AGAIN,)
    return dataclasses.replace(source, line=line, recent=recent), acts


def _waiting_again(line: Line, *, now: datetime) -> Line:
    """Return a line that waits for somebody from now on, unless it has been waiting already."""
    if line.acknowledged_at is None and line.closed_at is None:
        return line
    return dataclasses.replace(
        line, acknowledged_at=None, acknowledged_by=None, told_at=now, escalation=0
    )


def returned(source: Source, *, at: datetime, now: datetime) -> Step:
    """Its cause has gone; harmless where it had."""
    line = source.line
    if line is None or not line.is_active:
        return source, ()
    line = dataclasses.replace(line, is_active=False, returned_at=max(at, line.raised_at))
    acts = () if line.is_chattering else (Act.RETURNED,)
    return _settled(dataclasses.replace(source, line=line), acts, now=now)


def _settled(source: Source, acts: tuple[Act, ...], *, now: datetime) -> Step:
    """Close a line that is over and that nobody needs to see to; a latched one never by itself."""
    line = source.line
    if (
        line is not None
        and line.closed_at is None
        and not line.is_active
        and line.acknowledged_at is not None
        and not line.is_chattering
        and not source.kind.is_latched
    ):
        return _closed(source, line, acts, now=now)
    return source, acts


def _closed(source: Source, line: Line, acts: tuple[Act, ...], *, now: datetime) -> Step:
    line = dataclasses.replace(line, closed_at=now)
    return dataclasses.replace(source, line=line), (*acts, Act.CLOSED)


def acknowledged(source: Source, *, by: str, now: datetime) -> Step:
    """Somebody has seen it. A latched one whose cause has gone closes by this, and this alone."""
    line = source.line
    if line is None or line.closed_at is not None:
        return source, ()
    acts = tuple[Act, ...]()
    if line.acknowledged_at is None:
        line = dataclasses.replace(line, acknowledged_at=now, acknowledged_by=by, is_gathered=False)
        acts = (Act.ACKNOWLEDGED,)
    source = dataclasses.replace(source, line=line)
    if source.kind.is_latched and not line.is_active:
        return _closed(source, line, acts, now=now)
    return _settled(source, acts, now=now)


def shelved(source: Source, *, until: datetime, by: str, reason: str, now: datetime) -> Step:
    """Put it aside until then, no longer than ``SHELF_MAX``.

    Raises:
        LatchedError: It is latched.
    """
    if source.kind.is_latched:
        raise LatchedError
    shelf = Set(now, by, reason, min(until, now + SHELF_MAX))
    return dataclasses.replace(source, shelf=shelf), (Act.SHELVED,)


def unshelved(source: Source, *, now: datetime, act: Act = Act.UNSHELVED) -> Step:
    """Take it from the shelf; it waits for somebody anew where it is not over."""
    if source.shelf is None:
        return source, ()
    return _shown(dataclasses.replace(source, shelf=None), act, now=now)


def taken_out_of_service(source: Source, *, by: str, reason: str, now: datetime) -> Step:
    """Somebody works on it: nothing of it is shown until it is returned to service.

    Raises:
        LatchedError: It is latched.
    """
    if source.kind.is_latched:
        raise LatchedError
    out = Set(now, by, reason)
    return dataclasses.replace(source, out_of_service=out), (Act.OUT_OF_SERVICE,)


def returned_to_service(source: Source, *, now: datetime) -> Step:
    """Show it again."""
    if source.out_of_service is None:
        return source, ()
    source = dataclasses.replace(source, out_of_service=None)
    return _shown(source, Act.IN_SERVICE, now=now)


def suppressed(source: Source, *, is_on: bool, now: datetime) -> Step:
    """Hide what must happen just now by design, or show it again; never what is latched."""
    if source.kind.is_latched or source.is_suppressed == is_on:
        return source, ()
    source = dataclasses.replace(source, is_suppressed=is_on)
    if is_on:
        return source, (Act.SUPPRESSED,)
    return _shown(source, Act.UNSUPPRESSED, now=now)


def _shown(source: Source, act: Act, *, now: datetime) -> Step:
    """Let a line that comes back to the list wait from now on: nobody could see it before."""
    line = source.line
    if line is not None and line.closed_at is None and not source.is_hidden:
        line = dataclasses.replace(line, told_at=now, escalation=0)
        source = dataclasses.replace(source, line=line)
    return source, (act,)


def scattered(source: Source, *, now: datetime) -> Step:
    """Show one by one what a flood gathered; it waits for somebody from now on."""
    line = source.line
    if line is None or line.closed_at is not None or not line.is_gathered:
        return source, ()
    line = dataclasses.replace(line, is_gathered=False, told_at=now)
    return dataclasses.replace(source, line=line), ()


def ticked(source: Source, plan: Plan, *, now: datetime) -> Step:
    """Let time pass: shelves end, chattering calms, what nobody sees to escalates or reminds."""
    acts = list[Act]()
    if source.shelf is not None and source.shelf.until is not None and now >= source.shelf.until:
        source, more = unshelved(source, now=now, act=Act.SHELF_OVER)
        acts += more
    line = source.line
    if line is None or line.closed_at is not None:
        return source, tuple(acts)
    if line.is_chattering and now >= line.heard_at + CALM:
        line = dataclasses.replace(line, is_chattering=False)
        source, more = _settled(
            dataclasses.replace(source, line=line, recent=()), (Act.IS_CALM,), now=now
        )
        acts += more
        line = source.line
        if line is None or line.closed_at is not None:
            return source, tuple(acts)
    if source.is_hidden:
        return source, tuple(acts)
    remind = plan.remind.get(line.priority)
    if (
        line.acknowledged_at is not None
        and line.is_active
        and remind is not None
        and not line.is_chattering
        and now >= line.acknowledged_at + remind
    ):
        line = _waiting_again(line, now=now)
        acts.append(Act.REMINDED)
    while (at := _escalates_at(line, plan)) is not None and now >= at:
        line = dataclasses.replace(line, escalation=line.escalation + 1)
        acts.append(Act.ESCALATED)
    return dataclasses.replace(source, line=line), tuple(acts)


def _escalates_at(line: Line, plan: Plan) -> datetime | None:
    steps = plan.escalate.get(line.priority, ())
    if line.acknowledged_at is not None or line.is_gathered or line.escalation >= len(steps):
        return None
    return line.told_at + steps[line.escalation]


def next_due(source: Source, plan: Plan) -> datetime | None:
    """Return when ``ticked`` would change something next; None where nothing is to come."""
    times = list[datetime]()
    if source.shelf is not None and source.shelf.until is not None:
        times.append(source.shelf.until)
    line = source.line
    if line is not None and line.closed_at is None:
        if line.is_chattering:
            times.append(line.heard_at + CALM)
        if not source.is_hidden:
            escalates_at = _escalates_at(line, plan)
            times += [] if escalates_at is None else [escalates_at]
            remind = plan.remind.get(line.priority)
            if (
                line.acknowledged_at is not None
                and line.is_active
                and remind is not None
                and not line.is_chattering
            ):
                times.append(line.acknowledged_at + remind)
    return min(times, default=None)
