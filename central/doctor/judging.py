"""What measurements of a central are worth, and what to do about the bad ones. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from central.backup.verifying import Outcome, trouble
from central.doctor.repository import ServerState
from central.events.partitions import is_late
from central.events.stored import Stored
from central.offline import Tables
from config.doctor.findings import Finding, Level

GROWTH_WINDOW: Final = timedelta(days=7)
GROWTH_WINDOW_MIN: Final = timedelta(days=1)
COUNT_MIN: Final = 10_000
"""Of fewer events nobody can tell how large one is: the empty tables are larger than all."""
DAYS_LEFT_LOW: Final = 30
DAYS_LEFT_MIN: Final = 7
CONNECTIONS_HIGH: Final = 0.8
CLOCK_DIFFERENCE_MAX: Final = timedelta(seconds=2)
BACKUP_LATE: Final = timedelta(days=2)
BACKUP_OVERDUE: Final = timedelta(days=8)


def judge_tables(check: str, tables: Tables) -> Finding:
    """Return what the revision of the tables is worth."""
    if tables is Tables.CURRENT:
        return Finding(check, Level.OK, "it answers, and its tables are this program's")
    if tables is Tables.OLDER:
        said = "its tables are of an older program"
        advice = "start central once: it brings them up to date (a backup before is wise)"
        return Finding(check, Level.WARNING, said, advice)
    said = "its tables are of a newer program, and this one refuses them"
    advice = "use that program: `menshen bundle versions`; or restore the backup from before it"
    return Finding(check, Level.PROBLEM, said, advice)


def judge_growth(
    check: str, stored: Stored | None, *, size_bytes: int, free_bytes: int | None, now: datetime
) -> Finding:
    """Return how long the disk lasts, if as much goes on to come as in the last week.

    What retention deletes is not counted, so that it lasts longer rather than shorter.

    Args:
        check: Whose.
        stored: Events that there are, and came within ``GROWTH_WINDOW``.
        size_bytes: Of the database.
        free_bytes: On its disk; None where that is another machine's.
        now: Aware UTC.
    """
    size = f"{size_bytes / 1e9:.2f} GB"
    if stored is None or stored.count < COUNT_MIN or now - stored.oldest_at < GROWTH_WINDOW_MIN:
        return Finding(check, Level.OK, f"{size}; too few events yet to tell how it grows")
    window = min(GROWTH_WINDOW, now - stored.oldest_at)
    per_day = stored.count_since / (window / timedelta(days=1))
    bytes_per_day = per_day * size_bytes / stored.count
    grows = f"{size}, and {bytes_per_day / 1e6:.0f} MB a day more ({per_day:,.0f} events a day)"
    if free_bytes is None:
        return Finding(check, Level.OK, f"{grows}; its server knows how full its disk is")
    if bytes_per_day < 1:
        return Finding(check, Level.OK, f"{size}, and nothing came lately")
    days = free_bytes / bytes_per_day
    said = f"{grows}: the disk lasts {days:,.0f} days"
    if days >= DAYS_LEFT_LOW:
        return Finding(check, Level.OK, said)
    advice = "a larger disk, or shorter times in [retention] of the site file"
    return Finding(check, Level.PROBLEM if days < DAYS_LEFT_MIN else Level.WARNING, said, advice)


def judge_server(check: str, state: ServerState, *, now: datetime) -> Iterator[Finding]:
    """Yield the version, the connections and the clock of a PostgreSQL server."""
    used = f"{state.connections} of {state.connections_max} connections used"
    said = f"PostgreSQL {state.version}, {used}"
    if state.connections >= CONNECTIONS_HIGH * state.connections_max:
        advice = "raise max_connections: 17 for each replica of central (docs/postgresql.md)"
        yield Finding(check, Level.WARNING, said, advice)
    else:
        yield Finding(check, Level.OK, said)
    difference = state.now - now
    if abs(difference) > CLOCK_DIFFERENCE_MAX:
        ahead = "behind" if difference > timedelta(0) else "ahead of"
        said = f"this machine's clock is {abs(difference).total_seconds():.0f} s {ahead} its"
        advice = "let both take their time from the same time service"
        yield Finding(f"{check}, clock", Level.WARNING, said, advice)


def judge_partitions(check: str, room: int) -> Finding:
    """Return whether there are partitions for the events to come.

    Args:
        check: Whose.
        room: For how many; ``central.events.partitions.room_ahead``.
    """
    advice = (
        "central makes the next one twice a minute: let it run, and end what holds `events` for"
        " long (`SELECT pid, query FROM pg_stat_activity`); its log says what was in the way"
    )
    if room <= 0:
        said = "there is no partition for the newest events: they go to events_rest"
        return Finding(check, Level.PROBLEM, said, advice)
    said = f"there are partitions for {room:,} more events"
    return Finding(check, Level.WARNING, said, advice) if is_late(room) else (
        Finding(check, Level.OK, said)
    )  # fmt: skip


def judge_backup(check: str, made_at: datetime | None, problem: str, *, now: datetime) -> Finding:
    """Return what the newest backup is worth.

    Args:
        check: Whose.
        made_at: Aware UTC; None where there is none.
        problem: Why it is none after all; empty where it looks like one.
        now: Aware UTC.
    """
    advice = "`systemctl start menshen-backup`, and `journalctl -u menshen-backup` says what failed"
    if made_at is None:
        said = problem or "there is none in the folder of backups"
        enable = "`systemctl enable --now menshen-backup.timer` makes one every night"
        return Finding(check, Level.WARNING, said, enable)
    said = f"the newest is of {made_at:%Y-%m-%d %H:%M} UTC, {_age(now - made_at)} old"
    if problem:
        return Finding(check, Level.PROBLEM, f"{said}, and cannot be read: {problem}", advice)
    if now - made_at > BACKUP_OVERDUE:
        return Finding(check, Level.PROBLEM, said, advice)
    return Finding(check, Level.WARNING, said, advice) if now - made_at > BACKUP_LATE else (
        Finding(check, Level.OK, said)
    )  # fmt: skip


def judge_restore(
    check: str, outcome: Outcome | None, *, since: datetime, now: datetime
) -> Finding:
    """Return what the newest proof that a backup can be restored is worth.

    Args:
        check: Whose.
        outcome: Of the newest attempt.
        since: From when on one is expected.
        now: Aware UTC.
    """
    wrong = trouble(outcome, since=since, now=now)
    advice = "`systemctl start menshen-backup-verify`; its `journalctl -u` says what failed"
    proved_at = None if outcome is None else outcome.proved_at
    proved = (
        "no restore was proved yet"
        if proved_at is None
        else f"a restore was proved {_age(now - proved_at)} ago"
    )
    if outcome is not None and wrong == "failed":
        tried = f"the attempt of {outcome.tried_at:%Y-%m-%d %H:%M} UTC failed"
        return Finding(check, Level.PROBLEM, f"{tried}: {outcome.problem}; {proved}", advice)
    if wrong is not None:
        return Finding(check, Level.PROBLEM, f"{proved}, and one is due every week", advice)
    if proved_at is None:
        enable = "`systemctl enable --now menshen-backup-verify.timer` proves one every week"
        return Finding(check, Level.WARNING, proved, enable)
    return Finding(check, Level.OK, proved)


def _age(age: timedelta) -> str:
    hours = age / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
