"""The command ``menshen central move``: from SQLite to PostgreSQL, with central stopped."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from central.moving import service
from central.moving.mark import mark_of, shown
from central.moving.source import MoveError
from config.settings import menshen_home


def move(
    *,
    to: Annotated[str, typer.Option("--to", help="postgresql://... of an empty database.")],
    home: Annotated[Path | None, typer.Option(help="Central's state folder.")] = None,
    database: Annotated[
        str | None, typer.Option(help="sqlite:///FILE; else the one in --home.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One document for machines.")] = False,
) -> None:
    """Move a site from SQLite to PostgreSQL, with central stopped, and prove the copy."""
    folder = home or menshen_home() / "central"
    file = folder / "central.sqlite3" if database is None else _file_of(database)
    with _reported(as_json=as_json) as progress:
        moved = service.move(file, to, progress)
    if as_json:
        document = {
            "from": f"sqlite:///{file}",
            "to": shown(to),
            "tables": moved.tables,
            "verified": True,
            "ledger_head": moved.ledger_head,
            "audit_head": moved.audit_head,
            "seconds": moved.seconds,
        }
        _say(json.dumps(document))
        return
    _say(
        f"{sum(moved.tables.values()):,} rows of {len(moved.tables)} tables are in {shown(to)},"
        f" compared row by row; ledger and audit log are whole ({moved.seconds} s)"
    )
    _say(f"start it: menshen central --site SITE --home {folder} --database {shown(to)}")
    _say(f"{file} stays as it was; central starts on it again once {mark_of(file)} is removed")


def _file_of(database: str) -> Path:
    try:
        address = make_url(database)
    except ArgumentError as error:
        raise typer.BadParameter("sqlite:///FILE", param_hint="--database") from error
    if address.get_backend_name() != "sqlite" or not address.database:
        raise typer.BadParameter("a site moves from sqlite:///FILE", param_hint="--database")
    return Path(address.database)


@contextlib.contextmanager
def _reported(*, as_json: bool) -> Iterator[service.Progress]:
    """Show how far it is, and say a failure in one line."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    bar = Bar(*columns, console=Console(stderr=True), disable=as_json, transient=True)
    try:
        with bar:
            task = bar.add_task("", total=None)

            def report(doing: str, done: int, total: int) -> None:
                bar.update(task, description=doing, completed=done, total=total or None)

            yield report
    except MoveError as error:
        raise typer.TyperException(str(error)) from error


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the answer that was asked for
