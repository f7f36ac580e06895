"""One site among others: started, started again when it cannot, and stopped, by itself."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from central.certificates.connection import demanding
from central.certificates.server import ServerCertificate
from central.database import DatabaseError
from central.hosting.folder import SiteFile
from central.hosting.tls import NamedContext, context_of
from central.keys import KeysError
from central.postgresql import first_line
from central.services import Services

_log = logging.getLogger("central.hosting")
RETRY_S_MIN: Final = 1.0
RETRY_S_MAX: Final = 60.0


class Hosted:
    """A site in this process.

    Attributes:
        file: Its site file.
        app: Its application once it serves, else None.
        tls: What connections to it are opened with; None without TLS, or while it does not serve.
        terminals_tls: Likewise those of terminals with a certificate of this site.
        problem: Why it does not serve, in one line; None when it does, or nobody knows yet.
        settled: Set once it serves, or the first attempt has failed.
    """

    def __init__(
        self,
        file: SiteFile,
        make_app: Callable[[SiteFile], Awaitable[FastAPI]],
        *,
        starting: asyncio.Semaphore,
        on_change: Callable[[], None],
        terminals_port: int | None = None,
    ) -> None:
        """Take a site file; nothing is started yet.

        Args:
            file: Of the site.
            make_app: Makes the application; may fail as its start may.
            starting: Held while a site starts: how many may at once.
            on_change: Called whenever ``app`` is another one.
            terminals_port: Where connections with a certificate are taken; None is nowhere.
        """
        self.file = file
        self.app: FastAPI | None = None
        self.tls: NamedContext | None = None
        self.terminals_tls: NamedContext | None = None
        self.problem: str | None = None
        self.settled = asyncio.Event()
        self._make_app, self._starting, self._on_change = make_app, starting, on_change
        self._terminals_port = terminals_port
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def services(self) -> Services | None:
        """Of the application, once it serves."""
        if self.app is None:
            return None
        services: Services = self.app.state.services
        return services

    def start(self) -> None:
        """Start it, and again whenever that fails."""
        self._task = asyncio.create_task(self._run(), name=f"site {self.file.site_id}")

    def end_streams(self) -> None:
        """End the streams, whose readers connect again by themselves."""
        if (services := self.services) is not None:
            services.end_streams()

    async def stop(self) -> None:
        """Stop it; what was begun is finished."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        wait_s = RETRY_S_MIN
        while not self._stop.is_set():
            try:
                await self._serve()
            except (DatabaseError, KeysError, SQLAlchemyError, OSError) as error:
                self._say(first_line(error))
            except Exception as error:
                # A supervisor: whatever a site does, the others go on; the log has the traceback.
                _log.exception("site %s ended and begins again", self.file.site_id)
                self._say(first_line(error))
            self.settled.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stop.wait()
            wait_s = min(2 * wait_s, RETRY_S_MAX)

    async def _serve(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with self._starting:
                app = await self._make_app(self.file)
                await stack.enter_async_context(app.router.lifespan_context(app))
            if self.problem is not None:
                _log.warning("site %s serves again", self.file.site_id)
            services: Services = app.state.services
            self.tls = _tls(services, self.file.host)
            self.terminals_tls = self._entrance_of(services)
            self.app, self.problem = app, None
            self._on_change()
            self.settled.set()
            try:
                await self._stop.wait()
            finally:
                self.end_streams()
                self.app = self.tls = self.terminals_tls = None
                self._on_change()

    def _entrance_of(self, services: Services) -> NamedContext | None:
        served, port = services.certificate, self._terminals_port
        if services.authority is None or served.value is None or port is None:
            return None
        context = context_of(self.file.host, *served.value.files)
        demanding(context, services.authority.pem)
        served.value.serve_with(context)
        served.terminals_port = port
        return context

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            _log.error("site %s does not start, and is tried again: %s",
                       self.file.site_id, problem)  # fmt: skip
        self.problem = problem


def _tls(services: Services, host: str) -> NamedContext | None:
    if services.authority is None:
        return None
    served = ServerCertificate(services.authority, services.settings.home / "tls", [host])
    context = context_of(host, *served.write(now=services.now()))
    # Made anew in time, it is shown from the next handshake on.
    served.serve_with(context)
    services.certificate.value = served
    return context
