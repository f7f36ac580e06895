"""The command ``menshen config``: check a site file, take it into use, and go back."""

import contextlib
import dataclasses
import functools
import json
import os
import signal
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from config.change import applying
from config.change.keeping import ChangeError, Installed
from config.change.report import Report, examine, lines_of
from config.change.services import (
    CommandServices,
    HealthyServices,
    NoServices,
    Services,
    SystemdServices,
    trouble_of,
)
from config.site import SiteError

IN_USE: Final = "/etc/menshen/site.toml"

config = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="A changed site file: what it would change, into use, and back.",
)

File = Annotated[Path, typer.Argument(help="The new site file.", show_default=False)]
InUse = Annotated[Path, typer.Option("--site", envvar="MENSHEN_SITE", help="The site file in use.")]
Accept = Annotated[
    bool, typer.Option("--accept-losses", help="Every LOSS that is listed is meant.")
]
ReloadCommand = Annotated[
    str | None,
    typer.Option(help="Lets the services read it and ends with 0 when they are ready."),
]
HealthUrl = Annotated[
    list[str] | None, typer.Option(help="Must answer afterwards; as often as wanted.")
]
HealthCa = Annotated[
    Path | None, typer.Option(help="PEM that --health-url is trusted by: central's tls/server.pem.")
]
HealthyWithin = Annotated[
    float, typer.Option(min=1, max=600, help="Seconds within which --health-url must answer.")
]
Settle = Annotated[
    float, typer.Option(min=0, max=600, help="Seconds that services must stay up (systemd).")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@config.command()
def check(
    context: typer.Context,
    file: File,
    *,
    against: Annotated[
        Path, typer.Option(envvar="MENSHEN_SITE", help="The site file in use.")
    ] = Path(IN_USE),
    accept_losses: Accept = False,
    as_json: Json = False,
) -> int:
    """Say what is wrong with a site file, or what it would change; exit code 0 if it may be used.

    Nothing is touched. A LOSS takes away a way out, a release in a fire, or data for good.
    """
    source = context.get_parameter_source("against")
    if source is not None and source.name == "COMMANDLINE" and not against.exists():
        raise typer.BadParameter(f"there is no {against}", param_hint="--against")
    with _said():
        report = examine(file, against, accepts_losses=accept_losses)
    _tell(report, as_json=as_json)
    return 0 if report.may_be_applied else 1


@config.command()
def apply(
    file: File,
    *,
    in_use: InUse = Path(IN_USE),
    accept_losses: Accept = False,
    confirm_within: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=1440,
            help="Go back by itself unless `menshen config confirm` comes within so many minutes.",
        ),
    ] = None,
    reload_command: ReloadCommand = None,
    health_url: HealthUrl = None,
    health_ca: HealthCa = None,
    healthy_within: HealthyWithin = 60,
    settle: Settle = 10,
    as_json: Json = False,
) -> int:
    """Take a site file into use; what is in use comes back by itself if services are not well.

    Central and the terminals of this machine start again, one after the other.
    """
    installed = Installed(in_use)
    services = _services(
        reload_command, _Health(health_url or [], health_ca, healthy_within), settle_s=settle
    )
    period = None if confirm_within is None else timedelta(minutes=confirm_within)
    with _said(), _unheard_hangup():
        _refuse_itself(file, in_use)
        with installed.alone():
            text = file.read_bytes()
            report = examine(file, in_use, accepts_losses=accept_losses)
            if text != file.read_bytes():
                raise ChangeError(f"{file} was written to while it was checked: say it again")
            if not report.may_be_applied or not (report.changes or report.is_first):
                _tell(report, as_json=as_json)
                return 0 if report.may_be_applied else 1
            outcome = applying.apply(
                installed, text, services, now=datetime.now(UTC), confirm_within=period
            )
        if period is not None and installed.pending() is not None:
            within = f"within {confirm_within:g} minutes"
            _say(f"{outcome}; say `menshen config confirm` {within}", err=True)
            outcome = applying.wait(installed, services, confirm_within=period)
    _tell(report, as_json=as_json, outcome=outcome)
    return 0


@config.command()
def confirm(*, in_use: InUse = Path(IN_USE)) -> None:
    """Say that all is well after `menshen config apply --confirm-within` has asked for it."""
    installed = Installed(in_use)
    # Before the services are up nobody can know that all is well.
    with _said(), installed.alone():
        applying.confirm(installed)
    typer.echo("confirmed")


@config.command()
def rollback(
    *,
    in_use: InUse = Path(IN_USE),
    reload_command: ReloadCommand = None,
    health_url: HealthUrl = None,
    health_ca: HealthCa = None,
    healthy_within: HealthyWithin = 60,
    settle: Settle = 10,
) -> None:
    """Take the version before into use; once more goes back again."""
    services = _services(
        reload_command, _Health(health_url or [], health_ca, healthy_within), settle_s=settle
    )
    installed = Installed(in_use)
    with _said(), _unheard_hangup(), installed.alone():
        outcome = applying.rollback(installed, services, now=datetime.now(UTC))
    typer.echo(f"the version before is in use; {outcome}")


@contextlib.contextmanager
def _unheard_hangup() -> Iterator[None]:
    """Go on when the terminal hangs up: the way back must not go with a connection."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _refuse_itself(file: Path, in_use: Path) -> None:
    if file.exists() and in_use.exists() and file.samefile(in_use):
        raise ChangeError(
            f"{file} is the file in use: change a copy of it, so that there is a way back"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Health:
    """What must answer. Attributes: authority: PEM; None is the machine's own."""

    urls: list[str]
    authority: Path | None
    within_s: float


def _services(command: str | None, health: _Health, *, settle_s: float) -> Services:
    services: Services = NoServices()
    try:
        if command is not None:
            services = CommandServices(command)
        elif SystemdServices.is_here():
            services = SystemdServices(settle_s=settle_s)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--reload-command") from error
    if any(not url.startswith(("http://", "https://")) for url in health.urls):
        raise typer.BadParameter("give http://... or https://...", param_hint="--health-url")
    try:
        trusted = ssl.create_default_context(cafile=health.authority)
    except OSError as error:
        raise typer.BadParameter(
            f"{health.authority} is no PEM of an authority", param_hint="--health-ca"
        ) from error
    answers = functools.partial(trouble_of, trusted=trusted)
    return HealthyServices(services, health.urls, within_s=health.within_s, answers=answers)


def _tell(report: Report, *, as_json: bool, outcome: str | None = None) -> None:
    if as_json:
        document = report.document() | ({} if outcome is None else {"outcome": outcome})
        _say(json.dumps(document, ensure_ascii=False))
        return
    _say("\n".join([*lines_of(report), *([] if outcome is None else [outcome])]))


def _say(words: str, *, err: bool = False) -> None:
    # Who waits for a confirmation may have lost the terminal that it was asked on.
    with contextlib.suppress(OSError):
        typer.echo(words, err=err)


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Say a failure in one line."""
    try:
        yield
    except (ChangeError, SiteError) as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        where = error.filename or "the system"
        raise typer.TyperException(f"{where}: {os.strerror(error.errno or 0)}") from error
