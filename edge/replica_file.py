"""The file in which a node keeps people and access rules, as central told them."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.contract.face_statements import SignedStatement
from config.contract.nodes import AccessRecord, HolderRecord, SitePairsRecord, TemplateRecord
from config.contract.operators import OperatorRecord
from edge.replica_age import KeptAge
from edge.transactions import in_one_piece

SCHEMA_VERSION: Final = 6
CHANGED_AT_ONCE: Final = 200
_OPERATORS: Final = TypeAdapter(tuple[OperatorRecord, ...])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is kept once.

    Attributes:
        version: Of central's replica, up to which all changes are kept.
        generation: Of people; whoever is of an earlier one was not told again.
        access: The access rules as JSON, for a file of another version may hold what this does not
            understand; None where nobody told any.
    """

    version: int
    generation: int
    site_pairs: SitePairsRecord | None
    access: str | None
    operators: tuple[OperatorRecord, ...]


class ReplicaFile:
    """An open file, for one thread at a time. Everything may raise ``sqlite3.Error``."""

    def __init__(self, path: Path) -> None:
        """Open the file, which is made where there is none; ``prepare`` comes first."""
        # No write-ahead log: the file can then be read where nothing can be written.
        self._connection = sqlite3.connect(
            path, isolation_level=None, timeout=1.0, check_same_thread=False
        )

    def prepare(self) -> None:
        """Bring the file's tables up to date; idempotent."""
        # What is forgotten of a person is overwritten, not left lying in the file.
        self._connection.execute("PRAGMA secure_delete=ON")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version + 1, SCHEMA_VERSION + 1):
            script = Path(__file__).with_name(f"replica_schema_v{step}.sql")
            self._connection.executescript(script.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the file; idempotent."""
        self._connection.close()

    def head(self) -> Head:
        """Return what is kept once.

        Raises:
            ValidationError: The file is damaged.
        """
        version, generation, pairs, access, operators = self._connection.execute(
            "SELECT version, generation, site_pairs, access, operators FROM replica"
        ).fetchone()
        return Head(
            version=version,
            generation=generation,
            site_pairs=None if pairs is None else SitePairsRecord.model_validate_json(pairs),
            access=access,
            operators=() if operators is None else _OPERATORS.validate_json(operators),
        )

    def erased(self) -> dict[str, SignedStatement]:
        """Return the statements of erasures, by holder."""
        return {
            holder_id: SignedStatement(document=document, signature=signature)
            for holder_id, document, signature in self._connection.execute("SELECT * FROM erased")
        }

    def holders(self) -> Iterator[tuple[HolderRecord, int]]:
        """Yield everybody, each with their generation.

        Raises:
            ValidationError: The file is damaged.
        """
        rows = self._connection.execute("SELECT generation, document FROM holder")
        for generation, document in rows:
            yield HolderRecord.model_validate_json(document), generation

    def templates(self, holder_id: str) -> tuple[TemplateRecord, ...]:
        """Return a person's templates as they lie here."""
        query = "SELECT document FROM holder WHERE holder_id = ?"
        row = self._connection.execute(query, (holder_id,)).fetchone()
        return () if row is None else HolderRecord.model_validate_json(row[0]).templates

    def change_templates(
        self, change: Callable[[Sequence[TemplateRecord]], tuple[TemplateRecord, ...]]
    ) -> None:
        """Replace what is kept of everybody's templates; whoever is killed has some of each."""
        query = (
            "SELECT holder_id, document FROM holder WHERE holder_id > ? ORDER BY holder_id LIMIT ?"
        )
        last = ""
        while rows := self._connection.execute(query, (last, CHANGED_AT_ONCE)).fetchall():
            last = rows[-1][0]
            records = [HolderRecord.model_validate_json(document) for _, document in rows]
            changed = [
                record.model_copy(update={"templates": change(record.templates)})
                for record in records
                if record.templates
            ]
            with in_one_piece(self._connection) as connection:
                connection.executemany(
                    "UPDATE holder SET document = ? WHERE holder_id = ?",
                    [(record.model_dump_json(), record.holder_id) for record in changed],
                )

    def age(self) -> KeptAge | None:
        """Return how old all of this was when it was last kept; None where nobody kept it."""
        age_s, at = self._connection.execute("SELECT age_s, age_at FROM replica").fetchone()
        return None if at is None else KeptAge(age_s, datetime.fromisoformat(at))

    def keep_age(self, age: KeptAge) -> None:
        """Keep how old all of this is."""
        values = (age.age_s, age.at.astimezone(UTC).isoformat())
        self._connection.execute("UPDATE replica SET age_s = ?, age_at = ?", values)

    def keep(
        self,
        holders: Sequence[HolderRecord],
        stale: Sequence[str],
        *,
        version: int,
        generation: int,
        site_pairs: SitePairsRecord | None,
        access: AccessRecord,
        operators: tuple[OperatorRecord, ...],
    ) -> None:
        """Keep changes, all of them or none.

        Args:
            holders: Who changed, whole; removed ones are forgotten.
            stale: Who is forgotten besides.
            version: As in ``Head``.
            generation: Of ``holders``, and as in ``Head``.
            site_pairs: As in ``Head``.
            access: The access rules that are in force here.
            operators: As in ``Head``.
        """
        with in_one_piece(self._connection) as connection:
            self._put(holders, stale, generation)
            connection.execute(
                "UPDATE replica SET version = ?, generation = ?, site_pairs = ?, access = ?,"
                " operators = ?",
                (
                    version,
                    generation,
                    None if site_pairs is None else site_pairs.model_dump_json(),
                    access.model_dump_json(),
                    _OPERATORS.dump_json(operators).decode(),
                ),
            )

    def _put(self, holders: Sequence[HolderRecord], stale: Sequence[str], generation: int) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO holder VALUES (?, ?, ?)",
            [
                (record.holder_id, generation, record.model_dump_json())
                for record in holders
                if not record.is_removed
            ],
        )
        gone = [*stale, *(record.holder_id for record in holders if record.is_removed)]
        self._connection.executemany(
            "DELETE FROM holder WHERE holder_id = ?", [(holder_id,) for holder_id in gone]
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO erased VALUES (?, ?, ?)",
            [
                (record.holder_id, record.erasure.document, record.erasure.signature)
                for record in holders
                if record.erasure is not None
            ],
        )
