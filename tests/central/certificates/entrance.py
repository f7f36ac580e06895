"""Central with TLS and an entrance for terminals, in the loop of a test; and who comes there."""

import asyncio
import contextlib
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from central.app import create_app
from central.authority import Authority
from central.certificates.connection import CertifiedConnection
from central.certificates.serving import entrance_of, server_tls
from central.certificates.terminals import give
from central.nodes import repository
from central.services import Services
from central.serving import Server
from central.settings import ClientCertificates, Settings
from config.contract.events import ClockQuality
from config.contract.identifiers import new_id
from config.contract.nodes import NodeStatus
from config.contract.trust import public_text, sign_request
from edge.certificates import CertificateKey
from edge.identity import Identity
from tests.central.bench import SITE, Clock
from tests.central.migrated import migrated_file

STATUS = "/api/v1/nodes/current/status"
CERTIFICATE = "/api/v1/nodes/current/certificate"


class Entered:
    """A running central. Attributes: url: of its address. entrance: of its other port, or None."""

    def __init__(self, services: Services, clock: Clock, port: int, entrance: int | None) -> None:
        self.services, self.clock = services, clock
        self.url = f"https://localhost:{port}"
        self.entrance = None if entrance is None else f"https://localhost:{entrance}"

    @property
    def authority(self) -> Authority:
        assert self.services.authority is not None
        return self.services.authority

    def client(
        self, url: str | None = None, tls: ssl.SSLContext | None = None
    ) -> httpx.AsyncClient:
        """Return a client that trusts this site, with ``tls`` or without a certificate."""
        return httpx.AsyncClient(
            base_url=url or self.url, verify=tls or trusting(self.authority), trust_env=False
        )

    async def node(self, name: str = "gate-1") -> "Terminal":
        """Let a terminal join."""
        terminal = Terminal(self, name)
        async with self.services.database.write() as transaction:
            await repository.put_keys(
                transaction,
                name,
                signing_key=public_text(terminal.signing_key.public_key()),
                sealing_key=public_text(terminal.sealing_key.public_key()),
                now=self.clock(),
            )
        return terminal

    async def shut_out(self, name: str) -> None:
        async with self.services.database.write() as transaction:
            await repository.remove(transaction, name)


class Terminal:
    """A terminal that signs, and can be given a certificate."""

    def __init__(self, central: Entered, name: str) -> None:
        self.central, self.name = central, name
        self.site = central.services.settings.site.site.id
        self.signing_key = Ed25519PrivateKey.generate()
        self.sealing_key = X25519PrivateKey.generate()

    @property
    def identity(self) -> Identity:
        return Identity(
            site=self.site,
            node=self.name,
            url=self.central.url,
            signing_key=self.signing_key,
            sealing_key=self.sealing_key,
            central_key=public_text(self.central.services.central_key.public_key()),
            card_key=bytes(32),
            ca_certificate=self.central.authority.pem,
        )

    def status(self) -> NodeStatus:
        return NodeStatus(
            at=self.central.clock(), version="1", epoch=new_id(), replica_version=0,
            last_sequences={}, unsent_count=0, is_journal_writable=True, pipeline="builtin",
            clockquality=ClockQuality.SYNCHRONISED,
        )  # fmt: skip

    def signature(self, method: str, target: str, body: str) -> dict[str, str]:
        token = sign_request(
            self.signing_key, node=self.name, site=self.site, method=method, target=target,
            body=body.encode(), now=self.central.clock(),
        )  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    async def ask(
        self, client: httpx.AsyncClient, method: str, target: str, body: str = ""
    ) -> httpx.Response:
        headers = self.signature(method, target, body)
        return await client.request(method, target, content=body.encode(), headers=headers)

    async def report(self, client: httpx.AsyncClient) -> httpx.Response:
        return await self.ask(client, "PUT", STATUS, self.status().model_dump_json(by_alias=True))

    def certified(
        self,
        *,
        by: Authority | None = None,
        now: datetime | None = None,
        trusts: Authority | None = None,
    ) -> ssl.SSLContext:
        """Return what connections with a certificate of this terminal are opened with."""
        key = CertificateKey()
        certificate = give(
            by or self.central.authority,
            key.request(self.name),
            site=self.site,
            node=self.name,
            key=public_text(self.signing_key.public_key()),
            now=now or self.central.clock(),
        )
        tls = trusting(trusts or self.central.authority)
        key.show_with(tls, certificate)
        return tls


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.pem)


@contextlib.asynccontextmanager
async def entered(
    folder: Path, wanted: ClientCertificates = ClientCertificates.OPTIONAL
) -> AsyncIterator[Entered]:
    """Run central while inside."""
    home, clock = folder / "home", Clock()
    home.mkdir(mode=0o700)
    shutil.copy(migrated_file(), home / "central.sqlite3")
    listener = socket.create_server(("127.0.0.1", 0))
    settings = Settings(site=SITE, home=home, url="https://localhost", client_certificates=wanted)
    app = create_app(settings, now=clock)
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        tls, entrance = server_tls(services, ["localhost"]), None
        if wanted is not ClientCertificates.OFF:
            entrance = entrance_of(services, socket.create_server(("127.0.0.1", 0)))
        server = Server(
            app,
            end_streams=services.end_streams,
            tls=tls,
            protocol=CertifiedConnection,
            entrance=entrance,
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Entered(
                services,
                clock,
                listener.getsockname()[1],
                None if entrance is None else entrance.port,
            )
        finally:
            server.should_exit = True
            await serving
