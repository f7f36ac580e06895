"""Restoring a backup: into a place that is empty, and only what has been checked to its end."""

import contextlib
import dataclasses
import fcntl
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg

from central.backup.container import BackupError
from central.backup.making import remove_abandoned, sync_folder, workspace
from central.backup.proof import Proof, prove
from central.backup.reading import Backup, Sink
from central.backup.records import DATABASE, KEYS, Manifest
from central.backup.recovery import Passphrase, Secret, open_keys
from central.backup.sources import Progress, address_of, place_of, running, tool
from central.consent.erasures import FILE_NAME as ERASURES
from central.keys import write_private
from central.migrating import knows_revision
from config.settings import private_folder

KEY_FILES: Final = ("kek", "kek.retiring")
KEPT_APART: Final = frozenset({*KEY_FILES, ERASURES})
"""What lies beside a database and in no backup of it: brought along by hand, never replaced."""
_WORK: Final = ".restore-"
_DATABASE_FILE: Final = "central.sqlite3"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Where to restore to.

    Attributes:
        home: Central's state folder.
        database_url: None is SQLite in ``home``; else PostgreSQL.
        from_home: Of the central that was lost: its keys and its list of erasures are taken along.
        keys_passphrase: Opens the key-encryption key of the backup; None leaves it in there.
        despite_problems: Take what is restored though it could not be proved.
    """

    home: Path
    database_url: str | None = None
    from_home: Path | None = None
    keys_passphrase: Passphrase | None = None
    despite_problems: bool = False


def restore(
    path: Path, wish: Wish, secret: Secret, *, now: datetime, progress: Progress
) -> tuple[Manifest, Proof]:
    """Restore a backup, prove what came of it, and only then put it in its place.

    On PostgreSQL it is in its place once all of it is restored, and proved there.

    Raises:
        BackupError: The place is not empty or in use, or the backup is not sound, or it could not
            be proved; the place is as it was then, but for keys and the list of erasures.
    """
    is_sqlite = wish.database_url is None
    with Backup(path, secret) as backup, _one_line(wish.home), contextlib.ExitStack() as stack:
        if is_sqlite:
            stack.enter_context(_empty_home(wish.home))
        else:
            _refuse_filled(str(wish.database_url))
        manifest = _checked(backup, progress, is_sqlite=is_sqlite)
        if not is_sqlite:
            _refuse_another_site(manifest, str(wish.database_url))
        _bring_along(wish)
        if not is_sqlite:
            return manifest, _into_postgresql(backup, wish, manifest, now=now, progress=progress)
        folder = stack.enter_context(workspace(wish.home, _WORK))
        return manifest, _into_home(backup, wish, manifest, folder, now=now, progress=progress)


def _checked(backup: Backup, progress: Progress, *, is_sqlite: bool) -> Manifest:
    manifest = backup.check(progress)
    if (manifest.database == "sqlite") is not is_sqlite:
        raise BackupError(
            "the backup is of a PostgreSQL database: give an empty one as --database"
            if is_sqlite
            else "the backup is of a SQLite database: leave --database out"
        )
    if not knows_revision(manifest.revision):
        raise BackupError(
            f"the backup was made by a newer menshen ({manifest.made_by}): use that one"
        )
    return manifest


def _refuse_another_site(manifest: Manifest, url: str) -> None:
    schema = place_of(url)[0].schema or ""
    if manifest.place != schema:
        ending = f"with ?schema={manifest.place}" if manifest.place else "without ?schema="
        raise BackupError(f"the backup is another site's: give --database {ending}")


def _into_home(
    backup: Backup,
    wish: Wish,
    manifest: Manifest,
    folder: Path,
    *,
    now: datetime,
    progress: Progress,
) -> Proof:
    staged, keys = folder / _DATABASE_FILE, bytearray()
    staged.touch(mode=0o600)
    with staged.open("wb") as file:
        backup.extract({DATABASE: file.write, KEYS: keys.extend}, progress)
    _place_keys(wish, keys)
    proof = prove(f"sqlite:///{staged}", wish.home, manifest, now=now, progress=progress)
    _insist(proof, wish, "nothing was put in place")
    staged.replace(wish.home / _DATABASE_FILE)
    sync_folder(wish.home)
    return proof


def _into_postgresql(
    backup: Backup, wish: Wish, manifest: Manifest, *, now: datetime, progress: Progress
) -> Proof:
    address, environment = address_of(str(wish.database_url))
    keys = bytearray()
    # One transaction: a kill half way leaves an empty database.
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
    words += [*place_of(str(wish.database_url))[0].tool_words(), f"--dbname={address}"]
    with running(tool("pg_restore"), words, environment, feed=True) as process:
        if process.stdin is None:
            raise BackupError("pg_restore hears nothing")
        sinks: dict[str, Sink] = {DATABASE: process.stdin.write, KEYS: keys.extend}
        # It may leave before it has heard everything; it says why by itself.
        with contextlib.suppress(BrokenPipeError):
            backup.extract(sinks, progress)
    _place_keys(wish, keys)
    proof = prove(str(wish.database_url), wish.home, manifest, now=now, progress=progress)
    _insist(proof, wish, "the database is filled and must be emptied")
    return proof


def _insist(proof: Proof, wish: Wish, state: str) -> None:
    if proof.problems and not wish.despite_problems:
        raise BackupError(
            f"{'; '.join(proof.problems)} ({state}; --despite-problems takes it as it is)"
        )


@contextlib.contextmanager
def _empty_home(home: Path) -> Iterator[None]:
    """Keep a folder for ourselves that nobody uses and nothing lies in."""
    home = private_folder(home)
    with (home / f"{_DATABASE_FILE}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupError(f"central uses {home}: stop it, or give another --home") from error
        for left in home.glob(f"{_WORK}*"):
            remove_abandoned(left)
        ours = {*KEPT_APART, f"{_DATABASE_FILE}.lock"}
        found = sorted(each.name for each in home.iterdir() if each.name not in ours)
        if found:
            raise BackupError(
                f"{home} is not empty (it holds {found[0]}): give another --home, or move it away"
                " and give it as --from-home"
            )
        yield


def _refuse_filled(url: str) -> None:
    place, plain = place_of(url)
    query = (
        "SELECT count(*) FROM pg_tables WHERE coalesce(schemaname = %s,"
        " schemaname NOT IN ('pg_catalog', 'information_schema'))"
    )
    try:
        with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
            count = (connection.execute(query, [place.schema]).fetchone() or (0,))[0]
    except psycopg.Error as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackupError(f"the database does not answer: {line}") from error
    if count:
        raise BackupError("the database is not empty: make a new one and give it as --database")


def _bring_along(wish: Wish) -> None:
    home = private_folder(wish.home)
    if wish.from_home is None:
        return
    if not wish.from_home.is_dir():
        raise BackupError(f"there is no {wish.from_home}")
    for name in sorted(KEPT_APART):
        source, target = wish.from_home / name, home / name
        if source.is_file() and not target.exists():
            temporary = home / f"{_WORK}{name}"
            shutil.copy(source, temporary)
            temporary.chmod(0o600)
            temporary.replace(target)


def _place_keys(wish: Wish, sealed: bytearray) -> None:
    """Put the key-encryption key of the backup into its file, where no other one is there."""
    if not sealed or wish.keys_passphrase is None or (wish.home / KEY_FILES[0]).exists():
        return
    lines = open_keys(bytes(sealed), wish.keys_passphrase).splitlines()
    # The one that wraps comes last: with it the set is complete.
    for name, line in reversed(list(zip(KEY_FILES, lines, strict=False))):
        write_private(wish.home / name, line)


@contextlib.contextmanager
def _one_line(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupError(f"cannot write to {home}: {error.strerror or error}") from error
