"""The journal's file: SQL only, one thread, no policy of what to do when a write fails.

A write is one transaction: it happened durably, or not at all. Sequence numbers are drawn inside
the transaction, so a failed write leaves no gap.
"""

import contextlib
import dataclasses
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from config.contract.events import (
    GO_AHEAD,
    ClockQuality,
    Event,
    EventClass,
    EventData,
    JournalDropped,
)
from config.contract.identifiers import new_id

_log = logging.getLogger("edge.journal")

SCHEMA_VERSION: Final = 1
_RANKS: Final = {event_class: rank for rank, event_class in enumerate(EventClass)}
_SEQUENCE_MAX: Final = 2**31 - 1
_READ: Final = "SELECT document FROM event"
_ALARM_RANK: Final = _RANKS[EventClass.ALARM]
_GO_AHEAD: Final = ", ".join(f"'{name}'" for name in sorted(GO_AHEAD))
_URGENT: Final = f"class_rank = {_ALARM_RANK} AND type IN ({_GO_AHEAD})"
_URGENT_INDEX: Final = f"CREATE INDEX IF NOT EXISTS urgent_2 ON event (sequence) WHERE {_URGENT}"
"""Of a handful of rows; an older program goes on with it. Other types: another name."""
_INDEX_BEFORE: Final = "DROP INDEX IF EXISTS urgent_1"


class JournalError(Exception):
    """The journal cannot be written or read now; what was asked has not happened."""


class JournalUnusableError(JournalError):
    """A person must act: another process has the file, or a newer version made it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it has its place in the journal.

    Attributes:
        subject: The point it is about, or None for the node itself.
    """

    id: UUID
    data: EventData
    subject: str | None
    occurred_at: datetime
    clockquality: ClockQuality


