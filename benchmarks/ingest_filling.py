"""A site's past for ``benchmarks.ingest_growth``: events of a year, written into the database.

Directly, as no terminal could tell them in the time that there is; what central keeps beside each
(ranges, closed alarms, people) is there as it would be.
"""

import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from central.events.partitions import LENGTH_MIN, Range, statements
from config.contract.identifiers import new_id

NODES: Final = tuple(f"node-{n}" for n in range(50))
PLACES: Final = tuple(f"lane-{n}" for n in range(120))
PEOPLE: Final = tuple(str(UUID(int=n)) for n in range(1, 3_001))
YEAR: Final = timedelta(days=365)
ALARM_EVERY: Final = 400
"""So many events for each closed alarm."""
STANDING: Final = 40
SEED: Final = 9
_CHUNK: Final = 20_000
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
Row = tuple[Any, ...]


def epoch_of(node: str) -> UUID:
    """Return the epoch of a node's journal."""
    return UUID(int=1_000 + NODES.index(node))


def rows(count: int, *, site: str, until: datetime) -> Iterator[Row]:
    """Yield so many events as the table of events holds them, evenly over the year until then."""
    dice = random.Random(SEED)  # noqa: S311 - the same past each time, and no secret
    kinds = [(name, of) for name, of, share in _SHARES for _ in range(share)]
    sequences, step = dict[tuple[str, str], int](), YEAR / count
    for position in range(1, count + 1):
        name, of = _FIRE if position % _FIRE_EVERY == 0 else dice.choice(kinds)
        node, place = dice.choice(NODES), dice.choice(PLACES)
        holder = dice.choice(PEOPLE) if of in ("access", "money") else None
        sequence = sequences[node, of] = sequences.get((node, of), 0) + 1
        at = until - YEAR + position * step
        epoch, data = str(epoch_of(node)), {"access_point": place, "holder_id": holder}
        body = (
            f'{{"class":"{of}","clockquality":"synchronised","data":{json.dumps(data)},'
            f'"epoch":"{epoch}","id":"{UUID(int=position)}","sequence":{sequence},'
            f'"source":"/{site}/{node}","specversion":"1.0","subject":"{place}",'
            f'"time":"{at.isoformat()}","type":"{name}"}}'
        )
        digest = hashlib.sha256(body.encode()).hexdigest()
        yield (position, node, epoch, of, sequence, digest, name, holder, at, body, at, place)


def alarms(count: int, *, until: datetime) -> Iterator[dict[str, Any]]:
    """Yield what became of so many events: closed alarms of the year, and some that stand."""
    total = count // ALARM_EVERY + STANDING
    for number in range(total):
        is_open = number >= total - STANDING
        at = until - timedelta(hours=1) if is_open else until - YEAR + YEAR * number / total
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


def fill(url: str, count: int, *, site: str, now: datetime) -> None:
    """Write a past into a database whose tables are there and hold no events."""
    if url.startswith("sqlite:///"):
        _fill_sqlite(Path(url.removeprefix("sqlite:///")), count, site=site, now=now)
    else:
        _fill_postgresql(url, count, site=site, now=now)


_SEQUENCES: Final = (
    "INSERT INTO event_ranges (node, epoch, event_class, first, last)"
    " SELECT node, epoch, event_class, 1, max(sequence) FROM events GROUP BY 1, 2, 3"
)
_ALARM_SOURCES: Final = (
    "INSERT INTO alarm_sources (source, kind, node, subject_kind, subject_id, is_active, recent)"
    " SELECT source, kind, max(node), max(subject_kind), max(subject_id), {no}, {none}"
    " FROM alarms GROUP BY source, kind"
)


def _fill_sqlite(path: Path, count: int, *, site: str, now: datetime) -> None:
    places = ", ".join("?" * len(_COLUMNS))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-500000")
        indices = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index'"
            " AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indices:
            connection.execute(f"DROP INDEX {name}")
        connection.executemany(
            f"INSERT INTO events ({', '.join(_COLUMNS)}) VALUES ({places})",  # noqa: S608 - our columns
            (_for_sqlite(row) for row in rows(count, site=site, until=now)),
        )
        for _, statement in indices:
            connection.execute(statement)
        connection.execute("PRAGMA foreign_keys=OFF")
        for alarm in alarms(count, until=now):
            values = {name: _plain(value) for name, value in alarm.items()}
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            connection.execute(
                f"INSERT INTO alarms ({names}) VALUES ({marks})",  # noqa: S608 - our columns
                tuple(values.values()),
            )
        connection.execute(_ALARM_SOURCES.format(no="0", none="'[]'"))
        connection.execute(_SEQUENCES)


def _for_sqlite(row: Row) -> Row:
    return tuple(_plain(value) for value in row)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _fill_postgresql(url: str, count: int, *, site: str, now: datetime) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        _make_ranges(cursor, count)
        cursor.execute("SELECT indexdef, indexname FROM pg_indexes WHERE tablename = 'events'")
        indices = cursor.fetchall()
        for _, name in indices:
            cursor.execute(f"DROP INDEX {name}".encode())
        with cursor.copy(f"COPY events ({', '.join(_COLUMNS)}) FROM STDIN".encode()) as copy:
            lines = list[str]()
            for row in rows(count, site=site, until=now):
                lines.append("\t".join("\\N" if v is None else str(v) for v in row))
                if len(lines) == _CHUNK:
                    copy.write("\n".join(lines) + "\n")
                    lines.clear()
            copy.write("".join(f"{line}\n" for line in lines))
        for statement, _ in indices:
            cursor.execute(statement.replace(" ON ONLY ", " ON ").encode())
        cursor.execute("SET session_replication_role = replica")
        for alarm in alarms(count, until=now):
            values = {n: v if isinstance(v, datetime) else _plain(v) for n, v in alarm.items()}
            names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
            cursor.execute(
                f"INSERT INTO alarms ({names}) VALUES ({marks})".encode(),  # noqa: S608 - our columns
                list(values.values()),
            )
        cursor.execute(_ALARM_SOURCES.format(no="false", none="'[]'::json").encode())
        cursor.execute(_SEQUENCES)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _make_ranges(cursor: psycopg.Cursor[Any], count: int) -> None:
    """Make what central would have made in time, one range after the other."""
    for first in range(LENGTH_MIN + 1, count + LENGTH_MIN, LENGTH_MIN):
        for statement in statements(Range(f"events_{first}", first, first + LENGTH_MIN)):
            cursor.execute(statement.encode())
