"""What a node must still know after a restart: who is where, how many, and which codes were used.

A thread writes, so no decision and no way out waits for the disk. What cannot be written is kept in
memory and tried again. A damaged file is set aside: nobody's place is known then, which refuses
nobody anything.
"""

import contextlib
import dataclasses
import logging
import queue
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, NodeFact, UnnamedCount
from edge.access.areas import SharedFact
from edge.transactions import in_one_piece

_log = logging.getLogger("edge.access")

SCHEMA_VERSION: Final = 1
RETRY_S: Final = 5.0
"""Between attempts of a file that cannot be written."""
Remembered = SharedFact | CodeUsed
_Key = tuple[str, str, str]
_Request = tuple[Sequence[Remembered], int, "Applied | None"]
_FACTS: Final[dict[str, type[Remembered]]] = {
    "person": AreaFact,
    "first": AreaFact,
    "unnamed": UnnamedCount,
    "forgiven": AreasForgiven,
    "code": CodeUsed,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """What operators forgave, as far as it was applied here.

    Attributes:
        number: Of the last one.
        at: Of the latest; a central that was restored counts from an earlier number again.
    """

    number: int = 0
    at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Recalled:
    """What was known when the process ended. Attributes: sequence: of the node's last fact."""

    facts: tuple[Remembered, ...] = ()
    sequence: int = 0
    applied: Applied = Applied()


@dataclasses.dataclass(slots=True)
class _Pending:
    """What is to be written; the last of each thing."""

    facts: dict[_Key, Remembered] = dataclasses.field(default_factory=dict)
    sequence: int = 0
    applied: Applied | None = None

    @property
    def is_empty(self) -> bool:
        return not self.facts and self.applied is None

    def add(self, facts: Sequence[Remembered], sequence: int, applied: Applied | None) -> None:
        for fact in facts:
            for kind, subject in _places(fact):
                key = (kind, subject, fact.node)
                known = self.facts.get(key)
                if known is None or known.sequence < fact.sequence:
                    self.facts[key] = fact
        self.sequence = max(self.sequence, sequence)
        self.applied = applied or self.applied


SECURE_DELETE: Final = "PRAGMA secure_delete=ON"
"""What is forgotten is overwritten, not left lying in the file."""
_OLDEST_PLACE: Final = (
    "SELECT min(json_extract(document, '$.at')) FROM fact WHERE kind IN ('person', 'first')"
)
_FORGET_PLACES: Final = (
    "DELETE FROM fact WHERE kind IN ('person', 'first')"
    " AND julianday(json_extract(document, '$.at')) <= julianday(?) RETURNING subject"
)


class Memory:
    """One node's memory in one file. ``recall`` first, ``close`` last; any thread may ``keep``."""

    def __init__(self, path: Path, *, retry_s: float = RETRY_S) -> None:
        """Keep it in ``path``, whose folder exists."""
        self._path, self._retry_s = path, retry_s
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._connection: sqlite3.Connection | None = None
        self._has_failed = False

    def recall(self, *, now: datetime) -> Recalled:
        """Read the file and begin to write; one that cannot be read is said and set aside.

        Args:
            now: Codes that are over are forgotten.
        """
        recalled = self._recall(now)
        self._thread.start()
        return recalled

    def keep(
        self, facts: Sequence[Remembered], *, sequence: int, applied: Applied | None = None
    ) -> None:
        """Write facts some time soon; returns at once.

        Args:
            facts: This node's or others', in any order.
            sequence: Of this node's last fact.
            applied: What was forgiven up to now; None is as before.
        """
        self._requests.put((facts, sequence, applied))

    def oldest_place(self) -> datetime | None:
        """Return when somebody who is kept was last seen, longest ago; from any thread."""
        ((at,),) = self._beside(_OLDEST_PLACE) or [(None,)]
        return None if at is None else datetime.fromisoformat(at)

    def forget_places(self, until: datetime) -> int:
        """Forget where people were who were last seen until then; returns how many facts went.

        From any thread. What this process knows of them it knows until it ends.
        """
        return len(self._beside(_FORGET_PLACES, until.astimezone(UTC).isoformat()))

    def _beside(self, statement: str, *values: str) -> list[tuple[str | None]]:
        """Run a statement beside the writer's thread; nothing is found where that cannot be."""
        try:
            with (
                contextlib.closing(sqlite3.connect(self._path, timeout=1.0)) as connection,
                connection,
            ):
                connection.execute(SECURE_DELETE)
                return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._complain(error)
            return []

    def close(self) -> None:
        """Write what waits and close the file; idempotent."""
        if self._thread.is_alive():
            self._requests.put(None)
            self._thread.join()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- reading

    def _recall(self, now: datetime) -> Recalled:
        try:
            return self._read(now)
        except (sqlite3.Error, ValidationError, KeyError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError):
                self._complain(error)
                return Recalled(sequence=_beyond_all(now))
        self._close_file()
        damaged = self._path.with_name(self._path.name + ".damaged")
        try:
            self._path.replace(damaged)
            _log.error(
                "what was known of areas and used codes is damaged; it begins anew: %s",
                damaged.name,
            )
            self._read(now)
        except (OSError, sqlite3.Error) as error:
            self._complain(error)
        return Recalled(sequence=_beyond_all(now))

    def _read(self, now: datetime) -> Recalled:
        connection = self._open()
        sequence, number, at = connection.execute(
            "SELECT sequence, forgiven_number, forgiven_at FROM memory"
        ).fetchone()
        rows = connection.execute("SELECT kind, document FROM fact").fetchall()
        facts = [_FACTS[kind].model_validate_json(document) for kind, document in rows]
        over = [f.nonce for f in facts if isinstance(f, CodeUsed) and f.valid_until <= now]
        connection.executemany(
            "DELETE FROM fact WHERE kind = 'code' AND subject = ?", [(nonce,) for nonce in over]
        )
        return Recalled(
            tuple(f for f in facts if not isinstance(f, CodeUsed) or f.valid_until > now),
            sequence,
            Applied(number, None if at is None else datetime.fromisoformat(at)),
        )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # No write-ahead log: a damaged file is then set aside whole.
            connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=1.0, check_same_thread=False
            )
            try:
                connection.execute(SECURE_DELETE)
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                for step in range(version + 1, SCHEMA_VERSION + 1):
                    script = Path(__file__).with_name(f"memory_schema_v{step}.sql")
                    connection.executescript(script.read_text(encoding="utf-8"))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _close_file(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    # ---- the writer's thread

    def _run(self) -> None:
        pending, is_closing = _Pending(), False
        while not is_closing:
            with contextlib.suppress(queue.Empty):
                request = self._requests.get(timeout=None if pending.is_empty else self._retry_s)
                while request is not None:
                    pending.add(*request)
                    request = self._requests.get_nowait()
                is_closing = True
            if not pending.is_empty and self._is_written(pending):
                pending = _Pending()

    def _is_written(self, pending: _Pending) -> bool:
        try:
            self._write(pending)
        except sqlite3.Error as error:
            self._complain(error)
            return False
        if self._has_failed:
            _log.info("what is known of areas and used codes can be kept again")
        self._has_failed = False
        return True

    def _write(self, pending: _Pending) -> None:
        with in_one_piece(self._open()) as connection:
            connection.executemany(
                "INSERT INTO fact VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET sequence = excluded.sequence, document = excluded.document"
                " WHERE excluded.sequence > fact.sequence",
                [
                    (*key, fact.sequence, fact.model_dump_json())
                    for key, fact in pending.facts.items()
                ],
            )
            connection.execute("UPDATE memory SET sequence = max(sequence, ?)", (pending.sequence,))
            if pending.applied is not None:
                at = pending.applied.at
                connection.execute(
                    "UPDATE memory SET forgiven_number = ?, forgiven_at = ?",
                    (
                        pending.applied.number,
                        None if at is None else at.astimezone(UTC).isoformat(),
                    ),
                )

    def _complain(self, error: Exception) -> None:
        if not self._has_failed:
            _log.error("areas and used codes are known until the next start only: %s", error)
        self._has_failed = True


def _beyond_all(now: datetime) -> int:
    """Return a sequence that was never used: seconds grow faster than a node's facts."""
    return int(now.timestamp())


def _places(fact: NodeFact) -> list[tuple[str, str]]:
    """Return where a fact is kept: an arrival that opens an area is its first person's, too."""
    match fact:
        case AreaFact(holder_id=holder_id, area=area, is_first_person=is_first_person):
            first = [("first", area)] if is_first_person and area is not None else []
            return [("person", holder_id), *first]
        case UnnamedCount(area=area):
            return [("unnamed", area)]
        case CodeUsed(nonce=nonce):
            return [("code", nonce)]
        case _:
            return [("forgiven", "")]
