"""The command ``menshen central``."""

import asyncio
import contextlib
import ipaddress
import json
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop

from central.app import create_app
from central.certificates.connection import CertifiedConnection
from central.certificates.serving import entrance_of, server_tls
from central.database import DatabaseError
from central.hosting.serving import Wish, serve
from central.keys import KeysError
from central.moving.cli import move
from central.pulse import watched
from central.services import Services
from central.serving import Server, spare_the_collector
from central.settings import ClientCertificates, Settings
from central.users.cli import invite
from config.crypto.sm2 import Sm2UnavailableError
from config.crypto.suite import SuiteName
from config.logs import LogForm, LogFormOption, LogLevel, LogLevelOption, start_log
from config.notify import READY, notify
from config.settings import menshen_home
from config.site import Site, SiteError, load_site
from config.watchdog import Watchdog

central = typer.Typer(add_completion=False)
central.command()(move)
central.command()(invite)
UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


@central.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    *,
    site: Annotated[
        Path | None, typer.Option(help="The site file.", show_default="this or --sites")
    ] = None,
    sites: Annotated[
        Path | None, typer.Option(help="A folder of site files: many sites, kept apart.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="State folder.")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            envvar="MENSHEN_DATABASE", help="postgresql://... for several central processes."
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8080,
    name: Annotated[
        str | None, typer.Option(help="What nodes and browsers call this machine.")
    ] = None,
    tls: Annotated[bool, typer.Option(help="HTTPS on loopback, too.")] = False,
    crypto: Annotated[
        SuiteName | None,
        typer.Option(
            help="The algorithms of a new site, for ever: sm is SM2, SM3 and SM4.",
            show_default="international",
        ),
    ] = None,
    client_certificates: Annotated[
        ClientCertificates,
        typer.Option(help="Whether terminals prove by a certificate, too, who opens a connection."),
    ] = ClientCertificates.OFF,
    terminals_port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Where terminals with a certificate come in."),
    ] = 8444,
    log: LogFormOption = LogForm.TEXT,
    log_level: LogLevelOption = LogLevel.INFO,
    as_json: Annotated[bool, typer.Option("--json", help="One line for machines.")] = False,
) -> None:
    """Run the central service; or, with a command, do something for it."""
    if context.invoked_subcommand is not None:
        if given := _given(context):
            raise typer.BadParameter(
                f"write it behind {context.invoked_subcommand}", param_hint=given
            )
        return
    if (site is None) is (sites is None):
        raise typer.BadParameter("name the file of a site, or --sites", param_hint="--site")
    start_log(log, log_level)
    home = home or menshen_home() / "central"
    is_secure = tls or not is_loopback(host)
    is_certified = client_certificates is not ClientCertificates.OFF
    if is_certified and not is_secure:
        raise typer.BadParameter("certificates go with --tls", param_hint="--client-certificates")
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(contextlib.closing(_listen(host, port)))
        entrance = None
        if is_certified:
            entrance = stack.enter_context(
                contextlib.closing(_listen(host, terminals_port, option="--terminals-port"))
            )
        if sites is not None:
            called = name or _called(host)
            wish = Wish(
                sites,
                home,
                database,
                called,
                crypto,
                is_secure=is_secure,
                as_json=as_json,
                client_certificates=client_certificates,
                entrance=entrance,
            )
            _run(serve(wish, listener, _say), home)
        elif site is not None:
            called = name or (socket.gethostname() if host in UNSPECIFIED else host)
            settings = Settings(
                site=_loaded(site),
                home=home,
                database=database,
                url=f"{'https' if is_secure else 'http'}://{_bracketed(called)}:"
                f"{listener.getsockname()[1]}",
                crypto=crypto,
                client_certificates=client_certificates,
            )
            names = _names(called, host)
            _run(_serve(settings, listener, names, entrance, as_json=as_json), home)


def _run(serving: Coroutine[Any, Any, None], home: Path) -> None:
    try:
        uvloop.run(serving)
    except (DatabaseError, KeysError, SiteError, Sm2UnavailableError) as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        raise typer.TyperException(f"cannot use {home}: {error.strerror or error}") from error


def _loaded(site: Path) -> Site:
    try:
        return load_site(site)
    except SiteError as error:
        raise typer.BadParameter(str(error)) from error


def _given(context: typer.Context) -> str | None:
    """Return an option that stands before a command, where it would be lost."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            return parameter.opts[0]
    return None


async def _serve(
    settings: Settings,
    listener: socket.socket,
    names: list[str],
    entrance: socket.socket | None,
    *,
    as_json: bool,
) -> None:
    app = create_app(settings)
    # Started here and not by the server, so that what prevents it is said in one line.
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        spare_the_collector()
        server = Server(
            app,
            end_streams=services.end_streams,
            tls=server_tls(services, names),
            protocol=CertifiedConnection,
            entrance=None if entrance is None else entrance_of(services, entrance),
        )
        announcing = asyncio.create_task(_announce(server, services, as_json=as_json))
        async with watched(Watchdog(), services.database, app.state.feed):
            await server.serve(sockets=[listener])
        announcing.cancel()


async def _announce(server: Server, services: Services, *, as_json: bool) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this alone
        await asyncio.sleep(0.01)
    invitation = await services.users.invite_first(now=services.now())
    link = None if invitation is None else invitation.link
    expires_at = None if invitation is None else invitation.expires_at.isoformat()
    url = services.settings.url
    notify(READY, f"STATUS=listens at {url}")
    if as_json:
        _say(json.dumps({"url": url, "invitation_link": link, "expires_at": expires_at}))
        return
    _say(f"central listens at {url}")
    if link is not None:
        _say(f"become its first administrator (once, until {expires_at}): {link}")


def _say(line: str) -> None:
    # Standard output and never the log: the link must not be kept anywhere.
    print(line, flush=True)  # noqa: T201 - the answer that was asked for


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise typer.BadParameter(
            f"cannot listen at {host}:{port} ({error.strerror}): give another {option} or --host"
        ) from error


def _called(host: str) -> str:
    """Return what stands behind the identifiers of sites."""
    if host in UNSPECIFIED:
        return socket.gethostname()
    if is_loopback(host):
        return "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    raise typer.BadParameter(
        "sites are told apart by their names: say what this central is called",
        param_hint="--name",
    )


def _names(called: str, host: str) -> list[str]:
    others = [socket.gethostname(), "localhost", "127.0.0.1", "::1"]
    names = [called, *others] if host in UNSPECIFIED else [called, host, *others]
    return list(dict.fromkeys(names))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
