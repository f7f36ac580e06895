"""All sites of a folder in one process: which run, and what they share."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from central.admission import Admission
from central.app import create_app
from central.database import DatabaseError
from central.hosting.folder import SiteFile, SiteFolder, read_folder
from central.hosting.front import Front
from central.hosting.hosted import Hosted
from central.hosting.schemas import make_schemas
from central.keys import CREDENTIAL, KeysError
from central.people.faces import PipelineFactory, site_pipeline
from central.postgresql import PostgresqlServer
from central.settings import ClientCertificates, Settings
from config.crypto.suite import SuiteName
from config.settings import private_folder
from models.face.types import Pipeline

_log = logging.getLogger("central.hosting")
STARTING_MAX: Final = 4
CONNECTION_COUNT_MAX: Final = 32


class Sites:
    """The sites of a folder.

    Attributes:
        front: The application that passes requests on to them.
        problems: Lines about files that cannot be served.
    """

    def __init__(
        self,
        folder: Path,
        *,
        home: Path,
        database: str | None,
        name: str,
        crypto: SuiteName | None = None,
        url_of: Callable[[str], str],
        on_change: Callable[[list[Hosted]], None] = lambda _: None,
        client_certificates: ClientCertificates = ClientCertificates.OFF,
        terminals_port: int | None = None,
    ) -> None:
        """Take a folder; nothing is started yet.

        Args:
            folder: Of site files.
            home: State folder; each site has one of its own in it.
            database: ``postgresql://...`` for all of them; None is a SQLite file for each.
            name: See ``read_folder``.
            crypto: The suite of sites that are new; those that are there keep theirs.
            url_of: Returns the address of a host.
            on_change: Called with all sites whenever another one serves, or does not any more.
            client_certificates: Whether terminals bring some.
            terminals_port: Where they are taken, if anywhere.

        Raises:
            DatabaseError: The database is not one that holds many sites.
            KeysError: There is one key for all of them.
        """
        self._folder, self._home, self._name, self._url_of = folder, home, name, url_of
        self._crypto: SuiteName | None = crypto
        self._client_certificates, self._terminals_port = client_certificates, terminals_port
        self._database = _address(database)
        self._server: PostgresqlServer | None = None
        self._hosted = dict[str, Hosted]()
        self._starting = asyncio.Semaphore(STARTING_MAX)
        self._pipelines, self._admission = _Pipelines(), Admission()
        self._schema_problems = dict[str, str]()
        self._turn = asyncio.Lock()
        self._on_change = on_change
        self.front, self.problems = Front(), tuple[str, ...]()
        _refuse_one_key()

    @property
    def hosted(self) -> list[Hosted]:
        """The sites, by identifier."""
        return [self._hosted[site_id] for site_id in sorted(self._hosted)]

    async def start(self) -> None:
        """Start every site and wait until each serves or has said why not.

        Raises:
            SiteError: There is no site file.
            DatabaseError: The database does not answer.
        """
        private_folder(self._home)
        if self._database is not None:
            self._server = PostgresqlServer(
                self._database, connection_count_max=CONNECTION_COUNT_MAX
            )
        await self._take_in(read_folder(self._folder, name=self._name))

    async def reload(self) -> None:
        """Take in files that were added, changed or removed; the other sites go on."""
        async with self._turn:
            await self._take_in(read_folder(self._folder, name=self._name))

    async def stop(self) -> None:
        """Stop every site and let go of what they share."""
        await asyncio.gather(*(each.stop() for each in self._hosted.values()))
        if self._server is not None:
            await self._server.close()
            await self._server.engine.dispose()

    def url_of(self, hosted: Hosted) -> str:
        """Return the address of a site."""
        return self._url_of(hosted.file.host)

    def end_streams(self) -> None:
        """End all streams, whose readers connect again by themselves."""
        for each in self._hosted.values():
            each.end_streams()

    async def _take_in(self, found: SiteFolder) -> None:
        self.problems = found.problems
        for line in found.problems:
            _log.error("a site file cannot be served: %s", line)
        files = {file.site_id: file for file in found.files}
        gone = [
            each
            for site_id, each in self._hosted.items()
            if site_id not in files or each.file.digest != files[site_id].digest
        ]
        if self._database is not None:
            self._schema_problems = await make_schemas(
                _plain(self._database), [file.schema for file in found.files]
            )
        await asyncio.gather(*(each.stop() for each in gone))
        for each in gone:
            del self._hosted[each.file.site_id]
        new = [
            Hosted(
                file,
                self._make_app,
                starting=self._starting,
                on_change=self._name_them,
                terminals_port=self._terminals_port,
            )
            for site_id, file in files.items()
            if site_id not in self._hosted
        ]
        self._hosted |= {each.file.site_id: each for each in new}
        self._name_them()
        for each in new:
            each.start()
        await asyncio.gather(*(each.settled.wait() for each in new))

    def _name_them(self) -> None:
        self.front.sites = {each.file.host: each.app for each in self._hosted.values()}
        self._on_change(self.hosted)

    async def _make_app(self, file: SiteFile) -> FastAPI:
        database = None
        if self._database is not None:
            await self._check_schema(self._database, file.schema)
            address = self._database.update_query_dict({"schema": file.schema})
            database = address.render_as_string(hide_password=False)
        home = self._home / file.site_id
        settings = Settings(
            site=file.site,
            home=home,
            database=database,
            url=self._url_of(file.host),
            crypto=None if (home / "kek").exists() else self._crypto,
            client_certificates=self._client_certificates,
        )
        return create_app(
            settings,
            pipeline_factory=self._pipelines.factory(file.site.recognition.pipeline),
            server=self._server,
            admission=self._admission,
        )

    async def _check_schema(self, database: URL, schema: str) -> None:
        if self._schema_problems.pop(schema, None) is not None:
            # Somebody may have put it right meanwhile.
            self._schema_problems |= await make_schemas(_plain(database), [schema])
        if (problem := self._schema_problems.get(schema)) is not None:
            raise DatabaseError(problem)


class _Pipelines:
    """Each pipeline once, however many sites read faces with it: its networks are large."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened = dict[str, Pipeline]()

    def factory(self, name: str) -> PipelineFactory:
        """Return a function that opens a pipeline, at the first call of whichever site."""

        def opened() -> Pipeline:
            with self._lock:
                if name not in self._opened:
                    self._opened[name] = site_pipeline(name)()
                return self._opened[name]

        return opened


def _address(database: str | None) -> URL | None:
    if database is None:
        return None
    try:
        url = make_url(database)
    except ArgumentError as error:
        raise DatabaseError("--database is not the address of a database") from error
    if url.get_backend_name() != "postgresql":
        raise DatabaseError(
            "many sites share a PostgreSQL database, or have a SQLite file each below --home:"
            " give --database postgresql://... or leave it out"
        )
    if "schema" in url.query:
        raise DatabaseError("each site has a schema of its own: leave ?schema= out")
    return url


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _refuse_one_key() -> None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / CREDENTIAL).exists():
        raise KeysError(
            f"the credential {CREDENTIAL} would be the key of every site: leave it out;"
            " each site's key lies below --home"
        )
