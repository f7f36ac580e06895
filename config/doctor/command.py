"""The command: every check in its order, for people or for machines."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from config.change.keeping import Installed
from config.doctor import machine, services, versions
from config.doctor.findings import Finding, Level
from config.doctor.patient import Doctor, Patient
from config.settings import menshen_home
from config.site import SiteError, load_site

GROUP: Final = "menshen.doctors"

doctor = typer.Typer(add_completion=False, rich_markup_mode=None)

SiteFile = Annotated[
    Path | None, typer.Option("--site", help="Also try the ports and cameras of this site file.")
]
NodeName = Annotated[str, typer.Option("--node", help="Of this node only.")]
Home = Annotated[Path | None, typer.Option("--home", help="Central's state folder.")]
Database = Annotated[
    str | None,
    typer.Option("--database", envvar="MENSHEN_DATABASE", help="As central has it."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@doctor.callback(invoke_without_command=True)
def run(
    *,
    site_file: SiteFile = None,
    node: NodeName = "",
    home: Home = None,
    database: Database = None,
    as_json: Json = False,
) -> int:
    """Look at this machine, and at the central and the terminals on it; exit code 1 on a problem.

    Clock, disk, files, versions; central's database, backups and certificates; ports, cameras and
    recognition networks. It changes nothing, and central and terminals may be running.
    """
    try:
        patient = Patient(
            home=menshen_home(),
            central_home=home or menshen_home() / "central",
            now=datetime.now(UTC),
            site=None if site_file is None else load_site(site_file),
            node=node,
            database=database,
        )
        findings = list(examine(patient))
        if site_file is not None:
            findings += check_pending(site_file)
    except (SiteError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if as_json:
        document = {"is_well": is_well, "findings": [dataclasses.asdict(f) for f in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        print_findings(findings)
    return 0 if is_well else 1


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield what was found, by whoever is installed; a camera may take some seconds.

    Raises:
        SiteError: The site has no such node.
        ValueError: The site file or an option is a mistake.
    """
    is_synchronised = machine.is_clock_synchronised()
    yield from machine.judge_clock(patient.now, is_synchronised=is_synchronised)
    yield from machine.check_disk(patient.home)
    yield from versions.check_versions()
    yield from services.check_services()
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        look: Doctor = point.load()
        yield from look(patient)


def check_pending(site_file: Path) -> Iterator[Finding]:
    """Yield whether a change of the site file waits for somebody to say that all is well."""
    pending = Installed(site_file).pending()
    if pending is not None:
        said = f"a change waits until {pending.until:%Y-%m-%d %H:%M} UTC for its confirmation"
        advice = "`menshen config confirm`, or `menshen config rollback`"
        yield Finding("site file", Level.WARNING, said, advice)


def print_findings(findings: list[Finding]) -> None:
    """Print them for people: a line each, and what to do below."""
    console = Console(highlight=False)
    colours = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
    for finding in findings:
        level = Text(f"{finding.level.value:8}", style=colours[finding.level])
        console.print(level, f"{finding.check}: {finding.message}", markup=False, soft_wrap=True)
        if finding.advice:
            console.print(f"         {finding.advice}", markup=False, soft_wrap=True)
