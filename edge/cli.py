"""The command ``menshen edge``: run one terminal."""

import asyncio
import contextlib
import functools
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from config.contract.trust import NodeToken, TrustError
from config.crypto.sm2 import Sm2UnavailableError
from config.logs import LogForm, LogFormOption, LogLevel, LogLevelOption, start_log
from config.notify import READY, STOPPING, notify
from config.settings import menshen_home
from config.site import Site, SiteError, load_site
from config.watchdog import Watchdog
from edge.app import Node, Ready
from edge.identity import Home, Identity, IdentityError
from edge.journal import JournalUnusableError
from edge.memory import limit_arenas
from edge.release import until_released
from edge.sealing import SealError, machine_sealer
from models.store import default_store

edge = typer.Typer(add_completion=False, rich_markup_mode=None)

_log = logging.getLogger("edge.cli")

SiteFile = Annotated[Path, typer.Option("--site", help="The site file (TOML).")]
NodeName = Annotated[str, typer.Option("--node", help="Which node of the site this is.")]
HomeFolder = Annotated[
    Path | None, typer.Option("--home", help="State folder; default: $MENSHEN_HOME/edge-NODE.")
]
Token = Annotated[
    str,
    typer.Option(
        envvar="MENSHEN_TOKEN", help="One-time token from central, to join it at the first start."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@edge.callback(invoke_without_command=True)
def run(
    *,
    site_file: SiteFile,
    node: NodeName,
    home: HomeFolder = None,
    token: Token = "",
    log: LogFormOption = LogForm.TEXT,
    log_level: LogLevelOption = LogLevel.INFO,
    as_json: Json = False,
) -> None:
    """Run one terminal: cameras, gates, decisions, its own page; it needs no network to decide."""
    limit_arenas()
    start_log(log, log_level)
    try:
        site = load_site(site_file)
        site.for_node(node)  # before a folder is made for a node that there is not
        place = Home(
            home or menshen_home() / f"edge-{node}",
            sealer=machine_sealer(),
            with_release=site.policy.terminal_keys == "release",
        )
        asyncio.run(_run(site, place, node, token, as_json=as_json))
    except (
        SiteError,
        IdentityError,
        SealError,
        JournalUnusableError,
        Sm2UnavailableError,
    ) as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        raise typer.TyperException(f"{error.filename or 'the system'}: {error.strerror}") from error


async def _run(site: Site, home: Home, node: str, token: str, *, as_json: bool) -> None:
    work = asyncio.current_task()
    if work is None:
        raise ValueError("not in a task")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no such handlers; Ctrl-C then ends the loop by itself.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, functools.partial(_stop, work))
    identity = await _identify(site, home, node, token)
    watchdog = Watchdog()

    def terminal(identity: Identity) -> Node:
        return Node(
            site.for_node(node),
            home,
            identity,
            store=default_store(),
            whole=site,
            watchdog=watchdog,
        )

    def on_ready(ready: Ready) -> None:
        _say_ready(ready, home, as_json=as_json)
        notify(READY, "STATUS=at work")

    watchdog.start()
    with contextlib.suppress(asyncio.CancelledError):
        if home.is_locked:
            await until_released(identity, home, run=terminal(identity).run, on_ready=on_ready)
            identity = await _identify(site, home, node, token)
        await terminal(identity).run(on_ready=on_ready)
    watchdog.stop()
    _log.info("terminal %s has ended", node)


def _stop(work: asyncio.Task[Any]) -> None:
    notify(STOPPING)
    work.cancel()


async def _identify(site: Site, home: Home, node: str, token: str) -> Identity:
    """Return who this node is, joining central if it has not yet.

    Raises:
        IdentityError: It has not joined and cannot.
    """
    identity = home.load(site=site.site.id, node=node)
    if identity is not None:
        return identity
    if not token:
        raise IdentityError(
            f"node {node!r} has not joined its central yet: make a token there and give it"
            " with --token"
        )
    try:
        return await home.enrol(NodeToken.from_line(token), site=site.site.id, node=node)
    except TrustError as error:
        raise IdentityError(str(error)) from error


def _say_ready(ready: Ready, home: Home, *, as_json: bool) -> None:
    if as_json:
        line = {"node": ready.node, "kiosk": ready.kiosk_url, "local_key": home.local_key()}
        typer.echo(json.dumps(line))
    elif ready.kiosk_url is None:
        typer.echo(f"terminal {ready.node} is at work, without a page of its own")
    else:
        typer.echo(f"terminal {ready.node} is at work; its page: {ready.kiosk_url}")
    sys.stdout.flush()
