"""One PostgreSQL server: connections that all sites of a process share, and one that listens.

A site of a city has a schema of its own, which belongs to a role of its own. What a transaction of
the site says, it says as that role and finds in that schema alone: both are told in the message
that begins it, cost no round trip, and end with it, so that a connection is nobody's when it goes
back. A statement that names another site's table is refused by PostgreSQL.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Final, Self

import psycopg
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_log = logging.getLogger("central.database")
CHANNEL: Final = "menshen"
EVERYTHING: Final = "*"
"""Announced when announcements may have been missed."""
LISTEN_RETRY_S: Final = 1.0
LISTEN_CHECK_S: Final = 15.0
MUTE_S_MAX: Final = 2 * LISTEN_CHECK_S
"""Who did not answer for so long is not heard any more, whatever the connection says."""
CONNECTION_COUNT_MAX: Final = 16
POOL_WAIT_S: Final = 5.0
SHARE: Final = 4
"""So many sites can use up what all share, and one alone no more than its part."""
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a site's tables lie.

    Attributes:
        schema: Also the name of the role that it belongs to; None is the schema of whoever
            connects, as whoever connects.
    """

    schema: str | None = None

    @classmethod
    def of(cls, url: URL) -> tuple[Self, URL]:
        """Return the place that an address names by ``?schema=``, and the address without it.

        Raises:
            ValueError: No site has such a schema.
        """
        schema = url.query.get("schema")
        if schema is None:
            return cls(), url
        if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema):
            raise ValueError("?schema= is one name of small letters, digits and _")
        return cls(schema), url.difference_update_query(["schema"])

    @property
    def channel(self) -> str:
        """What its announcements are heard on; others' are not."""
        return self.schema or CHANNEL

    def begin(self, *, is_write: bool) -> str:
        """Return what begins a transaction: one message, so one round trip."""
        # By itself each statement of a reader would see a moment of its own.
        words = "BEGIN" if is_write else "BEGIN ISOLATION LEVEL REPEATABLE READ"
        return "; ".join(filter(None, (words, self.enter())))

    def enter(self) -> str:
        """Return what lets a transaction see this place alone; nothing where it needs nothing."""
        if self.schema is None:
            return ""
        # Temporary tables last: whoever used the connection before must not hide the site's.
        path = f'"{self.schema}", pg_temp'
        return f'SET LOCAL ROLE "{self.schema}"; SET LOCAL search_path = {path}'

    def named(self, table: str) -> str:
        """Return a table's name for PostgreSQL's tools."""
        return table if self.schema is None else f"{self.schema}.{table}"

    def tool_words(self) -> list[str]:
        """Return what lets PostgreSQL's tools see this place alone."""
        return [] if self.schema is None else [f"--schema={self.schema}", f"--role={self.schema}"]

    def lock(self, number: int) -> tuple[int, ...]:
        """Return the key of an advisory lock, which is the whole database's, for this place."""
        if self.schema is None:
            return (number,)
        digest = hashlib.sha256(self.schema.encode()).digest()
        return int.from_bytes(digest[:4], signed=True), number


class PostgresqlServer:
    """Connections to one database, for one event loop."""

    def __init__(
        self,
        url: URL,
        *,
        connection_count_max: int = CONNECTION_COUNT_MAX,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take an address without ``?schema=``; nothing is opened yet.

        Args:
            url: The address.
            connection_count_max: Of all sites together.
            now_s: Monotonic.

        Attributes:
            share: How many connections one of several sites has at most.
        """
        self.engine = _make_engine(url, connection_count_max)
        self.share = max(1, connection_count_max // SHARE)
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listeners = dict[str, list[Callable[[str], None]]]()
        self._listening: asyncio.Task[None] | None = None
        self._waiting: asyncio.Timeout | None = None
        self._heard, self._answered_at_s, self._now_s = frozenset[str](), 0.0, now_s

    async def close(self) -> None:
        """Stop listening. The engine is whoever's connections are."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    def listen(self, channel: str, listener: Callable[[str], None]) -> None:
        """Call a function with what is announced on a channel, and ``EVERYTHING`` at first."""
        self._listeners.setdefault(channel, []).append(listener)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="database-listen")
        elif self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(0)

    def forget(self, channel: str, listener: Callable[[str], None]) -> None:
        """Call a function no more."""
        heard_by = self._listeners.get(channel, [])
        if listener in heard_by:
            heard_by.remove(listener)

    def hears(self, channel: str) -> bool:
        """Return whether announcements on a channel are heard: the server answered lately."""
        is_alive = self._now_s() - self._answered_at_s < MUTE_S_MAX
        return is_alive and channel in self._heard

    async def _listen(self) -> None:
        is_lost = False
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
                try:
                    await self._hear_also(connection)
                    if is_lost:
                        _log.warning("announcements of the database are heard again")
                    is_lost = False
                    while True:
                        await self._hear(connection)
                        await self._hear_also(connection)
                finally:
                    self._heard = frozenset()
                    # At once: who leaves may be cancelled again, and nothing is to be taken back.
                    await connection.close()
            except (psycopg.Error, OSError) as error:
                if not is_lost:
                    _log.warning("announcements of the database are lost: %s", first_line(error))
                is_lost = True
            await asyncio.sleep(LISTEN_RETRY_S)

    async def _hear_also(self, connection: psycopg.AsyncConnection) -> None:
        """Listen to channels that came, and to no more of those without a listener."""
        heard, wanted = self._heard, self._wanted()
        words = [f'LISTEN "{channel}"' for channel in sorted(wanted - heard)]
        words += [f'UNLISTEN "{channel}"' for channel in sorted(heard - wanted)]
        await connection.execute("; ".join(words or ["SELECT 1"]).encode())
        self._heard, self._answered_at_s = wanted, self._now_s()
        for channel in wanted - heard:
            self._tell(channel, EVERYTHING)

    def _wanted(self) -> frozenset[str]:
        return frozenset(channel for channel, by in self._listeners.items() if by)

    async def _hear(self, connection: psycopg.AsyncConnection) -> None:
        """Tell what comes, until the connection is to be tried or a channel comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None) as self._waiting:
                if not self._wanted() <= self._heard:
                    self._waiting.reschedule(0)  # it came while the last ones were listened to
                async for notice in connection.notifies(timeout=LISTEN_CHECK_S):
                    self._tell(notice.channel, notice.payload)
        self._waiting = None

    def _tell(self, channel: str, topic: str) -> None:
        for listener in tuple(self._listeners.get(channel, ())):
            listener(topic)


def _make_engine(url: URL, connection_count_max: int) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        # Transactions are begun by the event below, not by the driver.
        isolation_level="AUTOCOMMIT",
        # All are kept: to open one costs more than what it is used for.
        pool_size=connection_count_max,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def blocking_engine(url: URL) -> Engine:
    """Return an engine for a thread that waits for the database, without a pool."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    place: Place = options.get("place", Place())
    connection.exec_driver_sql(place.begin(is_write=options.get("is_write", False)))


def announcing(channel: str, topics: Iterable[str]) -> str:
    """Return the statements that announce topics; empty for none."""
    notify = sql.SQL("NOTIFY {}, {}")
    said = (notify.format(sql.Identifier(channel), sql.Literal(topic)) for topic in topics)
    # The driver looks for places of values.
    return sql.SQL("; ").join(said).as_string().replace("%", "%%")


def first_line(error: Exception) -> str:
    """Return what went wrong, in one line."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__
