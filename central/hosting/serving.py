"""Running many sites: started, announced, taken in anew on SIGHUP, and stopped in order."""

import asyncio
import dataclasses
import json
import logging
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from central.certificates.connection import Entrance
from central.database import DatabaseError
from central.hosting.hosted import Hosted
from central.hosting.sites import Sites
from central.hosting.tls import NamedConnection, ServerNames
from central.pulse import loop_watched
from central.serving import Server, spare_the_collector
from central.settings import ClientCertificates
from config.crypto.suite import SuiteName
from config.notify import READY, notify
from config.site import SiteError
from config.watchdog import Watchdog

_log = logging.getLogger("central.hosting")
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What the command was asked for.

    Attributes:
        name: Of this central, before which ids stand.
        crypto: The suite of sites that are new.
        entrance: Bound and listening, for terminals with a certificate; None without.
    """

    folder: Path
    home: Path
    database: str | None
    name: str
    crypto: SuiteName | None
    _: dataclasses.KW_ONLY
    is_secure: bool
    as_json: bool
    client_certificates: ClientCertificates
    entrance: socket.socket | None


async def serve(wish: Wish, listener: socket.socket, say: Say) -> None:
    """Serve every site of a folder until a signal ends it.

    Raises:
        SiteError: There is no site file.
        DatabaseError: The database does not answer, or cannot hold many sites.
        KeysError: There is one key for all.
    """
    scheme, port = "https" if wish.is_secure else "http", listener.getsockname()[1]
    names = ServerNames() if wish.is_secure else None
    certified = None if wish.entrance is None else ServerNames(with_certificate=True)
    entrance = None
    if certified is not None and wish.entrance is not None:
        entrance = Entrance(wish.entrance, certified.listener)
    sites = Sites(
        wish.folder,
        home=wish.home,
        database=wish.database,
        name=wish.name,
        crypto=wish.crypto,
        url_of=lambda host: f"{scheme}://{host}:{port}",
        on_change=lambda hosted: show(names, certified, hosted),
        client_certificates=wish.client_certificates,
        terminals_port=None if entrance is None else entrance.port,
    )
    server = Server(
        sites.front,
        end_streams=sites.end_streams,
        tls=None if names is None else names.listener,
        protocol=HttpToolsProtocol if names is None else NamedConnection,
        entrance=entrance,
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await sites.start()
        spare_the_collector()
        loop, reloading = asyncio.get_running_loop(), set[asyncio.Task[None]]()

        def reload() -> None:
            task = asyncio.create_task(_reload(sites))
            reloading.add(task)
            task.add_done_callback(reloading.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        if not server.should_exit:
            await _announce(sites, say, as_json=wish.as_json)
        async with loop_watched(Watchdog()):
            await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
        await sites.stop()


async def _reload(sites: Sites) -> None:
    try:
        await sites.reload()
    except (SiteError, DatabaseError) as error:
        _log.error("the folder of sites is not taken in: %s", error)
        return
    _log.info("%d sites are served", sum(each.app is not None for each in sites.hosted))


async def _announce(sites: Sites, say: Say, *, as_json: bool) -> None:
    said = [await _described(sites, each) for each in sites.hosted]
    notify(READY, f"STATUS=serves {sum(each['problem'] is None for each in said)} sites")
    if as_json:
        say(json.dumps({"sites": said, "problems": sites.problems}))
        return
    ready = sum(each["problem"] is None for each in said)
    say(f"central serves {ready} of {len(said) + len(sites.problems)} sites")
    for each in said:
        if each["problem"] is not None:
            say(f"{each['site']}: {each['problem']}")
        elif each["invitation_link"] is not None:
            until, link = each["expires_at"], each["invitation_link"]
            say(f"{each['site']}: become its first administrator (once, until {until}): {link}")
    for line in sites.problems:
        say(line)


async def _described(sites: Sites, hosted: Hosted) -> dict[str, Any]:
    services, invitation = hosted.services, None
    if services is not None:
        invitation = await services.users.invite_first(now=services.now())
    return {
        "site": hosted.file.site_id,
        "url": sites.url_of(hosted),
        "problem": hosted.problem,
        "invitation_link": None if invitation is None else invitation.link,
        "expires_at": None if invitation is None else invitation.expires_at.isoformat(),
    }


def show(names: ServerNames | None, certified: ServerNames | None, hosted: list[Hosted]) -> None:
    """Show the certificates of sites that serve.

    Args:
        names: Of the address.
        certified: Of the entrance of terminals with a certificate.
        hosted: All sites.
    """
    if names is not None:
        names.contexts = {each.file.host: each.tls for each in hosted if each.tls is not None}
    if certified is not None:
        certified.contexts = {
            each.file.host: each.terminals_tls for each in hosted if each.terminals_tls is not None
        }
