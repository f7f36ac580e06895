"""The move: one transaction on PostgreSQL, which is committed once everything in it is proved."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import (
    URL,
    Connection,
    Executable,
    Result,
    Table,
    create_engine,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from central.audit import repository as audit
from central.audit.chain import START, Mark
from central.backup.proof import events_outside
from central.database import MIGRATION_LOCK, Transaction
from central.events import partitions
from central.ledger.tables import ledger_transfers
from central.ledger.verify import verified
from central.migrating import migrate
from central.moving import copying, mark
from central.moving.copying import Digest
from central.moving.source import MoveError, opened
from central.postgresql import Place
from central.site_values import EPOCH
from central.tables import events, metadata, site_values

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many rows of it are done, and of how many."""
TABLES: Final[tuple[Table, ...]] = tuple(metadata.sorted_tables)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was moved.

    Attributes:
        tables: Rows by table.
        ledger_head: The newest transfer, as ``SEQUENCE:HASH``; empty where there is none.
        audit_head: The end of the audit log, in the same form.
        seconds: It took.
    """

    tables: dict[str, int]
    ledger_head: str
    audit_head: str
    seconds: float


def move(file: Path, url: str, progress: Progress) -> Moved:
    """Move a site from a SQLite file into an empty PostgreSQL database.

    Args:
        file: The database that no central uses; it is left as it is, with a mark beside it.
        url: ``postgresql://...``
        progress: Told now and then.

    Raises:
        MoveError: Nothing was moved; the message says why in one line.
    """
    began_s = time.monotonic()
    with _in_one_line(), opened(file) as source, _connected(url) as target:
        heads = _Heads.of(source)
        _take(target, source, _place_of(url)[0])
        digests = _filled(source, target, progress)
        _prove_rows(target, digests, progress)
        asyncio.run(_prove_chains(_Waiting(target), heads, progress))
        _set_sequences(target)
        with _marked(file, url):
            target.commit()
    return Moved(
        tables={name: digest.rows for name, digest in digests.items()},
        ledger_head=heads.ledger,
        audit_head=heads.audit,
        seconds=round(time.monotonic() - began_s, 1),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Heads:
    ledger: str
    audit: str

    @classmethod
    def of(cls, source: Connection) -> "_Heads":
        columns = ledger_transfers.c
        newest = select(columns.sequence, columns.hash).order_by(columns.sequence.desc()).limit(1)
        last = source.execute(newest).first()
        head = select(site_values.c.value).where(site_values.c.name == audit.HEAD)
        found = source.execute(head).scalar_one_or_none()
        return cls("" if last is None else f"{last.sequence}:{last.hash}", found or str(START))


class _Waiting(Transaction):
    """The open transaction, for those who read it as central does."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection

    @property
    def is_postgresql(self) -> bool:
        return True

    async def execute(self, statement: Executable) -> Result[Any]:
        return self._target.execute(statement)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Connection]:
    place, address = _place_of(url)
    if address.get_backend_name() != "postgresql":
        raise MoveError("--to is the address of a PostgreSQL database: postgresql://...")
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        isolation_level="REPEATABLE READ",
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            if enter := place.enter():
                connection.exec_driver_sql(enter)
            yield connection
    finally:
        engine.dispose()


def _place_of(url: str) -> tuple[Place, URL]:
    try:
        return Place.of(make_url(url))
    except ArgumentError as error:
        raise MoveError("--to is not the address of a database") from error
    except ValueError as error:
        raise MoveError(f"--to: {error}") from error


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, OSError) as error:
        lines = str(getattr(error, "orig", None) or error).splitlines()
        line = lines[0] if lines else type(error).__name__
        raise MoveError(f"nothing was moved: {line}") from error


