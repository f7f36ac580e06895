"""``menshen people enrol-folder``: many people's photographs, with a report of each picture.

Every person is a step of its own: what was done stays done, and who is enrolled is passed over, so
the same command goes on after a cut and enrols nobody twice.
"""

import csv
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import Progress

from central.people.client import Central, CentralRefusedError
from central.people.options import URL, CaFile, Json, Url, Username, say, wanted_language
from central.people.photo_folder import PICTURE_COUNT_MAX, Photo, photo_folder
from central.people.report import Report

SOME_REFUSED: Final = 3
"""The exit code when somebody was not enrolled; the others were all the same."""
DONE: Final = frozenset({"enrolled", "awaiting", "already"})
Row = dict[str, Any]


def enrol_folder(
    folder: Annotated[Path, typer.Argument(help="A folder or a ZIP: 0017.jpg, 0017_2.jpg, 0018/…")],
    *,
    username: Username,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also people who are enrolled already.")
    ] = False,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the report for spreadsheets here.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the report: zh-CN or en; else the terminal's.")
    ] = None,
    url: Url = URL,
    ca_file: CaFile = None,
    as_json: Json = False,
) -> None:
    """Enrol the people whose personnel numbers pictures are named by; says why one is refused.

    Exit code 0: everybody is enrolled; 3: somebody is not, with a line for each on standard error.
    After a cut the same command goes on: who is enrolled is passed over.
    """
    report = Report(wanted_language(language))
    try:
        found = photo_folder(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise typer.BadParameter(f"cannot read {folder}: {error}") from error
    if not found.people:
        raise typer.BadParameter(f"no photographs in {folder}: name them by number, as 0017.jpg")
    rows, people = list[Row](), list[Row]()
    with Central(url, ca_file, username=username) as central:
        try:
            with Progress(
                console=Console(stderr=True), disable=as_json, transient=True
            ) as progress:
                task = progress.add_task("enrolling", total=len(found.people))
                for number, photos in found.people.items():
                    person, pictures = _enrol(central, number, photos, replace=replace)
                    people.append(person)
                    rows += pictures or [{**person, "file": ""}]
                    progress.advance(task)
        finally:
            # What is known is told whatever ends this: the cut is behind these people.
            if csv_file is not None:
                _write(csv_file, rows, report)
    counts = Counter(person["outcome"] for person in people)
    if as_json:
        counted = {"people": people, "pictures": rows, "ignored": list(found.ignored)}
        say(json.dumps(counted, ensure_ascii=False))
    else:
        for row in rows:
            if row["outcome"] not in DONE or row.get("reason"):
                typer.echo(report.bulk(row), err=True)
        say(report.bulk_counts(counts))
    if any(person["outcome"] not in DONE for person in people):
        raise typer.Exit(SOME_REFUSED)


def _enrol(
    central: Central, number: str, photos: list[Photo], *, replace: bool
) -> tuple[Row, list[Row]]:
    """Return what became of one person, and of each of their pictures."""
    names = [photo.name for photo in photos]

    def told(outcome: str, verdicts: list[Row] | None = None, **more: str) -> tuple[Row, list[Row]]:
        person = {"number": number, "outcome": outcome, **more}
        rows = [
            {**person, "file": name, "reason": verdict.get("reason")}
            for name, verdict in zip(names, verdicts or [{}] * len(names), strict=False)
        ]
        return person, rows

    if len(photos) > PICTURE_COUNT_MAX:
        return told("too_many")
    known = _person(central, number)
    if known is None:
        return told("no_person")
    if known["has_face"] and not known["must_come_again"] and not replace:
        return told("already")
    try:
        contents = [("photos", (photo.name, photo.read())) for photo in photos]
    except (OSError, zipfile.BadZipFile):
        return told("unreadable")
    try:
        done = central.send("POST", f"/people/{known['holder_id']}/face", files=contents)
    except CentralRefusedError as error:
        if error.problem.get("code") == "no_usable_picture":
            return told("refused", error.problem.get("pictures"))
        return told("refused", code=str(error.problem.get("code") or error.message))
    outcome = "enrolled" if done["status"] == "enrolled" else "awaiting"
    return told(outcome, done["pictures"])


def _person(central: Central, number: str) -> Row | None:
    query = urlencode({"query": number, "limit": 1000})
    items: list[Row] = central.send("GET", f"/people?{query}")["items"]
    return next((person for person in items if person["number"] == number), None)


def _write(path: Path, rows: list[Row], report: Report) -> None:
    try:
        # With a mark, so that spreadsheets see that it is UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(report.bulk_table(rows))
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}") from error
