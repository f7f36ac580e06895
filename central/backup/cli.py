"""The commands ``menshen backup`` and ``menshen restore``, with central running or not."""

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from central.backup import folders, making, restoring, verifying
from central.backup import sources as source
from central.backup.container import BackupError
from central.backup.reading import Backup, header_of
from central.backup.records import Manifest, Part
from central.backup.recovery import (
    Passphrase,
    Secret,
    make_recovery_key,
    new_passphrase,
    read_recovery_key,
)
from config.settings import menshen_home

backup = typer.Typer(add_completion=False)
restore = typer.Typer(add_completion=False)
VARIABLES: Final = {
    "passphrase": "MENSHEN_BACKUP_PASSPHRASE",
    "kek_passphrase": "MENSHEN_KEK_PASSPHRASE",
}
"""Where programs give what people are asked for."""
_WHAT: Final = {
    "passphrase": "the passphrase of the backup",
    "kek_passphrase": "the passphrase of the key-encryption key in it",
}

File = Annotated[Path, typer.Argument(help="The backup; or a folder for it.", show_default=False)]
Home = Annotated[Path | None, typer.Option(help="Central's state folder.")]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="MENSHEN_DATABASE",
        help="postgresql://...; else the one in --home.",
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(help="File of the recovery key, made where it is not there; else a passphrase."),
]
Json = Annotated[bool, typer.Option("--json", help="One document for machines.")]