def _take(target: Connection, source: Connection, place: Place) -> None:
    """Make the tables of a database that nobody else uses."""
    lock = func.pg_try_advisory_xact_lock(*place.lock(MIGRATION_LOCK))
    if not target.execute(select(lock)).scalar_one():
        raise MoveError("a central is starting on that database: stop it")
    query = text(
        "SELECT relname FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"
    )
    there = set(target.execute(query).scalars())
    if site_values.name in there and _epoch(target) == _epoch(source):
        raise MoveError(
            "that database holds this very site already: start central with --database, or make"
            " an empty one and move anew"
        )
    if there:
        raise MoveError(
            f"that database is not empty (it holds {min(there)}): make a new one for --to"
        )
    migrate(target)


def _epoch(connection: Connection) -> str | None:
    query = select(site_values.c.value).where(site_values.c.name == EPOCH)
    return connection.execute(query).scalar_one_or_none()


def _filled(source: Connection, target: Connection, progress: Progress) -> dict[str, Digest]:
    """Copy every table; what guards them stands aside meanwhile and is back before the proof."""
    newest = source.execute(select(events.c.position).order_by(events.c.position.desc()).limit(1))
    _make_ranges(target, newest.scalar_one_or_none() or 0)
    total = sum(copying.size_of(source, table) for table in TABLES)
    count = _Count("copying", total, progress)
    raw = target.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError("psycopg is what central speaks to PostgreSQL with")
    digests = dict[str, Digest]()
    for table in TABLES:
        # Whoever owns a table may do this, and nobody sees it before it is undone.
        target.execute(text(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER'))
        target.execute(table.delete())
        digests[table.name] = copying.copy(source, raw, table, count.more)
        target.execute(text(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER'))
    return digests


class _Count:
    def __init__(self, doing: str, total: int, progress: Progress) -> None:
        self._doing, self._total, self._progress = doing, total, progress
        self._done = 0

    def more(self, rows: int) -> None:
        self._done += rows
        self._progress(self._doing, self._done, self._total)


def _make_ranges(target: Connection, newest: int) -> None:
    length = partitions.LENGTH_MIN
    for first in range(length + 1, newest + length, length):
        for statement in partitions.statements(
            partitions.Range(f"events_{first}", first, first + length)
        ):
            target.execute(text(statement))


def _prove_rows(target: Connection, copied: dict[str, Digest], progress: Progress) -> None:
    count = _Count("comparing", sum(each.rows for each in copied.values()), progress)
    for table in TABLES:
        if copying.digest_of(target, table, count.more).said != copied[table.name].said:
            raise MoveError(f"nothing was moved: {table.name} is not the same there")


async def _prove_chains(transaction: Transaction, heads: _Heads, progress: Progress) -> None:
    progress("proving", 0, 0)
    known = Mark.parse(heads.ledger) if heads.ledger else None
    ledger = await verified(transaction, known=known)
    if not ledger.ok:
        first = ledger.broken[0]
        raise MoveError(
            f"nothing was moved: the ledger is broken, first {first.what} {first.where}"
        )
    verdict = await audit.verified(transaction, known=Mark.parse(heads.audit))
    if not verdict.ok:
        raise MoveError(f"nothing was moved: the audit log is broken at entry {verdict.broken_at}")
    if outside := await events_outside(transaction):
        raise MoveError(f"nothing was moved: {outside} events are in no range of their terminals")


def _set_sequences(target: Connection) -> None:
    """Let numbers that PostgreSQL gives go on where SQLite's ended."""
    query = text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%'"
    )
    for table, column in target.execute(query).all():
        target.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"  # noqa: S608 - names of the catalog
                f' coalesce(max("{column}"), 0) + 1, false) FROM "{table}"'
            )
        )


@contextlib.contextmanager
def _marked(file: Path, url: str) -> Iterator[None]:
    """Keep central from the file before the target can be used, and only where that comes true."""
    place = mark.mark_of(file)
    place.write_text(f"{mark.moved_line(file, url)}\n", "utf-8")
    try:
        yield
    except BaseException:
        place.unlink(missing_ok=True)
        raise
