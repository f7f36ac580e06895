"""The command ``menshen fire``: a drill with its evidence, a report, and whether one is genuine."""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from central.assessment.schemas import Language
from central.fire.document import document
from central.fire.evidence import SignedReport, checked, read
from central.fire.report import Report
from central.people.client import TOKEN_VARIABLE, Central
from central.people.options import URL, CaFile, Json, Url, say, wanted_language
from central.people.report import LANGUAGES
from config.contract.trust import TrustError

fire = typer.Typer(add_completion=False)

LOOK_EVERY_S: Final = 0.2
"""Between two questions to central, which says nothing of itself to a command."""
BEGIN_WITHIN_S: Final = 20.0
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Write it here: FILE.html or FILE.json.")
]
OwnName = Annotated[
    str | None, typer.Option(help="Your user name at central; or have a token, see --token-file.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help=f"A file with a token of yours; else it is taken from {TOKEN_VARIABLE}."),
]
ChosenLanguage = Annotated[
    str | None, typer.Option("--language", help="zh-CN or en; else the terminal's.")
]


@fire.callback()
def commands() -> None:
    """Fire drills and the evidence of what the gates did; central is asked, never in the path."""


@fire.command()
def drill(
    *,
    zone: Annotated[str, typer.Option(help="Fire zone of the site file.")],
    username: OwnName = None,
    token_file: TokenFile = None,
    reason: Annotated[str, typer.Option(help="Shown to operators, and kept.")] = "drill",
    report: ReportFile = None,
    wait_s: Annotated[
        float, typer.Option("--for", min=1, max=600, help="Seconds to wait for every gate.")
    ] = 15.0,
    releases: Annotated[
        bool, typer.Option("--release/--tell-only", help="Whether the gates are released.")
    ] = True,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave it on; it ends by itself, or on the page Fire.")
    ] = False,
    language: ChosenLanguage = None,
    as_json: Json = False,
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Drill a zone and write down what each gate did; exit code 0 only if every one confirmed."""
    chosen = wanted_language(language)
    _writable(report)
    with _central(url, ca_file, username, token_file) as central:
        wish = {"minutes": 15, "releases": releases, "reason": reason}
        begun = central.send("POST", f"/fire/zones/{quote(zone, safe='')}/drill", json=wish)
        try:
            is_complete = _follow(central, begun["drill_id"], wait_s=wait_s, is_quiet=as_json)
        finally:
            if not keep:
                with contextlib.suppress(typer.TyperException):
                    central.send("DELETE", f"/fire/zones/{quote(zone, safe='')}/drill")
        found = read(central.fetch(f"/fire/reports/{begun['drill_id']}.json").decode())
    _deliver(found, report, chosen, as_json=as_json)
    if not is_complete:
        raise typer.Exit(1)


@fire.command("report")
def give_report(
    fire_id: Annotated[str, typer.Argument(metavar="ID", help="Of a fire or drill.")],
    *,
    username: OwnName = None,
    token_file: TokenFile = None,
    report: ReportFile = None,
    language: ChosenLanguage = None,
    as_json: Json = False,
    url: Url = URL,
    ca_file: CaFile = None,
) -> None:
    """Give the evidence report of a fire or drill."""
    chosen = wanted_language(language)
    _writable(report)
    with _central(url, ca_file, username, token_file) as central:
        found = read(central.fetch(f"/fire/reports/{quote(fire_id, safe='')}.json").decode())
    _deliver(found, report, chosen, as_json=as_json)


@fire.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A report.")],
    *,
    key: Annotated[
        str | None, typer.Option(help="Central's public key, where you know it already.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a report without central; exit code 0 only when all of it is as central signed it."""
    text = file.read_text(encoding="utf-8")
    try:
        found = read(text)
        said = checked(found, central_key=key)
        _check_page(text, found)
    except TrustError as error:
        if as_json:
            say(json.dumps({"ok": False, "problem": str(error)}))
        else:
            say(f"not genuine: {error}")
        raise typer.Exit(1) from error
    if as_json:
        say(json.dumps({"ok": True, "sha256": found.sha256, "central_key": found.central_key}))
        return
    say(_line(said))
    say(f"genuine: signed by the key {found.central_key}")
    if key is None:
        say("compare that key with the one that you know, or give it as --key")


def _check_page(text: str, found: SignedReport) -> None:
    """Check that a page shows what it carries."""
    if not text.lstrip().startswith("<"):
        return
    if all(document(found, language) != text for language in LANGUAGES):
        raise TrustError(
            "the data within are central's, but the page shows something else,"
            " or another version of this program made it"
        )


def _follow(central: Central, drill_id: str, *, wait_s: float, is_quiet: bool) -> bool:
    """Show gates as they confirm; returns whether all did."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, quiet=is_quiet)
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        gates = bar.add_task("the terminal begins", total=None)
        line = _heard(central, drill_id)
        until_s = time.monotonic() + wait_s
        while True:
            done, total = line["confirmed_count"], line["expected_count"]
            bar.update(gates, description="gates confirm", completed=done, total=total)
            if total and done >= total:
                return True
            if time.monotonic() >= until_s or not line["has_release"]:
                return False
            time.sleep(LOOK_EVERY_S)
            line = _find(central, drill_id) or line


def _heard(central: Central, drill_id: str) -> dict[str, Any]:
    until_s = time.monotonic() + BEGIN_WITHIN_S
    while time.monotonic() < until_s:
        line = _find(central, drill_id)
        if line is not None and line["confirmed_by"] is not None:
            return line
        time.sleep(LOOK_EVERY_S)
    raise typer.TyperException("the terminal did not begin the drill: is it connected?")


def _find(central: Central, drill_id: str) -> dict[str, Any] | None:
    items = central.send("GET", "/fire/reports")["items"]
    return next((dict(item) for item in items if item["fire_id"] == drill_id), None)


def _central(
    url: str, ca_file: Path | None, username: str | None, token_file: Path | None
) -> Central:
    """Return central for whoever asks: a token of a file, a name, or a token of the environment."""
    token = ""
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"--token-file {token_file} cannot be read") from error
    elif username is None:
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token and username is None:
        raise typer.BadParameter(f"give --username, --token-file, or a token in {TOKEN_VARIABLE}")
    return Central(url, ca_file, username=username or "", purpose="incident", token=token)


def _writable(file: Path | None) -> None:
    """Refuse a report that could not be written, before anything is drilled for it."""
    if file is None:
        return
    if file.suffix not in (".html", ".json"):
        raise typer.BadParameter(f"--report {file}: name a FILE.html or a FILE.json")
    if file.is_dir() or not file.parent.is_dir():
        raise typer.BadParameter(f"--report {file}: there is no such folder, or it is one itself")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise typer.BadParameter(f"--report {file} cannot be written")


def _deliver(found: SignedReport, file: Path | None, language: Language, *, as_json: bool) -> None:
    if as_json:
        say(found.model_dump_json())
    else:
        say(_line(found.report))
    if file is None:
        return
    page = document(found, language) if file.suffix == ".html" else found.model_dump_json(indent=1)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {file}: {error.strerror}") from error


def _line(report: Report) -> str:
    summary = report.summary
    slowest = (
        "" if summary.slowest_ms is None else f", the slowest after {summary.slowest_ms:.0f} ms"
    )
    kind = "drill" if report.is_drill else "fire"
    return (
        f"{kind} {report.fire_id} in {report.zone}: {summary.confirmed_count} of"
        f" {summary.expected_count} confirmed{slowest}"
    )
