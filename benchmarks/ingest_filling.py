"""A site's past for ``benchmarks.ingest_growth``: events of half a year, written to the database.

Directly, as no terminal could tell them in the time that there is. What central keeps beside them
(people, ranges, closed alarms, how far retention has looked) is there as it would be, and tables
and indices end as central makes them: they are only built behind their rows, which is quicker.
"""

import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg

from central.events.partitions import LENGTH_MIN, Range, statements
from config.contract.identifiers import new_id
from config.retention import Retention

NODES: Final = tuple(f"node-{n}" for n in range(50))
PLACES: Final = tuple(f"lane-{n}" for n in range(120))
PEOPLE: Final = tuple(str(UUID(int=n)) for n in range(1, 3_001))
PAST: Final = timedelta(days=170)
"""Shorter than passages are kept, so that retention leaves all of it there."""
ALARM_EVERY: Final = 400
"""So many events for each closed alarm."""
STANDING: Final = 40
SEED: Final = 9
_CHUNK: Final = 10_000
_COLUMNS: Final = (
    "position", "node", "epoch", "event_class", "sequence", "content_hash", "type", "holder_id",
    "received_at", "body", "occurred_at", "place",
)  # fmt: skip
_SHARES: Final = (
    ("menshen.access.granted.v1", "access", 34),
    ("menshen.access.denied.v1", "access", 3),
    ("menshen.access.passed.v1", "access", 30),
    ("menshen.device.lost.v1", "telemetry", 4),
    ("menshen.device.restored.v1", "telemetry", 4),
    ("menshen.meter.read.v1", "telemetry", 18),
    ("menshen.canteen.charged.v1", "money", 5),
    ("menshen.door.forced_open.v1", "alarm", 1),
    ("menshen.door.open_too_long.v1", "alarm", 1),
)
"""Of a hundred events; the type, the class, and how many."""
_FIRE: Final = ("menshen.fire.signalled.v1", "fire")
_FIRE_EVERY: Final = 20_000
_EPOCHS: Final = {node: str(UUID(int=1_000 + n)) for n, node in enumerate(NODES)}
Row = tuple[Any, ...]


def rows(count: int, *, site: str, until: datetime) -> Iterator[Row]:
    """Yield so many events as the table of events holds them, evenly over the past until then.

    Times are texts of UTC without a zone, as SQLite has them.
    """
    dice = np.random.default_rng(SEED)
    kinds = [(name, of) for name, of, share in _SHARES for _ in range(share)]
    sequences = {(node, of): itertools.count(1) for node in NODES for _, of in (*kinds, _FIRE)}
    begin, step = until.astimezone(UTC).replace(tzinfo=None) - PAST, PAST / count
    for first in range(1, count + 1, _CHUNK):
        thrown = dice.integers(0, (len(kinds), len(NODES), len(PLACES), len(PEOPLE)), (_CHUNK, 4))
        for position, (kind, at_node, at_place, whom) in enumerate(thrown.tolist(), first):
            if position > count:
                return
            name, of = _FIRE if position % _FIRE_EVERY == 0 else kinds[kind]
            node, place = NODES[at_node], PLACES[at_place]
            holder = PEOPLE[whom] if of in ("access", "money") else None
            sequence, epoch = next(sequences[node, of]), _EPOCHS[node]
            at = (begin + position * step).isoformat(" ", "microseconds")
            named = f',"holder_id":"{holder}"' if holder else ""
            body = (
                f'{{"class":"{of}","clockquality":"synchronised","data":'
                f'{{"access_point":"{place}"{named}}},'
                f'"epoch":"{epoch}","id":"00000000-0000-0000-0000-{position:012x}",'
                f'"sequence":{sequence},"source":"/{site}/{node}","specversion":"1.0",'
                f'"subject":"{place}","time":"{at.replace(" ", "T")}Z","type":"{name}"}}'
            )
            digest = hashlib.sha256(body.encode()).hexdigest()
            yield (position, node, epoch, of, sequence, digest, name, holder, at, body, at, place)


def alarms(count: int, *, until: datetime) -> Iterator[dict[str, Any]]:
    """Yield what became of so many events: closed alarms of the past, and some that stand."""
    total = count // ALARM_EVERY + STANDING
    for number in range(total):
        is_open = number >= total - STANDING
        at = until - timedelta(hours=1) if is_open else until - PAST + PAST * number / total
        place = PLACES[number % len(PLACES)]
        yield {
            "alarm_id": str(new_id()), "version": number + 1, "kind": "forced_open",
            "source": f"forced_open/device/{place}", "priority": 2, "node": NODES[0],
            "subject_kind": "device", "subject_id": place, "place": place, "raised_at": at,
            "last_raised_at": at, "heard_at": at, "is_active": is_open, "raise_count": 1,
            "is_chattering": False, "is_first_up": False, "is_stale": False,
            "is_suppressed": False, "is_gathered": False, "is_history": False, "escalation": 0,
            "told_at": at, "detail": {}, "media": [],
            "closed_at": None if is_open else at + timedelta(minutes=5),
        }  # fmt: skip


