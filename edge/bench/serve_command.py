"""``menshen device serve``: the bench in a browser."""

import asyncio
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.site import SiteError, load_site
from edge.bench.line_options import Json
from edge.bench.live_line import ended_by_signal

if TYPE_CHECKING:
    from fastapi import FastAPI

Host = Annotated[
    str, typer.Option(help="Another address than loopback lets other machines of the site in.")
]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="0 is any.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="Offer the devices of a site file.")]


def serve(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8190,
    site: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Serve the bench page until Ctrl-C: simulators, live devices, tests. Its link works once."""
    # Not at the top: the bench's other commands need no web server, which takes long to load.
    from edge.bench.access import Access, is_loopback
    from edge.bench.catalogue import catalogue
    from edge.bench.server import create_app

    try:
        offered = catalogue(None if site is None else load_site(site))
        listener = socket.create_server((host, port))
    except (ValueError, SiteError) as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        raise typer.TyperException(
            f"the bench cannot listen on {host}:{port}: {os.strerror(error.errno or 0)};"
            " choose another --port"
        ) from error
    with listener, ended_by_signal() as ended:
        number = listener.getsockname()[1]
        access = Access(host, number)
        link = f"http://{_shown(host)}:{number}/#token={access.new_token()}"
        app = create_app(offered, access)
        if as_json:
            typer.echo(json.dumps({"bench": link}))
        else:
            typer.echo(f"the bench, until Ctrl-C; this link works once: {link}")
            if not is_loopback(host):
                typer.echo("other machines reach it: its traffic is not encrypted", err=True)
        asyncio.run(_serve(app, listener, ended))


async def _serve(app: "FastAPI", listener: socket.socket, ended: threading.Event) -> None:
    """Serve until it is over; then everything on the bench ends."""
    from edge import pages  # not at the top: see above

    async with app.router.lifespan_context(app):
        serving = asyncio.create_task(pages.serve(app, listener))
        try:
            await asyncio.to_thread(ended.wait)
        finally:
            serving.cancel()
            await asyncio.wait({serving})


def _shown(host: str) -> str:
    """Return a host as it stands in an address that somebody can open."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
