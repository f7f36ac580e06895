"""``menshen people import``: the personnel office's file, compared, shown and applied."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from central.people.client import Central
from central.people.options import URL, CaFile, Json, Url, Username, say, wanted_language
from central.people.report import Report

SOME_REFUSED: Final = 3
"""The exit code when rows were refused; the others were taken all the same."""


def import_people(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV with headings; see docs/people.md.")],
    *,
    username: Username,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    is_sure: Annotated[bool, typer.Option("--apply", help="Apply without a question.")] = False,
    leavers_missing: Annotated[
        bool,
        typer.Option(
            "--leavers-missing",
            help="Switch off people of an earlier file who are missing from this one.",
        ),
    ] = False,
    missing_confirmed: Annotated[
        bool,
        typer.Option("--missing-confirmed", help="Even where that is more than a tenth of them."),
    ] = False,
    language: Annotated[
        str | None, typer.Option(help="Of the refusals: zh-CN or en; else the terminal's.")
    ] = None,
    url: Url = URL,
    ca_file: CaFile = None,
    as_json: Json = False,
) -> None:
    """Compare a file of the personnel office with the people who are known, and apply it.

    Exit code 0: every row was taken; 3: some were refused, a line for each on standard error.
    """
    report, content = Report(wanted_language(language)), _read(file)
    with (
        Central(url, ca_file, username=username) as central,
        Progress(console=Console(stderr=True), disable=as_json, transient=True) as progress,
    ):
        task = progress.add_task("comparing", total=None)
        preview = central.send("POST", "/people/imports", files={"file": (file.name, content)})
        progress.stop()
        answer: dict[str, Any] = {"preview": preview, "result": None}
        if not as_json:
            _show(preview, report, leavers_missing=leavers_missing)
        if not dry_run and _is_wanted(
            preview, leavers_missing=leavers_missing, is_sure=is_sure, as_json=as_json
        ):
            if not as_json:
                progress.start()
            progress.update(task, description="applying")
            wish = {
                "token": preview["token"],
                "leavers_missing": leavers_missing,
                "missing_confirmed": missing_confirmed,
            }
            path = f"/people/imports/{preview['import_id']}/apply"
            answer["result"] = central.send("POST", path, json=wish)
    if as_json:
        say(json.dumps(answer, ensure_ascii=False))
    elif answer["result"] is not None:
        say("done: {new} new, {changed} changed, {leavers} leaving, {switched_off} switched off, "
            "{cards} cards given".format(**answer["result"]))  # fmt: skip
    if preview["refusals"]:
        raise typer.Exit(SOME_REFUSED)


def _show(preview: dict[str, Any], report: Report, *, leavers_missing: bool) -> None:
    for refusal in preview["refusals"]:
        typer.echo(report.refusal(refusal), err=True)
    say("{new} new, {changed} changed, {leavers} leaving, {unchanged} unchanged, {refused} refused"
        .format(**preview["counts"]))  # fmt: skip
    if count := preview["counts"]["missing"]:
        what = "to be switched off" if leavers_missing else "stay; --leavers-missing ends that"
        say(f"{count} of an earlier file are missing from this one: {what}")
    if ignored := preview["ignored_columns"]:
        say(f"columns that are not read: {', '.join(ignored)}")


def _is_wanted(
    preview: dict[str, Any], *, leavers_missing: bool, is_sure: bool, as_json: bool
) -> bool:
    counts = preview["counts"]
    missing = counts["missing"] if leavers_missing else 0
    if is_sure:
        return True
    if as_json or not counts["new"] + counts["changed"] + counts["leavers"] + missing:
        return False
    return typer.confirm("Apply?")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {file}: {error.strerror}") from error
