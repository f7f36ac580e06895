"""The journal's file: SQL only, one thread, no policy of what to do when a write fails.

A write is one transaction: it happened durably, or not at all. Sequence numbers are drawn inside
the transaction, so a failed write leaves no gap.
"""

import contextlib
import dataclasses
import logging
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from config.contract.events import (
    ClockQuality,
    Event,
    EventClass,
    EventData,
    JournalDropped,
)
from config.contract.identifiers import new_id
from edge import giving_way
from edge.journal_damage import (
    DamagedError,
    JournalError,
    JournalUnusableError,
    is_busy,
    is_damage,
    is_full,
    set_aside,
)
from edge.journal_schema import RANKS, URGENT, prepare, read_counts, read_last_sequences
from edge.reserve import Reserve
from edge.transactions import in_one_piece

_log = logging.getLogger("edge.journal")

_SEQUENCE_MAX: Final = 2**31 - 1
_READ: Final = "SELECT class_rank, sequence, document FROM event"
ROOM_SHORT: Final = 5_000
"""So many events a journal may hold however short the disk is."""
ROOM_FULL: Final = 1_000
"""So many as the reserve has room for."""
LOG_PAGES: Final = 1_000
"""Of the write-ahead log, before it is written back."""
LOG_PAGES_SHORT: Final = 64
FORGOTTEN_COUNT_MAX: Final = 200
"""So many that are acknowledged wait to be deleted."""
Key = tuple[int, int]
"""Rank of the class, and sequence."""


