"""Every check of a central, in its order: its folders, its database, its backups."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from central.backup import folders
from central.backup.container import BackupError
from central.backup.reading import header_of
from central.backup.verifying import Outcome, read_outcome
from central.backup.watch import expected_since, kept_outcome
from central.database import Database, DatabaseError, Transaction
from central.doctor import judging, repository
from central.events import partitions
from central.events.stored import stored_since
from central.hosting.folder import schema_of
from central.offline import Tables, reason, tables_of
from central.oidc import repository as providers
from config.crypto.suites import split_mark
from config.doctor.algorithms import judge_algorithms
from config.doctor.certificates import first_end, judge_certificates
from config.doctor.files import check_private
from config.doctor.findings import Finding, Level
from config.doctor.patient import Patient

FILE: Final = "central.sqlite3"
OWN: Final = (FILE, "kek", "tls")
"""Any of these makes a folder one of central's, or of one of its sites."""
TIMEOUT_S: Final = 10.0
RENEW: Final = "start central again: it makes its own anew; another's must be replaced by its owner"


def look(patient: Patient) -> Iterator[Finding]:
    """Yield what was found of central; nothing where this machine has none."""
    home = patient.central_home
    try:
        places = _folders_of(home)
    except OSError as error:
        advice = "run this as the user of its service: `sudo -u menshen menshen doctor`"
        said = f"cannot look into {home}: {error.strerror}"
        yield Finding("central", Level.PROBLEM, said, advice)
        return
    if not places and patient.database is None:
        return
    if places:
        yield from check_private(home, home.parent / "backup.key")
    for place in places:
        yield from _check_suite(place, _name(place, home))
        server = place / "tls" / "server.pem"
        if server.exists():
            end = first_end(server.read_text(encoding="utf-8"))
            name = _name(place, home)
            yield from judge_certificates({name: end}, now=patient.now, advice=RENEW)
    for name, address, folder in _databases(patient, places):
        yield from asyncio.run(_examine(name, address, folder, now=patient.now))
    yield from _check_backups(home.parent / "backups", now=patient.now)


def _folders_of(home: Path) -> list[Path]:
    """Return the folders of central's sites: its own of one site, or one below it for each."""
    if not home.exists():
        return []
    inner = sorted(path for path in home.iterdir() if path.is_dir() and path.name != "tls")
    return [path for path in (home, *inner) if any((path / name).exists() for name in OWN)]


def _check_suite(place: Path, name: str) -> Iterator[Finding]:
    """Yield which algorithms a site was made with, and whether this machine has them."""
    key = place / "kek"
    if not key.exists():
        return
    suite, _ = split_mark(key.read_text(encoding="ascii", errors="replace"))
    yield judge_algorithms(f"algorithms of {name}", suite)


def _name(folder: Path, home: Path) -> str:
    return "central" if folder == home else f"central's site {folder.name}"


def _databases(patient: Patient, places: list[Path]) -> Iterator[tuple[str, str, Path]]:
    """Yield each database: what it is called, its address, and the folder that belongs to it."""
    home = patient.central_home
    if patient.database is None:
        for place in places:
            if (place / FILE).exists():
                yield _name(place, home), f"sqlite:///{place / FILE}", place
        return
    sites = asyncio.run(_schemas(patient.database))
    if not sites:
        yield "central", patient.database, home
    by_schema = {schema_of(place.name): place for place in places}
    for schema in sites:
        url = make_url(patient.database).update_query_dict({"schema": schema})
        address = url.render_as_string(hide_password=False)
        yield f"central's site {schema}", address, by_schema.get(schema, home)


async def _schemas(address: str) -> list[str]:
    """Return where the tables of many sites lie; none where one site has the database."""
    try:
        if make_url(address).get_backend_name() != "postgresql":
            return []
        database = Database(address)
        database.open_to_read()
        try:
            async with asyncio.timeout(TIMEOUT_S), database.read() as transaction:
                schemas = await repository.schemas_of(transaction)
        finally:
            await database.close()
    except (ArgumentError, DatabaseError, SQLAlchemyError, OSError):
        # Whatever it is, it is said when the database itself is looked at.
        return []
    return [] if any(schemas.values()) else list(schemas)


async def _examine(name: str, address: str, folder: Path, *, now: datetime) -> list[Finding]:
    """Return what was found of one database, all of one moment."""
    check = f"database of {name}"
    try:
        database = Database(address)
        database.open_to_read()
        try:
            async with asyncio.timeout(TIMEOUT_S), database.read() as transaction:
                return await _read(transaction, name, address, folder, now=now)
        finally:
            await database.close()
    except TimeoutError:
        said = f"it does not answer within {TIMEOUT_S:.0f} s"
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        said = f"it cannot be read: {reason(error)}"
    advice = "look at its server, its disk and its address (--database); docs/backup.md restores it"
    return [Finding(check, Level.PROBLEM, said, advice)]


async def _read(
    transaction: Transaction, name: str, address: str, folder: Path, *, now: datetime
) -> list[Finding]:
    check = f"database of {name}"
    tables = await tables_of(transaction)
    found = [judging.judge_tables(check, tables)]
    if transaction.is_postgresql:
        state = await repository.server_state(transaction)
        found += judging.judge_server(check, state, now=now)
        size_bytes, free_bytes = await repository.size_bytes_of(transaction), None
    else:
        size_bytes, free_bytes = _on_disk(make_url(address).database or "")
    if tables is not Tables.CURRENT:
        return found
    if transaction.is_postgresql:
        room = await partitions.room_ahead(transaction)
        found.append(judging.judge_partitions(f"partitions of {name}", room))
    stored = await stored_since(transaction, now - judging.GROWTH_WINDOW)
    found.append(
        judging.judge_growth(check, stored, size_bytes=size_bytes, free_bytes=free_bytes, now=now)
    )
    provider = await providers.settings_of(transaction)
    if provider is not None and provider.ca_certificate:
        ends = {f"the identity provider of {name}": first_end(provider.ca_certificate)}
        found += judge_certificates(ends, now=now, advice=RENEW)
    outcome = _newer(await kept_outcome(transaction), read_outcome(folder))
    since = await expected_since(transaction) or now
    found.append(judging.judge_restore(f"restore of {name}", outcome, since=since, now=now))
    return found


def _on_disk(file: str) -> tuple[int, int]:
    """Return how large a file is, and how much is free on its disk, in bytes."""
    path = Path(file)
    return path.stat().st_size, shutil.disk_usage(path.parent).free


def _newer(kept: Outcome | None, beside: Outcome | None) -> Outcome | None:
    """Return the newer of what central has taken note of and what lies beside its database."""
    found = [each for each in (kept, beside) if each is not None]
    return max(found, key=lambda each: each.tried_at, default=None)


def _check_backups(folder: Path, *, now: datetime) -> Iterator[Finding]:
    made_at, problem = None, ""
    try:
        file = folders.newest(folder)
        if file is not None:
            made_at = folders.moment_of(file)
            header_of(file)
    except FileNotFoundError:
        problem = f"there is no folder {folder}"
    except (BackupError, OSError) as error:
        problem = str(error)
    yield judging.judge_backup("backup of central", made_at, problem, now=now)
