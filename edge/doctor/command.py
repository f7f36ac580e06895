"""The command: every check in its order, for people or for machines."""

import dataclasses
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from config.settings import menshen_home
from config.site import Site, SiteError, load_site
from edge.doctor.findings import Finding, Level
from edge.doctor.fire import judge_fire
from edge.doctor.lines import list_ports, try_camera, try_port
from edge.doctor.machine import (
    check_disk,
    is_clock_synchronised,
    is_sealed,
    judge_clock,
    judge_keys,
)
from edge.doctor.recognition import check_models, judge_liveness, judge_target, network_here
from edge.doctor.replicas import ages_here, enrolled_here, judge_ages, judge_networks
from models.store import Store, default_store

doctor = typer.Typer(add_completion=False, rich_markup_mode=None)

SiteFile = Annotated[
    Path | None, typer.Option("--site", help="Also try the ports and cameras of this site file.")
]
NodeName = Annotated[str, typer.Option("--node", help="Of this node only.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@doctor.callback(invoke_without_command=True)
def run(*, site_file: SiteFile = None, node: NodeName = "", as_json: Json = False) -> int:
    """Look at this machine: ports, cameras, models, clock and disk; exit code 1 on a problem."""
    site, of_fire = None, list[Finding]()
    try:
        if site_file is not None:
            site = load_site(site_file)
            of_fire = list(judge_fire(site, node=node))
            site = site.for_node(node) if node else site
    except (SiteError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error
    findings = [*of_fire, *examine(site, home=menshen_home(), store=default_store())]
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if as_json:
        document = {"is_well": is_well, "findings": [dataclasses.asdict(f) for f in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(findings)
    return 0 if is_well else 1


def examine(site: Site | None, *, home: Path, store: Store) -> Iterator[Finding]:
    """Yield what was found; a camera may take some seconds.

    Args:
        site: Whose ports and cameras are tried; None tries none.
        home: State folder.
        store: Of recognition networks.
    """
    yield from judge_clock(datetime.now(UTC), is_synchronised=is_clock_synchronised())
    yield from check_disk(home)
    yield from check_models(site, store)
    if site is not None:
        yield from judge_ages(site, ages_here(home), now=datetime.now(UTC))
        enrolled = enrolled_here(home, network_here(site, store))
        yield from judge_target(site, enrolled)
        yield from judge_networks(enrolled)
        yield from judge_liveness(site, store)
        if site.node:
            yield judge_keys(site, has_seal=is_sealed())
    if site is None:
        yield from list_ports()
        return
    for bus in site.bus:
        yield try_port(bus)
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from pool.map(try_camera, site.camera)


def _print(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    colours = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
    for finding in findings:
        level = Text(f"{finding.level.value:8}", style=colours[finding.level])
        console.print(level, f"{finding.check}: {finding.message}", markup=False, soft_wrap=True)
        if finding.advice:
            console.print(f"         {finding.advice}", markup=False, soft_wrap=True)
