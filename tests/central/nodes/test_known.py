"""How long a node's keys are believed without asking the database."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import delete, make_url

from central.database import Database
from central.nodes import repository
from central.nodes.key_change import take
from central.nodes.known import KnownKeys
from central.postgresql import PostgresqlServer
from central.site_values import REPLICA_VERSION, write_value_once
from central.tables import nodes
from config.contract.node_rotation import NodeRotation
from config.contract.trust import public_text
from tests.central.postgresql import fresh_database

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Reads:
    """Counts the reading transactions of a database."""

    def __init__(self, database: Database) -> None:
        self.count = 0
        self.after = list[str]()
        database.counted = self._counted
        self.known = KnownKeys(database)

    @contextlib.contextmanager
    def _counted(self, kind: str) -> Iterator[None]:
        yield
        self.count += kind == "read"
        while self.after:  # announced while what was read is on its way
            self.known.heard(self.after.pop())


async def join(database: Database, node: str = "gate-1") -> str:
    """Let a node join; returns its signing key."""
    key = public_text(Ed25519PrivateKey.generate().public_key())
    sealing_key = public_text(X25519PrivateKey.generate().public_key())
    async with database.write() as transaction:
        await write_value_once(transaction, REPLICA_VERSION, "0")
        await repository.put_keys(
            transaction, node, signing_key=key, sealing_key=sealing_key, now=NOW
        )
    return key


async def shut_out(database: Database, node: str = "gate-1") -> None:
    """Remove a node's keys."""
    async with database.write() as transaction:
        await repository.remove(transaction, node)


async def signing(known: KnownKeys, node: str = "gate-1", *, is_fresh: bool = False) -> list[str]:
    """Return who may sign for a node."""
    keys = await known.of(node, is_fresh=is_fresh)
    return [] if keys is None else [public_text(key) for key in keys.signing]


async def opened(url: str, server: PostgresqlServer | None = None) -> Database:
    """Return a database of which announcements are heard."""
    database, heard = Database(url, server=server), asyncio.Queue[str]()
    database.listen(heard.put_nowait)
    await database.open()
    async with asyncio.timeout(60):
        while not database.is_heard:
            await heard.get()
    return database


def test_keys_are_asked_for_once_and_forgotten_before_who_changed_them_goes_on(
    database_url: str,
) -> None:
    async def act() -> None:
        database = await opened(database_url)
        reads = Reads(database)
        first = await join(database)
        assert [await signing(reads.known) for _ in range(3)] == [[first]] * 3
        assert reads.count == 1
        second = await join(database)
        assert await signing(reads.known) == [second]
        await shut_out(database)
        assert await signing(reads.known) == []
        await database.close()

    asyncio.run(act())


def test_keys_that_are_changed_are_forgotten_and_the_old_one_is_good_for_its_hour(
    database_url: str,
) -> None:
    async def act() -> None:
        database = await opened(database_url)
        reads = Reads(database)
        first, second = await join(database), Ed25519PrivateKey.generate()
        assert await signing(reads.known) == [first]
        rotation = NodeRotation(
            site="test",
            node="gate-1",
            old_key=first,
            signing_key=public_text(second.public_key()),
            sealing_key=public_text(X25519PrivateKey.generate().public_key()),
        )
        async with database.write() as transaction:
            until = await take(transaction, rotation, now=NOW)
        keys = await reads.known.of("gate-1")
        assert keys is not None
        moments = (until - timedelta(seconds=1), until)
        good = [[public_text(key) for key in keys.signing_at(at)] for at in moments]
        assert good == [[rotation.signing_key, first], [rotation.signing_key]]
        await database.close()

    asyncio.run(act())


def test_another_replica_refuses_a_key_once_it_is_announced_that_it_is_out(postgresql: str) -> None:
    url = fresh_database(postgresql)

    async def act() -> None:
        one, other = await opened(url), await opened(url)
        known, heard = KnownKeys(other), asyncio.Queue[str]()
        other.listen(heard.put_nowait)
        key = await join(one)
        assert await signing(known) == [key]
        await shut_out(one)
        async with asyncio.timeout(60):
            while await heard.get() != "node-keys:gate-1":
                pass
        assert await signing(known) == []
        await one.close()
        await other.close()

    asyncio.run(act())


def test_nothing_is_believed_while_announcements_are_not_heard(postgresql: str) -> None:
    url = fresh_database(postgresql)

    async def act() -> None:
        server = PostgresqlServer(make_url(url))
        one, other = await opened(url), await opened(url, server)
        known = KnownKeys(other)
        key = await join(one)
        assert await signing(known) == [key]
        await server.close()
        assert not other.is_heard
        await shut_out(one)
        assert await signing(known) == []
        await one.close()
        await other.close()
        await server.engine.dispose()

    asyncio.run(act())


def test_everything_is_asked_again_after_announcements_may_have_been_missed(
    database_url: str,
) -> None:
    async def act() -> None:
        database = await opened(database_url)
        known = KnownKeys(database)
        await join(database)
        await known.of("gate-1")
        async with database.write() as transaction:
            await transaction.execute(delete(nodes))
            transaction.announce("*")
        assert await signing(known) == []
        await database.close()

    asyncio.run(act())


def test_what_was_read_before_it_changed_is_not_kept(database_url: str) -> None:
    async def act() -> None:
        database = await opened(database_url)
        reads = Reads(database)
        await join(database)
        reads.after.append("node-keys:gate-1")
        await reads.known.of("gate-1")
        await reads.known.of("gate-1")
        assert reads.count == 2
        await database.close()

    asyncio.run(act())


def test_what_must_not_come_too_late_is_asked_of_the_database(database_url: str) -> None:
    async def act() -> None:
        database = await opened(database_url)
        known = KnownKeys(database)
        await join(database)
        await known.of("gate-1")
        async with database.write() as transaction:
            await transaction.execute(delete(nodes))  # announced nowhere yet
        assert len(await signing(known)) == 1
        assert await signing(known, is_fresh=True) == []
        await database.close()

    asyncio.run(act())
