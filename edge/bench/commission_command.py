"""``menshen device template``, ``commission`` and ``learn``: a site from one spreadsheet."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from config.site import SiteError, load_site
from drivers.base import CredentialRead, Driver, DriverError
from drivers.bus import Bus
from drivers.registry import create
from edge.bench.commissioning import (
    TAG,
    Row,
    problems,
    read_sheet,
    site_text,
    with_tag,
    write_template,
)
from edge.bench.line_options import Baud, Port, Setting, driver_settings

POLL_PAUSE_S = 0.05

Sheet = Annotated[Path, typer.Argument(help="FILE.xlsx or FILE.csv")]
Out = Annotated[Path | None, typer.Option(help="The site file to write; without, only check.")]
SiteId = Annotated[str, typer.Option(help="Of the site; never change it later.")]
NameZh = Annotated[str, typer.Option(help="The site's name in Chinese.")]
NameEn = Annotated[str, typer.Option(help="The site's name in English.")]
Reader = Annotated[str, typer.Option("--driver", help="Of the reader in your hand.")]
Wait = Annotated[float, typer.Option(min=1, help="Longest wait at one checkpoint, seconds.")]


def template(sheet: Sheet) -> None:
    """Write an empty sheet with the columns and three examples."""
    try:
        write_template(sheet)
    except (ValueError, OSError) as error:
        raise typer.TyperException(str(error)) from error
    typer.echo(f"{sheet}: fill in a line per device, camera and checkpoint")


def commission(
    sheet: Sheet,
    *,
    out: Out = None,
    site_id: SiteId = "site",
    name_zh: NameZh = "",
    name_en: NameEn = "Site",
) -> None:
    """Check a spreadsheet line by line, and make a site file of it."""
    try:
        rows = read_sheet(sheet)
        if found := problems(rows):
            for problem in found:
                typer.echo(str(problem), err=True)
            raise typer.Exit(1)
        if out is None:
            typer.echo(f"{sheet}: {len(rows)} lines, all right; --out FILE writes the site file")
            return
        if out.exists():
            raise ValueError(f"{out} exists; it is not replaced")
        text = site_text(rows, site_id=site_id, name_zh=name_zh, name_en=name_en)
        temporary = out.with_name(f".{out.name}")
        temporary.write_text(text, encoding="utf-8")
        try:
            load_site(temporary)
        except SiteError as error:
            temporary.unlink()
            raise ValueError(str(error).replace(str(temporary), str(sheet))) from error
        temporary.replace(out)
    except (ValueError, OSError) as error:
        raise typer.TyperException(str(error)) from error
    unlearnt = sum(row["driver"] == TAG and not row["address"] for row in rows)
    typer.echo(f"{out}: {len(rows) - unlearnt} entries")
    if unlearnt:
        typer.echo(
            f"{unlearnt} checkpoints have no tag yet: `menshen device learn {sheet} --port …`"
        )


def learn(
    sheet: Sheet,
    *,
    port: Port,
    driver: Reader = "rdm6300",
    baud: Baud = 9600,
    setting: Setting = None,
    wait_s: Wait = 600.0,
) -> None:
    """Learn the checkpoints of a sheet by walking from one to the next and tapping each."""
    try:
        rows = read_sheet(sheet)
        settings = driver_settings(driver, setting or [])
        wanted = [row for row in rows if row["driver"] == TAG and not row["address"]]
        taken = {row["address"].upper(): row["id"] for row in rows if row["driver"] == TAG}
        taken.pop("", None)
        if not wanted:
            raise ValueError(f"{sheet} has no line with driver {TAG!r} and without an address")
        bus = Bus(port, baudrate=baud)
        asyncio.run(_learn(sheet, wanted, taken, bus, create(driver, bus, settings), wait_s))
    except (ValueError, OSError, DriverError) as error:
        raise typer.TyperException(str(error)) from error


async def _learn(
    sheet: Path, wanted: list[Row], taken: dict[str, str], bus: Bus, reader: Driver, wait_s: float
) -> None:
    try:
        await reader.start()
        for index, row in enumerate(wanted, start=1):
            name = row["name_zh"] or row["name_en"] or row["id"]
            typer.echo(f"{index}/{len(wanted)} {name} ({row['id']}): tap its tag")
            number = await _next_tag(reader, taken, wait_s)
            taken[number] = row["id"]
            # At once: what was walked is not walked again because a battery ended.
            with_tag(sheet, row.line, number)
            typer.echo(f"    learnt, tag …{number[-4:]}")
    finally:
        await bus.close()


async def _next_tag(reader: Driver, taken: dict[str, str], wait_s: float) -> str:
    """Return the number of the next tag that is not another checkpoint's.

    Raises:
        ValueError: None was tapped in time.
    """
    deadline_s = time.monotonic() + wait_s
    last = ""
    while time.monotonic() < deadline_s:
        for observation in await reader.poll():
            if not isinstance(observation, CredentialRead):
                continue
            number = observation.number.upper()
            if number not in taken:
                return number
            if number != last:
                typer.echo(
                    f"    that tag is checkpoint {taken[number]}'s already; go on to the next"
                )
            last = number
        await asyncio.sleep(POLL_PAUSE_S)
    raise ValueError(f"no tag was tapped in {wait_s:.0f} s; what was learnt is in the sheet")
