"""Two sites behind one entrance for terminals: each takes certificates of its own authority."""

import asyncio
import shutil
import socket
import ssl
from pathlib import Path

import httpx

from central.certificates.connection import Entrance
from central.hosting.serving import show
from central.hosting.sites import Sites
from central.hosting.tls import NamedConnection, ServerNames
from central.serving import Server
from central.settings import ClientCertificates
from tests.central.bench import Clock
from tests.central.certificates.entrance import STATUS, Entered, Terminal
from tests.central.hosting.city import SITE
from tests.central.migrated import migrated_file


async def answer(
    terminal: Terminal, tls: ssl.SSLContext, *, sni: str = "", host: str = ""
) -> int | str:
    """Return what a report meets with; it calls its own site, unless told otherwise."""
    own = f"{terminal.site}.localhost"
    body = terminal.status().model_dump_json(by_alias=True)
    async with httpx.AsyncClient(verify=tls, trust_env=False) as client:
        try:
            reply = await client.put(
                f"{terminal.central.entrance}{STATUS}",
                content=body,
                headers={**terminal.signature("PUT", STATUS, body), "Host": host or own},
                extensions={"sni_hostname": sni or own},
            )
        except httpx.TransportError:
            return "no connection"
    return reply.status_code


async def at_two_sites(folder: Path) -> None:
    (folder / "sites").mkdir()
    for site in ("site-a", "site-b"):
        (folder / "sites" / f"{site}.toml").write_text(SITE.format(site=site))
        (folder / "home" / site).mkdir(parents=True, mode=0o700)
        shutil.copy(migrated_file(), folder / "home" / site / "central.sqlite3")
    names, certified = ServerNames(), ServerNames(with_certificate=True)
    entrance = Entrance(socket.create_server(("127.0.0.1", 0)), certified.listener)
    sites = Sites(
        folder / "sites",
        home=folder / "home",
        database=None,
        name="localhost",
        url_of=lambda host: f"https://{host}",
        on_change=lambda hosted: show(names, certified, hosted),
        client_certificates=ClientCertificates.REQUIRED,
        terminals_port=entrance.port,
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(
        sites.front,
        end_streams=sites.end_streams,
        tls=names.listener,
        protocol=NamedConnection,
        entrance=entrance,
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await sites.start()
        towns = [
            Entered(each.services, Clock(), listener.getsockname()[1], entrance.port)
            for each in sites.hosted
            if each.services is not None
        ]
        a, b = [await town.node() for town in towns]
        of_a_for_b = a.certified(trusts=b.central.authority)

        assert await answer(a, a.certified()) == 204
        assert await answer(b, b.certified()) == 204
        assert await answer(b, of_a_for_b) == "no connection"
        assert await answer(a, a.certified(), host="site-b.localhost") == 421
    finally:
        server.should_exit = True
        await serving
        await sites.stop()


def test_a_certificate_of_one_site_opens_no_connection_to_another(tmp_path: Path) -> None:
    asyncio.run(at_two_sites(tmp_path))
