"""The command ``menshen central``."""

import asyncio
import ipaddress
import json
import logging
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvicorn
import uvloop
from fastapi import FastAPI

from central.app import create_app
from central.database import DatabaseError
from central.keys import KeysError
from central.services import Services
from central.settings import Settings
from config.settings import menshen_home
from config.site import SiteError, load_site

central = typer.Typer(add_completion=False)
SHUTDOWN_S: Final = 2
# Longer than clients keep an idle connection (ours: 5 s; proxies: 60 s): the client must close
# first, or its next request may cross with the server's close.
KEEP_ALIVE_S: Final = 75
UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to


class Server(uvicorn.Server):
    """A server that ends its streams, which never end by themselves, before it waits for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        app = self.config.app
        if isinstance(app, FastAPI):
            services: Services = app.state.services
            services.hub.close()
            services.node_hub.close()
        await super().shutdown(sockets)


@central.command()
def run(
    *,
    site: Annotated[Path, typer.Option(help="The site file.")],
    home: Annotated[Path | None, typer.Option(help="State folder.")] = None,
    database: Annotated[
        str | None, typer.Option(help="postgresql://... for several central processes.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8080,
    name: Annotated[
        str | None, typer.Option(help="What nodes and browsers call this machine.")
    ] = None,
    tls: Annotated[bool, typer.Option(help="HTTPS on loopback, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line for machines.")] = False,
) -> None:
    """Run the central service."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        loaded = load_site(site)
    except SiteError as error:
        raise typer.BadParameter(str(error)) from error
    listener = _listen(host, port)
    called = name or (socket.gethostname() if host in UNSPECIFIED else host)
    scheme = "https" if tls or not is_loopback(host) else "http"
    settings = Settings(
        site=loaded,
        home=home or menshen_home() / "central",
        database=database,
        url=f"{scheme}://{_bracketed(called)}:{listener.getsockname()[1]}",
    )
    try:
        uvloop.run(_serve(settings, listener, _names(called, host), as_json=as_json))
    except (DatabaseError, KeysError) as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        raise typer.TyperException(
            f"cannot use {settings.home}: {error.strerror or error}"
        ) from error
    finally:
        listener.close()


async def _serve(
    settings: Settings, listener: socket.socket, names: list[str], *, as_json: bool
) -> None:
    app = create_app(settings)
    # Started here and not by the server, so that what prevents it is said in one line.
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            # Paths hold identifiers of people, and their log would be kept by nobody's rule.
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            **_tls(services, names),
        )
        server = Server(config)
        announcing = asyncio.create_task(_announce(server, services, as_json=as_json))
        await server.serve(sockets=[listener])
        announcing.cancel()


async def _announce(server: Server, services: Services, *, as_json: bool) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this alone
        await asyncio.sleep(0.01)
    invitation = await services.users.invite_first(now=services.now())
    link = None if invitation is None else invitation.link
    expires_at = None if invitation is None else invitation.expires_at.isoformat()
    url = services.settings.url
    if as_json:
        _say(json.dumps({"url": url, "invitation_link": link, "expires_at": expires_at}))
        return
    _say(f"central listens at {url}")
    if link is not None:
        _say(f"become its first administrator (once, until {expires_at}): {link}")


def _say(line: str) -> None:
    # Standard output and never the log: the link must not be kept anywhere.
    print(line, flush=True)  # noqa: T201 - the answer that was asked for


def _tls(services: Services, names: list[str]) -> dict[str, Any]:
    if services.authority is None:
        return {}
    certificate, key = services.authority.write_server_files(
        services.settings.home / "tls", names, now=datetime.now(UTC)
    )
    return {"ssl_certfile": certificate, "ssl_keyfile": key}


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise typer.BadParameter(
            f"cannot listen at {host}:{port} ({error.strerror}): give another --port or --host"
        ) from error


def _names(called: str, host: str) -> list[str]:
    others = [socket.gethostname(), "localhost", "127.0.0.1", "::1"]
    names = [called, *others] if host in UNSPECIFIED else [called, host, *others]
    return list(dict.fromkeys(names))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