@backup.command()
def make(
    file: File,
    *,
    home: Home = None,
    database: DatabaseOption = None,
    key: Key = None,
    include: Annotated[
        list[Part] | None,
        typer.Option(help="Pictures of passages, pictures and clips of alarms, the sealed key."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read a backup to its end; restore nothing.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Restore it, or a folder's newest, into a throwaway place; prove it."
        ),
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="FILE is a folder: so many of the backups made there stay."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Back up central's database while central runs, sealed with a key that is not in the file.

    The passphrase is taken from MENSHEN_BACKUP_PASSPHRASE, else made and shown once. That of the
    key-encryption key, which is in no backup unless it is asked for, from MENSHEN_KEK_PASSPHRASE.
    """
    if check:
        _check(file, key, as_json=as_json)
        return
    now, is_folder = datetime.now(UTC), file.is_dir()
    if verify:
        trial = verifying.Trial(
            file=file, home=home or menshen_home() / "central", database_url=database
        )
        _verify(trial, key, now=now, as_json=as_json)
        return
    if keep is not None and not is_folder:
        raise typer.BadParameter(f"--keep needs a folder, and {file} is none")
    file = file / folders.name_of(now) if is_folder else file
    shown = dict[str, str]()
    folder = home or menshen_home() / "central"
    with _reported(as_json=as_json) as progress:
        if database is None:
            # Before a key is made, and a folder by a mistyped name.
            source.check_there(folder / "central.sqlite3")
        secret = _secret_to_make(key, shown)
        wish = making.Wish(
            home=folder,
            database_url=database or f"sqlite:///{folder / 'central.sqlite3'}",
            parts=tuple(dict.fromkeys(include or ())),
            keys_passphrase=Passphrase(_given_or_made("kek_passphrase", shown))
            if Part.KEK in (include or ())
            else None,
        )
        manifest = making.make_backup(file, wish, secret, now=now, progress=progress)
        removed = [] if keep is None else folders.remove_old(file.parent, keep=keep)
    for old in removed:
        typer.echo(f"removed {old}", err=True)
    if as_json:
        _say(json.dumps({**_document(file, manifest), **shown}))
        return
    _say(f"{file}: {_described(file, manifest)}; read again to its end")
    for name, words in shown.items():
        _say(f"{_WHAT[name]}, shown this once and kept nowhere: {words}")


@restore.command()
def run(
    file: File,
    *,
    home: Home = None,
    database: DatabaseOption = None,
    key: Annotated[Path | None, typer.Option(help="File of the recovery key.")] = None,
    from_home: Annotated[
        Path | None,
        typer.Option(help="Folder of the lost central: its key and its list of erasures."),
    ] = None,
    with_kek: Annotated[
        bool, typer.Option("--with-kek", help="Take the key-encryption key of the backup, too.")
    ] = False,
    despite_problems: Annotated[
        bool, typer.Option("--despite-problems", help="Take what could not be proved.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into an empty folder or database, and prove what came of it."""
    with _reported(as_json=as_json) as progress:
        secret = _secret_to_open(file, key)
        wish = restoring.Wish(
            home=home or menshen_home() / "central",
            database_url=database,
            from_home=from_home,
            keys_passphrase=Passphrase(_asked("kek_passphrase")) if with_kek else None,
            despite_problems=despite_problems,
        )
        manifest, proof = restoring.restore(
            file, wish, secret, now=datetime.now(UTC), progress=progress
        )
    if as_json:
        found = {
            "problems": proof.problems,
            "has_keys": proof.has_keys,
            "erased_again": proof.erased_again,
            "audit_entries": proof.audit_entries,
            "ledger_transfers": proof.ledger_transfers,
            "events": proof.events,
        }
        _say(json.dumps({**_document(file, manifest), **found}))
    else:
        _say(f"{wish.database_url or wish.home}: restored as of {manifest.made_at.isoformat()}")
        for problem in proof.problems:
            _say(f"not proved: {problem}")
        _say(
            f"ledger of {proof.ledger_transfers} transfers, audit log of"
            f" {proof.audit_entries} entries, {proof.events} events;"
            f" {proof.erased_again} people or faces erased again"
        )
        if not proof.has_keys:
            _say(
                f"the key-encryption key is not there: put it into {wish.home / 'kek'} before"
                " central starts; what was erased since is then erased again"
            )
    if proof.problems:
        raise typer.Exit(1)


def _check(file: Path, key: Path | None, *, as_json: bool) -> None:
    with (
        _reported(as_json=as_json) as progress,
        Backup(file, _secret_to_open(file, key)) as opened,
    ):
        manifest = opened.check(progress)
    if as_json:
        _say(json.dumps(_document(file, manifest)))
    else:
        _say(f"{file}: whole; {_described(file, manifest)}")


def _verify(trial: verifying.Trial, key: Path | None, *, now: datetime, as_json: bool) -> None:
    """Try a backup, and leave the outcome for central, also when it cannot even be opened."""
    made_at: datetime | None = None
    try:
        with _reported(as_json=as_json) as progress:
            file = folders.newest(trial.file) if trial.file.is_dir() else trial.file
            if file is None:
                raise BackupError(f"there is no backup in {trial.file}")
            trial = dataclasses.replace(trial, file=file)
            secret = _secret_to_open(file, key)
            manifest, proof = verifying.verify(trial, secret, now=now, progress=progress)
            made_at = manifest.made_at
    except typer.TyperException as error:
        verifying.keep_outcome(trial.home, error.format_message(), made_at, now=now)
        raise
    outcome = verifying.keep_outcome(trial.home, "", made_at, now=now)
    if as_json:
        found = {"events": proof.events, "ledger_transfers": proof.ledger_transfers}
        _say(json.dumps({**_document(trial.file, manifest), **found, "verified_at": str(now)}))
        return
    _say(
        f"{trial.file}: restored and proved: ledger of {proof.ledger_transfers} transfers,"
        f" audit log of {proof.audit_entries} entries, {proof.events} events;"
        f" nothing of it stays (proved at {outcome.tried_at:%Y-%m-%d %H:%M} UTC)"
    )


def _document(file: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "file": str(file),
        "size_bytes": file.stat().st_size,
        **manifest.model_dump(mode="json"),
    }


def _described(file: Path, manifest: Manifest) -> str:
    parts = f", with {', '.join(manifest.parts)}" if manifest.parts else ""
    size = f"{file.stat().st_size:,} bytes"
    return f"{manifest.database} as of {manifest.made_at.isoformat()}{parts}, {size}"


def _secret_to_make(key: Path | None, shown: dict[str, str]) -> Secret:
    if key is None:
        return Passphrase(_given_or_made("passphrase", shown))
    if not key.exists():
        make_recovery_key(key)
        typer.echo(
            f"made the recovery key {key}: keep it apart from the backups, and more than once",
            err=True,
        )
    return read_recovery_key(key)


def _secret_to_open(file: Path, key: Path | None) -> Secret:
    header = header_of(file)
    if key is not None:
        return read_recovery_key(key)
    if header.kind == "recovery_key":
        raise BackupError("the backup was made with a recovery key: give its file as --key")
    return Passphrase(_asked("passphrase"))


def _given_or_made(name: str, shown: dict[str, str]) -> str:
    given = os.environ.get(VARIABLES[name])
    if given:
        return given
    shown[name] = new_passphrase()
    return shown[name]


def _asked(name: str) -> str:
    given = os.environ.get(VARIABLES[name])
    if given:
        return given
    if not sys.stdin.isatty():
        raise BackupError(f"{_WHAT[name]} is missing: give it as {VARIABLES[name]}")
    return str(typer.prompt(_WHAT[name], hide_input=True, err=True))


@contextlib.contextmanager
def _reported(*, as_json: bool) -> Iterator[source.Progress]:
    """Show how far it is, and say a failure in one line."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    bar = Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True)
    try:
        with bar:
            task = bar.add_task("", total=None)

            def report(doing: str, done: int, total: int | None) -> None:
                bar.update(task, description=doing, completed=done, total=total)

            yield report
    except BackupError as error:
        raise typer.TyperException(str(error)) from error


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the answer that was asked for