def key_of(event: Event) -> Key:
    """Return what an event is known by in the file."""
    return RANKS[event.event_class], event.sequence


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
        self, path: Path, *, site: str, node: str, event_count_max: int, now: datetime
    ) -> None:
        """Open the file, made or migrated as needed; a damaged one is set aside.

        Raises:
            JournalUnusableError: Another process has it, or a newer version made it.
            JournalError: The disk refuses.
        """
        self.set_aside: Path | None = None
        self._site, self._node, self._event_count_max = site, node, event_count_max
        self._room, self._is_disk_short = event_count_max, False
        self._forgotten = dict[Key, EventClass]()
        self._reserve = Reserve(path.with_name(f"{path.stem}.reserve"))
        try:
            self._open(path, now)
        except (DamagedError, sqlite3.DatabaseError) as error:
            if is_busy(error):
                raise JournalUnusableError(
                    f"another process uses the journal {path}: end it first"
                ) from error
            if not is_damage(error):
                raise JournalError(f"cannot open the journal {path.name}: {error}") from error
            try:
                self.set_aside = set_aside(path, now)
            except OSError as refusal:
                raise JournalError(
                    f"cannot set the damaged journal {path} aside: {refusal.strerror}"
                ) from refusal
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
                raise DamagedError(problem)
            prepare(connection)
            row = connection.execute("SELECT epoch FROM journal").fetchone()
            if row is None:
                row = (str(new_id()),)
                connection.execute("INSERT INTO journal VALUES (?, ?)", (*row, now.isoformat()))
            self.epoch = UUID(row[0])
            self._counts = read_counts(connection)
            self._last_sequences = read_last_sequences(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._reserve.take()

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(sqlite3.Error):
            self._forget()
        self._connection.close()

    @property
    def unsent_count(self) -> int:
        """Events that are not acknowledged."""
        return sum(self._counts.values())

    def unsent_by_class(self) -> dict[EventClass, int]:
        """Return how many events of each class are not acknowledged."""
        return {each: count for each, count in self._counts.items() if count}

    def follow_disk(self, *, is_short: bool) -> None:
        """Grow no more from when the disk is short on; take the reserve again once it is not.

        Raises:
            sqlite3.Error: What is acknowledged cannot be deleted now.
        """
        self._forget()
        was_short, self._is_disk_short = self._is_disk_short, is_short
        if is_short and not was_short:
            self._grow_no_more(ROOM_SHORT)
        elif not is_short:
            self._room = self._event_count_max
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            self._reserve.take()

    def _grow_no_more(self, room_min: int) -> None:
        self._room = min(self._room, max(room_min, self.unsent_count))
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES_SHORT}")

    @property
    def last_sequences(self) -> dict[EventClass, int]:
        """The last sequence number of each class, 0 where nothing was written."""
        return self._last_sequences

    def append(
        self, drafts: Sequence[Draft], *, spared: Collection[Key] = frozenset()
    ) -> list[Event]:
        """Write the drafts in one transaction and return them as events, in the same order.

        On a full disk the oldest of what may go makes room.

        Args:
            drafts: What happened.
            spared: What is on its way to central, and does not give way.

        Raises:
            sqlite3.Error: Nothing was written.
        """
        try:
            return self._append(drafts, spared)
        except sqlite3.OperationalError as error:
            wanted = max(len(drafts), int(self._room * giving_way.SPARE_SHARE))
            going = giving_way.expendable(self._counts, wanted=wanted)
            if not is_full(error) or not (self._reserve.give_back() or going):
                raise
            self._grow_no_more(ROOM_FULL)
            with contextlib.suppress(sqlite3.OperationalError):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return self._append(drafts, spared, going)

    def _append(
        self,
        drafts: Sequence[Draft],
        spared: Collection[Key],
        going: Mapping[EventClass, int] | None = None,
    ) -> list[Event]:
        counts, gone = dict(self._counts), list[JournalDropped]()
        with in_one_piece(self._connection):
            self._delete_forgotten()
            if going is not None:
                gone += self._let_go(going, counts, drafts[-1], spared)
            events = [self._insert(draft, counts) for draft in drafts]
            excess = giving_way.excess(counts, room=self._room, usual_room=self._event_count_max)
            gone += self._let_go(excess, counts, drafts[-1], spared)
            last_sequences = read_last_sequences(self._connection)
        self._forgotten.clear()
        self._counts, self._last_sequences = counts, last_sequences
        for each in gone:
            where = each.dropped_class.value, each.first_sequence, each.last_sequence
            _log.error("there is no room: %s events %d to %d were dropped unsent", *where)
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
        for event_class, rank in RANKS.items():
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
            ahead = f"WHERE {URGENT} ORDER BY sequence LIMIT ?"
            found += self._read(ahead, count_max - len(found))
        return found

    def _read(self, clauses: str, *values: int) -> list[Event]:
        """Return what is not acknowledged; the last value is the most that is wanted."""
        *others, count_max = values
        rows = self._connection.execute(
            f"{_READ} {clauses}", (*others, count_max + len(self._forgotten))
        )
        documents = [text for rank, number, text in rows if (rank, number) not in self._forgotten]
        return [Event.model_validate_json(text) for text in documents[:count_max]]

    def acknowledge(self, events: Sequence[Event]) -> None:
        """Forget events that central holds; ones already forgotten are no error.

        They are deleted with what is appended next, for the same pages are written then: a card
        wears by half as much. After a power cut they are sent once more.

        Raises:
            sqlite3.Error: They cannot be deleted now.
        """
        for event in events:
            key = key_of(event)
            if key not in self._forgotten and self._has(key):
                self._forgotten[key] = event.event_class
                self._counts[event.event_class] -= 1
        if len(self._forgotten) >= FORGOTTEN_COUNT_MAX:
            self._forget()

    def _has(self, key: Key) -> bool:
        query = "SELECT 1 FROM event WHERE class_rank = ? AND sequence = ?"
        return self._connection.execute(query, key).fetchone() is not None

    def _forget(self) -> None:
        """Delete what is acknowledged by itself, where nothing is appended."""
        if self._forgotten:
            with in_one_piece(self._connection):
                self._delete_forgotten()
            self._forgotten.clear()

    def _delete_forgotten(self) -> None:
        self._connection.executemany(
            "DELETE FROM event WHERE class_rank = ? AND sequence = ?", self._forgotten
        )

    def _insert(self, draft: Draft, counts: dict[EventClass, int]) -> Event:
        data = draft.data
        rank = RANKS[data.event_class]
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
        counts[event.event_class] += 1
        return event

    def _let_go(
        self,
        going: Mapping[EventClass, int],
        counts: dict[EventClass, int],
        newest: Draft,
        spared: Collection[Key],
    ) -> list[JournalDropped]:
        """Delete the oldest events of classes, and record each range; tombstones go last of all."""
        tombstones = list[JournalDropped]()
        for event_class, wanted in going.items():
            for spared_type in (JournalDropped.type_name, ""):
                while wanted > 0 and (
                    run := self._oldest_run(RANKS[event_class], spared_type, wanted, spared)
                ):
                    self._connection.execute(
                        "DELETE FROM event WHERE class_rank = ? AND sequence BETWEEN ? AND ?",
                        (RANKS[event_class], run[0], run[-1]),
                    )
                    wanted -= len(run)
                    counts[event_class] -= len(run)
                    tombstones.append(
                        JournalDropped(
                            dropped_class=event_class, first_sequence=run[0], last_sequence=run[-1]
                        )
                    )
        for tombstone in tombstones:
            draft = dataclasses.replace(newest, id=new_id(), data=tombstone, subject=None)
            self._insert(draft, counts)
        return tombstones

    def _oldest_run(
        self, rank: int, spared_type: str, length_max: int, spared: Collection[Key]
    ) -> range:
        """Return the oldest unbroken run of a class's sequence numbers, of one type spared.

        A tombstone names a range, so it must not span events that were acknowledged.
        """
        rows = self._connection.execute(
            "SELECT sequence FROM event WHERE class_rank = ? AND type <> ?"
            " ORDER BY sequence LIMIT ?",
            (rank, spared_type, length_max + len(spared)),
        )
        sequences = [sequence for (sequence,) in rows if (rank, sequence) not in spared]
        length = 0
        for sequence in sequences[:length_max]:
            if sequence != sequences[0] + length:
                break
            length += 1
        return range(sequences[0], sequences[0] + length) if sequences else range(0)