def people(now: datetime) -> Iterator[dict[str, Any]]:
    """Yield those whom the past names."""
    for version, holder_id in enumerate(PEOPLE, 1):
        yield {
            "holder_id": holder_id, "version": version, "is_removed": False, "is_active": True,
            "name": f"Person {version}", "created_at": now - PAST,
        }  # fmt: skip


def fill(url: str, count: int, *, site: str, now: datetime) -> None:
    """Write a past into a database whose tables are there and hold no events."""
    if url.startswith("sqlite:///"):
        _fill_sqlite(Path(url.removeprefix("sqlite:///")), count, site=site, now=now)
    else:
        _fill_postgresql(url, count, site=site, now=now)


def _looked_until(count: int) -> int:
    """Return up to which position retention has looked for people who were only considered."""
    kept = timedelta(days=Retention().candidates_days)
    return int(count * ((PAST - kept) / PAST))


_BESIDE: Final = (
    "INSERT INTO event_ranges (node, epoch, event_class, first, last)"
    " SELECT node, epoch, event_class, 1, max(sequence) FROM events GROUP BY 1, 2, 3",
    "INSERT INTO alarm_sources (source, kind, node, subject_kind, subject_id, is_active, recent)"
    " SELECT source, kind, max(node), max(subject_kind), max(subject_id), FALSE, '[]'"
    " FROM alarms GROUP BY source, kind",
    "UPDATE retention_runs SET mark = {looked_until} WHERE name = 'candidates'",
)


def _fill_sqlite(path: Path, count: int, *, site: str, now: datetime) -> None:
    with sqlite3.connect(path) as connection:
        # The file is thrown away should this be interrupted.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000"):
            connection.execute(f"PRAGMA {pragma}")
        indices = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index'"
            " AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indices:
            connection.execute(f"DROP INDEX {name}")
        _insert(connection, "events", _COLUMNS, rows(count, site=site, until=now))
        for _, statement in indices:
            connection.execute(statement)
        for table, found in (("people", people(now)), ("alarms", alarms(count, until=now))):
            for each in found:
                _insert(connection, table, each, [tuple(_plain(v) for v in each.values())])
        for statement in _BESIDE:
            connection.execute(statement.format(looked_until=_looked_until(count)))
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")


def _insert(
    connection: sqlite3.Connection, table: str, names: Iterable[str], values: Iterable[Row]
) -> None:
    columns = tuple(names)
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our columns
        values,
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _fill_postgresql(url: str, count: int, *, site: str, now: datetime) -> None:
    past = rows(count, site=site, until=now)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET timezone = UTC"
        )
        connection.execute("DROP TABLE events_1")  # nothing is in it: it is made again below
        for first in range(1, count + LENGTH_MIN + 1, LENGTH_MIN):
            wanted = min(LENGTH_MIN, max(0, count - first + 1))
            with connection.transaction(), connection.cursor() as cursor:
                _make_filled(cursor, first, itertools.islice(past, wanted))
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, found in (("people", people(now)), ("alarms", alarms(count, until=now))):
                for each in found:
                    values = [v if isinstance(v, datetime) else _plain(v) for v in each.values()]
                    marks = ", ".join(["%s"] * len(values))
                    statement = f"INSERT INTO {table} ({', '.join(each)}) VALUES ({marks})"  # noqa: S608 - our columns
                    cursor.execute(statement.encode(), values)
            for statement in _BESIDE:
                cursor.execute(statement.format(looked_until=_looked_until(count)).encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _make_filled(cursor: psycopg.Cursor[Any], first: int, past: Iterator[Row]) -> None:
    """Make a range as central does, with its rows before its indices."""
    made = Range(f"events_{first}", first, first + LENGTH_MIN)
    steps = statements(made)
    for statement in (each for each in steps if each.startswith("CREATE TABLE")):
        cursor.execute(statement.encode())
    target = f"COPY {made.name} ({', '.join(_COLUMNS)}) FROM STDIN"
    with cursor.copy(target.encode()) as copy:
        while lines := [_line(row) for row in itertools.islice(past, _CHUNK)]:
            copy.write("".join(lines))
    for statement in (each for each in steps if not each.startswith("CREATE TABLE")):
        cursor.execute(statement.encode())


def _line(row: Row) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in row) + "\n"
