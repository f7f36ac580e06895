"""Where the database of a backup comes from: a copy of SQLite's, a dump of PostgreSQL's.

Both are of one moment while central goes on writing.
"""

import contextlib
import dataclasses
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import psycopg
from sqlalchemy import URL, make_url

from central.backup.container import BackupError
from central.backup.records import Part
from central.postgresql import Place

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many bytes of it are done, and of how many where that is known."""
PIECE_BYTES: Final = 1 << 18
_PAGES: Final = 64
LEFT_OUT: Final[dict[Part, tuple[str, ...]]] = {
    Part.BLOBS: ("blobs",),
    Part.CLIPS: ("alarm_media_contents",),
}
"""Tables whose rows are in a backup only where somebody asked for them: pictures of passages, and
pictures and clips of alarms. Central says of each that it may be absent."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What the database said of itself at the moment of the copy.

    Attributes:
        place: The schema of a site that shares its database with others; else empty.
    """

    revision: str
    audit_head: str
    ledger_head: str
    place: str = ""


def left_out(parts: Sequence[Part]) -> list[str]:
    """Return the tables whose rows stay out."""
    return [name for part, names in LEFT_OUT.items() if part not in parts for name in names]


def check_there(file: Path) -> None:
    """Refuse a SQLite database that is not there.

    Raises:
        BackupError: It says what to do.
    """
    if not file.is_file():
        raise BackupError(f"there is no {file}: give central's state folder as --home")


def copy_sqlite(source: Path, copy: Path, parts: Sequence[Part], progress: Progress) -> Moment:
    """Copy a SQLite database while others read and write it; what stays out is overwritten.

    Raises:
        BackupError: It cannot be copied, or is damaged.
    """
    check_there(source)
    # Everything within is names and templates: for the owner's eyes alone, from the first byte.
    copy.touch(mode=0o600)
    try:
        with contextlib.closing(sqlite3.connect(source)) as live:
            live.execute("PRAGMA query_only=ON")
            # One moment for the whole copy: without it, a writer would make it begin again.
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_master").fetchone()
            page_bytes = live.execute("PRAGMA page_size").fetchone()[0]
            with contextlib.closing(sqlite3.connect(copy)) as copied:
                live.backup(
                    copied,
                    pages=_PAGES,
                    progress=lambda _, left, total: progress(
                        "copying", (total - left) * page_bytes, total * page_bytes
                    ),
                )
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as copied:
            return _finished(copied, parts)
    except sqlite3.Error as error:
        raise BackupError(f"the database cannot be copied: {error}") from error


def _finished(copied: sqlite3.Connection, parts: Sequence[Part]) -> Moment:
    copied.execute("PRAGMA journal_mode=DELETE")
    tables = {row[0] for row in copied.execute("SELECT name FROM sqlite_master")}
    gone = [name for name in left_out(parts) if name in tables]
    # Not overwritten but left behind: the file is made anew without them.
    copied.execute("PRAGMA secure_delete=OFF")
    for name in gone:
        copied.execute(f"DELETE FROM {name}")  # noqa: S608 - one of ours
    if gone:
        copied.execute("VACUUM")
    problem = copied.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise BackupError(f"the database itself is damaged: {problem}")
    return moment(copied.execute, tables)


def moment(execute: Callable[[str], Any], tables: Collection[str]) -> Moment:
    """Return what a database says of itself.

    Raises:
        BackupError: It is not central's.
    """
    try:
        revision = execute("SELECT version_num FROM alembic_version").fetchone()
        head = execute("SELECT value FROM site_values WHERE name = 'audit_head'").fetchone()
    except (sqlite3.Error, psycopg.Error) as error:
        raise BackupError("this is not the database of a central") from error
    last = None
    # One that was last open before there was money has no ledger yet.
    if "ledger_transfers" in tables:
        query = "SELECT sequence, hash FROM ledger_transfers ORDER BY sequence DESC LIMIT 1"
        last = execute(query).fetchone()
    return Moment(revision[0], head[0] if head else "", f"{last[0]}:{last[1]}" if last else "")


@contextlib.contextmanager
def dump_postgresql(url: str, parts: Sequence[Part]) -> Iterator[tuple[Moment, IO[bytes]]]:
    """Dump a PostgreSQL database in its custom format while others write it.

    Yields:
        What it says of itself, and the dump as a stream of bytes; it is complete once this ends
        without an error.

    Raises:
        BackupError: ``pg_dump`` is not there, does not fit the server, or fails.
    """
    program, (address, environment) = tool("pg_dump"), address_of(url)
    place, plain = place_of(url)
    words = [f"--exclude-table-data={place.named(name)}" for name in left_out(parts)]
    words += place.tool_words()
    try:
        with psycopg.connect(plain.render_as_string(hide_password=False)) as live:
            # This begins the transaction.
            live.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if enter := place.enter():
                live.execute(enter.encode())
            snapshot = live.execute("SELECT pg_export_snapshot()").fetchone()
            query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            tables = live.execute(query).fetchall()
            said = moment(live.execute, {name for (name,) in tables})
            said = dataclasses.replace(said, place=place.schema or "")
            words += ["--format=custom", "--no-owner", "--no-acl"]
            words += [f"--snapshot={(snapshot or ('',))[0]}", f"--dbname={address}"]
            with running(program, words, environment) as process:
                if process.stdout is None:
                    raise BackupError("pg_dump says nothing")
                yield said, process.stdout
    except psycopg.Error as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackupError(f"the database does not answer: {line}") from error


def place_of(url: str) -> tuple[Place, URL]:
    """Return where an address of PostgreSQL says that the tables are, and the address without it.

    Raises:
        BackupError: There is no such place.
    """
    try:
        return Place.of(make_url(url).set(drivername="postgresql"))
    except ValueError as error:
        raise BackupError(f"--database: {error}") from error


@contextlib.contextmanager
def running(
    program: str, words: Sequence[str], environment: dict[str, str], *, feed: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a tool of PostgreSQL while inside; it has ended well when this ends without an error.

    With ``feed`` its standard input is a pipe, which is closed at the end.

    Raises:
        BackupError: It failed; its last line says why.
    """
    with subprocess.Popen(  # noqa: S603 - no shell, and a program that was looked up
        [program, *words],
        stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment, "LC_ALL": "C"},
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        _, said = process.communicate()
    if process.returncode != 0:
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        raise BackupError(lines[-1].strip() if lines else f"{program} failed")


def tool(name: str) -> str:
    """Return the path of a tool of PostgreSQL.

    Raises:
        BackupError: It is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not installed here: install PostgreSQL's client tools of the server's"
            " version, or run this where they are"
        )
    return found


def address_of(url: str) -> tuple[str, dict[str, str]]:
    """Return an address for PostgreSQL's tools, and the password apart: others read arguments."""
    _, parsed = place_of(url)
    password = parsed.password
    bare = URL.create(
        "postgresql", parsed.username, None, parsed.host, parsed.port, parsed.database, parsed.query
    )
    environment = {} if password is None else {"PGPASSWORD": str(password)}
    return bare.render_as_string(hide_password=False), environment