class JournalFile:
    """An open journal. Every method belongs to the thread that opened it.

    Attributes:
        epoch: Made with the file.
        set_aside: Where a damaged predecessor went, when this opening found one.
    """

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        node: str,
        event_count_max: int,
        now: datetime,
    ) -> None:
        """Open the file, made or migrated as needed; a damaged one is set aside.

        Raises:
            JournalUnusableError: Another process has it, or a newer version made it.
            JournalError: The disk refuses.
        """
        self.set_aside: Path | None = None
        self._site, self._node, self._event_count_max = site, node, event_count_max
        try:
            self._open(path, now)
        except (_DamagedError, sqlite3.DatabaseError) as error:
            if _is_busy(error):
                raise JournalUnusableError(
                    f"another process uses the journal {path}: end it first"
                ) from error
            if not _is_damage(error):
                raise JournalError(f"cannot open the journal {path.name}: {error}") from error
            self.set_aside = _set_aside(path, now)
            _log.critical(
                "the journal is damaged (%s): set aside as %s, a new epoch begins",
                error,
                self.set_aside.name,
            )
            try:
                self._open(path, now)
            except sqlite3.Error as again:
                raise JournalError(f"cannot make a new journal: {again}") from again

    def _open(self, path: Path, now: datetime) -> None:
        connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        try:
            # Exclusive locking keeps a second process with the same home out.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise _DamagedError(problem)
            _migrate(connection)
            connection.execute(_INDEX_BEFORE)
            connection.execute(_URGENT_INDEX)
            row = connection.execute("SELECT epoch FROM journal").fetchone()
            if row is None:
                row = (str(new_id()),)
                connection.execute("INSERT INTO journal VALUES (?, ?)", (*row, now.isoformat()))
            self.epoch = UUID(row[0])
            self._event_count: int = connection.execute("SELECT count(*) FROM event").fetchone()[0]
            self._last_sequences = _read_last_sequences(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def unsent_count(self) -> int:
        """Events that are not acknowledged."""
        return self._event_count

    def unsent_by_class(self) -> dict[EventClass, int]:
        """Return how many events of each class are not acknowledged."""
        rows = self._connection.execute(
            "SELECT name, count(*) FROM event JOIN event_class ON rank = class_rank"
            " GROUP BY class_rank"
        )
        return {EventClass(name): count for name, count in rows}

    @property
    def last_sequences(self) -> dict[EventClass, int]:
        """The last sequence number of each class, 0 where nothing was written."""
        return self._last_sequences

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Write the drafts in one transaction and return them as events, in the same order.

        Raises:
            sqlite3.Error: Nothing was written.
        """
        with self._transaction():
            events = [self._insert(draft) for draft in drafts]
            count = self._event_count + len(events)
            if count > self._event_count_max:
                count = self._drop(count, drafts[-1])
            last_sequences = _read_last_sequences(self._connection)
        self._event_count, self._last_sequences = count, last_sequences
        return events

    def unsent(
        self,
        *,
        count_max: int,
        after: Mapping[EventClass, int] | None = None,
        up_to: Mapping[EventClass, int] | None = None,
    ) -> list[Event]:
        """Return the events to send next: the most urgent class first, oldest first.

        Args:
            count_max: No more than so many.
            after: Only what is newer than these sequences.
            up_to: Only what is not newer than these sequences; of a class without one, nothing.
        """
        if after is None and up_to is None:
            return self._read("ORDER BY class_rank, sequence LIMIT ?", count_max)
        found = list[Event]()
        for event_class, rank in _RANKS.items():
            first = (after or {}).get(event_class, 0) + 1
            last = _SEQUENCE_MAX if up_to is None else up_to.get(event_class, 0)
            where = "WHERE class_rank = ? AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?"
            if len(found) < count_max and first <= last:
                found += self._read(where, rank, first, last, count_max - len(found))
        return found

    def urgent(self, *, count_max: int) -> list[Event]:
        """Return what waits behind nothing else: fires, then ``GO_AHEAD``, oldest first."""
        found = self._read("WHERE class_rank = 0 ORDER BY sequence LIMIT ?", count_max)
        if len(found) < count_max:
            ahead = f"WHERE {_URGENT} ORDER BY sequence LIMIT ?"
            found += self._read(ahead, count_max - len(found))
        return found

    def _read(self, clauses: str, *values: int) -> list[Event]:
        rows = self._connection.execute(f"{_READ} {clauses}", values)
        return [Event.model_validate_json(document) for (document,) in rows]

    def acknowledge(self, events: Sequence[Event]) -> None:
        """Forget events that central holds; ones already forgotten are no error.

        Raises:
            sqlite3.Error: None was forgotten.
        """
        keys = [(_RANKS[event.event_class], event.sequence) for event in events]
        with self._transaction():
            cursor = self._connection.executemany(
                "DELETE FROM event WHERE class_rank = ? AND sequence = ?", keys
            )
            removed = cursor.rowcount
        self._event_count -= removed

    def _insert(self, draft: Draft) -> Event:
        data = draft.data
        rank = _RANKS[data.event_class]
        (sequence,) = self._connection.execute(
            "UPDATE event_class SET last_sequence = last_sequence + 1 WHERE rank = ?"
            " RETURNING last_sequence",
            (rank,),
        ).fetchone()
        place = f"/{self._site}/{self._node}"
        event = Event(
            id=draft.id,
            source=f"{place}/{draft.subject}" if draft.subject else place,
            type=data.type_name,
            time=draft.occurred_at,
            subject=draft.subject or self._node,
            epoch=self.epoch,
            event_class=data.event_class,
            sequence=sequence,
            clockquality=draft.clockquality,
            data=data.model_dump(mode="json"),
        )
        self._connection.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?)",
            (rank, sequence, event.type, event.model_dump_json(by_alias=True)),
        )
        return event

    def _drop(self, count: int, newest: Draft) -> int:
        """Make room from the lowest class up, and record each range; return the new count.

        A hundredth of the room is freed at once, so that a full journal gains a tombstone per
        hundredth and not per event. Tombstones go last of all.
        """
        excess = count - self._event_count_max + max(1, self._event_count_max // 100)
        tombstones = []
        for spared_type in (JournalDropped.type_name, ""):
            for event_class, rank in reversed(_RANKS.items()):
                while excess > 0 and (run := self._oldest_run(rank, spared_type, excess)):
                    self._connection.execute(
                        "DELETE FROM event WHERE class_rank = ? AND sequence BETWEEN ? AND ?",
                        (rank, run[0], run[-1]),
                    )
                    excess -= len(run)
                    count -= len(run)
                    tombstones.append(
                        JournalDropped(
                            dropped_class=event_class, first_sequence=run[0], last_sequence=run[-1]
                        )
                    )
        for tombstone in tombstones:
            _log.error(
                "the journal is full: %s events %d to %d were dropped unsent",
                tombstone.dropped_class.value,
                tombstone.first_sequence,
                tombstone.last_sequence,
            )
            self._insert(dataclasses.replace(newest, id=new_id(), data=tombstone, subject=None))
        return count + len(tombstones)

    def _oldest_run(self, rank: int, spared_type: str, length_max: int) -> range:
        """Return the oldest unbroken run of a class's sequence numbers, of one type spared.

        A tombstone names a range, so it must not span events that were acknowledged.
        """
        rows = self._connection.execute(
            "SELECT sequence FROM event WHERE class_rank = ? AND type <> ?"
            " ORDER BY sequence LIMIT ?",
            (rank, spared_type, length_max),
        )
        sequences = [sequence for (sequence,) in rows]
        length = 0
        while length < len(sequences) and sequences[length] == sequences[0] + length:
            length += 1
        return range(sequences[0], sequences[0] + length) if sequences else range(0)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already; then there is no transaction to end.
            if self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            raise


class _DamagedError(Exception):
    """The file's own check found damage."""


def _is_damage(error: Exception) -> bool:
    # sqlite3 raises DatabaseError itself for "malformed" and "not a database"; everything about
    # disk, locks and permissions is its subclass OperationalError.
    return isinstance(error, _DamagedError) or type(error) is sqlite3.DatabaseError


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def _set_aside(path: Path, now: datetime) -> Path:
    kept = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S%fZ}")
    try:
        for suffix in ("-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(kept.with_name(kept.name + suffix))
        path.rename(kept)
    except OSError as error:
        raise JournalError(
            f"cannot set the damaged journal {path} aside: {error.strerror}"
        ) from error
    return kept


def _read_last_sequences(connection: sqlite3.Connection) -> dict[EventClass, int]:
    rows = connection.execute("SELECT name, last_sequence FROM event_class")
    return {EventClass(name): last for name, last in rows}


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalUnusableError(
            f"the journal was made by a newer version of this program (schema {version})"
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        script = Path(__file__).with_name(f"schema_v{step}.sql")
        connection.executescript(script.read_text(encoding="utf-8"))
