"""One process on SQLite, one history of tables, nothing half done."""

import asyncio
import contextlib
import functools
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import (
    Connection,
    UniqueConstraint,
    column,
    create_engine,
    insert,
    make_url,
    select,
    table,
    text,
)
from sqlalchemy.pool import NullPool

from central import site_values
from central.canteen.tables import canteen_charges
from central.database import Database, DatabaseError, Transaction
from central.metadata import UtcDateTime
from central.patterns import like_pattern
from central.postgresql import CONNECTION_COUNT_MAX, LISTEN_CHECK_S, MUTE_S_MAX, PostgresqlServer
from central.tables import PERSON_MARKS, events, metadata, people, templates
from central.tables import site_values as site_values_table
from tests.central.postgresql import empty_database, fresh_database

DATA = Path(__file__).parent / "data"


def sync_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def migrate(connection: Connection, revision: str) -> None:
    """Bring tables to a revision of the past."""
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", "central:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def opened_and_closed(url: str) -> None:
    async def act() -> None:
        database = Database(url)
        await database.open()
        await database.close()

    asyncio.run(act())


def left_out_of_comparison(connection: Connection) -> set[str | None]:
    """Return partitions, and what events have on SQLite alone."""
    if connection.dialect.name == "sqlite":
        return set()
    query = text("SELECT relname FROM pg_class WHERE relispartition")
    unique = {each.name for each in events.constraints if isinstance(each, UniqueConstraint)}
    return {*connection.execute(query).scalars(), *unique, "ix_events_event_class"}


def test_migrations_make_the_tables_of_the_code(empty_url: str) -> None:
    opened_and_closed(empty_url)
    opened_and_closed(empty_url)

    engine = create_engine(sync_url(empty_url))
    with engine.connect() as connection:
        left_out = left_out_of_comparison(connection)
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda _, name, *__: name not in left_out}
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_people_of_the_first_tables_are_told_again_as_nobody_counted_their_pictures(
    empty_url: str,
) -> None:
    engine = create_engine(sync_url(empty_url))
    with engine.begin() as connection:
        migrate(connection, "0001")
        for statement in (DATA / "v0001.sql").read_text("utf-8").splitlines()[1:]:
            connection.exec_driver_sql(statement)

    opened_and_closed(empty_url)
    opened_and_closed(empty_url)

    with engine.connect() as connection:
        versions = connection.execute(select(people.c.holder_id, people.c.version)).all()
        counts = connection.execute(select(templates.c.picture_count)).scalars().all()
        (newest,) = connection.execute(select(site_values_table.c.value)).scalars()
    engine.dispose()
    assert (dict(map(tuple, versions)), counts, newest) == ({"anna": 9, "bert": 7}, [None], "9")


def test_people_of_earlier_tables_keep_what_they_may(empty_url: str) -> None:
    engine = create_engine(sync_url(empty_url))
    with engine.begin() as connection:
        migrate(connection, "0001")
        for statement in (DATA / "v0001.sql").read_text("utf-8").splitlines()[1:]:
            connection.exec_driver_sql(statement)

    opened_and_closed(empty_url)

    columns = [people.c[name] for name in ("profiles", "pin_verifier", *PERSON_MARKS)]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns)).all()
    engine.dispose()
    assert {tuple(row) for row in rows} == {(None, None, *[False] * len(PERSON_MARKS))}


EVENTS_OF_BEFORE = {
    1: {"time": "2026-03-02T08:00:00Z", "data": {"access_point": "lane", "device": "gate"}},
    2: {"time": "2026-03-02T16:30:00.25+08:00", "data": {"device": "gate"}},
    3: {"time": "2026-03-02T09:00:00Z", "data": {}},
    4: {"time": "2026-03-02T09:30:00Z", "data": ["no", "object"]},
    5: {"time": "2026-03-02T10:00:00Z", "data": {"access_point": None, "zone": "a\0" + "b" * 200}},
}
"""By position, as terminals told them: UTC and another zone, with and without a place."""


def test_events_of_before_are_found_by_when_and_where_they_happened(empty_url: str) -> None:
    engine, received = create_engine(sync_url(empty_url)), datetime(2026, 3, 3, tzinfo=UTC)
    names = ("position", "node", "epoch", "event_class", "sequence", "content_hash", "type", "body")
    old = table("events", *map(column, names), column("received_at", UtcDateTime()))
    with engine.begin() as connection:
        migrate(connection, "0017")
        same = {"node": "gate-1", "epoch": "e", "event_class": "access", "content_hash": "h"}
        rows = [
            {**same, "position": n, "sequence": n, "type": "t", "body": json.dumps(body)}
            for n, body in EVENTS_OF_BEFORE.items()
        ]
        connection.execute(insert(old), [{**row, "received_at": received} for row in rows])

    opened_and_closed(empty_url)
    opened_and_closed(empty_url)

    kept = select(events.c.occurred_at, events.c.place).order_by(events.c.position)
    with engine.connect() as connection:
        found = connection.execute(kept).all()
    engine.dispose()
    assert [row.place for row in found] == ["lane", "gate", "gate-1", "gate-1", "a" + "b" * 126]
    assert [row.occurred_at.strftime("%H:%M:%S.%f") for row in found[:2]] == [
        "08:00:00.000000",
        "08:30:00.250000",
    ]


CHARGES_OF_BEFORE = {"moved": 1250, "dearer": 950, "twice": 500, "stayed": 100}
"""With what each gives back by the books of then: moved all, and 300 more than it was at first."""
DEEDS_OF_BEFORE = [
    ("refund", "r1", "moved", 250),
    ("wrong_person", "m1", "moved", 1000),
    ("refund", "r2", "m1", 300),
    ("wrong_person", "m2", "dearer", 1250),
    ("wrong_person", "m3", "twice", 500),
    ("wrong_person", "m4", "m3", 500),
    ("refund", "r3", "stayed", 100),
]
"""Kind, key, charge or deed, and amount, in the order in which they were done."""


def test_charges_that_were_moved_before_are_whoevers_ate_with_what_went_back(
    empty_url: str,
) -> None:
    engine, at = create_engine(sync_url(empty_url)), datetime(2026, 3, 3, tzinfo=UTC)
    charges = table("canteen_charges", *map(column, ("charge_id", "node", "returned_fen")))
    names = ("deed_id", "kind", "wish", "amount_fen", "line_count", "charge_id", "done_by")
    when = column("done_at", UtcDateTime())
    deeds = table("office_deeds", *map(column, (*names, "done_by_name")), when)
    done = [
        {
            "deed_id": key, "kind": kind, "wish": json.dumps({"holder_id": f"eater-{key}"}),
            "amount_fen": fen, "line_count": 1, "charge_id": charge_id, "done_by": "one",
            "done_by_name": "one", "done_at": at + timedelta(minutes=minute),
        }
        for minute, (kind, key, charge_id, fen) in enumerate(DEEDS_OF_BEFORE)
    ]  # fmt: skip
    with engine.begin() as connection:
        migrate(connection, "0032")
        rows = [
            {"charge_id": charge_id, "node": "gate-1", "returned_fen": fen}
            for charge_id, fen in CHARGES_OF_BEFORE.items()
        ]
        connection.execute(insert(charges), rows)
        connection.execute(insert(deeds), done)

    opened_and_closed(empty_url)

    columns = canteen_charges.c
    query = select(columns.charge_id, columns.moved_to, columns.moved_by, columns.returned_fen)
    with engine.connect() as connection:
        found = {row[0]: tuple(row)[1:] for row in connection.execute(query)}
    engine.dispose()
    assert found == {
        "moved": ("eater-m1", "m1", 550),
        "dearer": ("eater-m2", "m2", -300),
        "twice": ("eater-m4", "m4", 0),
        "stayed": (None, None, 100),
    }


def test_tables_of_a_newer_program_are_refused_in_one_line_and_left_alone(empty_url: str) -> None:
    opened_and_closed(empty_url)
    engine = create_engine(sync_url(empty_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseError, match="of a newer program: use that one"):
        opened_and_closed(empty_url)

    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_a_second_process_is_refused_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'central.sqlite3'}"

    async def act() -> None:
        first = Database(url)
        await first.open()
        try:
            await Database(url).open()
        finally:
            await first.close()

    with pytest.raises(DatabaseError, match=r"another central process has .*PostgreSQL") as caught:
        asyncio.run(act())
    assert "\n" not in str(caught.value)


def test_several_processes_start_at_once_on_postgresql(postgresql: str) -> None:
    url = empty_database(postgresql)

    async def act() -> None:
        databases = [Database(url) for _ in range(3)]
        await asyncio.gather(*(database.open() for database in databases))
        await asyncio.gather(*(database.close() for database in databases))

    asyncio.run(act())


def test_who_is_in_danger_is_written_before_all_who_wait(tmp_path: Path) -> None:
    went = list[str]()

    async def act() -> None:
        database = Database(f"sqlite:///{tmp_path / 'central.sqlite3'}")
        await database.open()

        async def write(name: str, *, is_urgent: bool = False) -> None:
            async with database.write(is_urgent=is_urgent):
                went.append(name)

        async with database.write():
            waiting = [
                asyncio.create_task(write(name, is_urgent=name == "duress"))
                for name in ("batch", "other batch", "duress")
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        await database.close()

    asyncio.run(act())

    assert went == ["duress", "batch", "other batch"]


def test_what_fails_leaves_nothing_and_announces_nothing(database_url: str) -> None:
    heard = list[str]()

    async def act() -> None:
        database = Database(database_url)
        await database.open()
        database.listen(heard.append)
        with contextlib.suppress(ZeroDivisionError):
            async with database.write() as transaction:
                await site_values.write_value_once(transaction, "a", "b")
                transaction.announce("something")
                raise ZeroDivisionError
        async with database.read() as transaction:
            with pytest.raises(LookupError):
                await site_values.read_value(transaction, "a")
        await database.close()

    asyncio.run(act())
    assert "something" not in heard


@pytest.mark.parametrize("topic", ["events", 'node:it\'s 100% \\ "odd"; COMMIT'])
def test_an_announcement_is_heard_by_another_process(postgresql: str, topic: str) -> None:
    url = fresh_database(postgresql)

    async def act() -> None:
        one, other, heard = Database(url), Database(url), asyncio.Queue[str]()
        other.listen(heard.put_nowait)
        await one.open()
        await other.open()
        async with asyncio.timeout(60):
            assert await heard.get() == "*"
            async with one.write() as transaction:
                transaction.announce(topic)
            assert await heard.get() == topic
        await one.close()
        await other.close()

    asyncio.run(act())


async def pid_of(transaction: Transaction) -> int:
    """Return which process of PostgreSQL serves a transaction."""
    return int((await transaction.execute(text("SELECT pg_backend_pid()"))).scalar_one())


def test_connections_that_a_rush_needed_are_kept_for_the_next(postgresql: str) -> None:
    url = fresh_database(postgresql)

    async def rush(database: Database) -> set[int]:
        async with contextlib.AsyncExitStack() as together:
            reads = [
                await together.enter_async_context(database.read())
                for _ in range(CONNECTION_COUNT_MAX)
            ]
            return {await pid_of(transaction) for transaction in reads}

    async def act() -> None:
        database = Database(url)
        await database.open()
        first, second = await rush(database), await rush(database)
        await database.close()
        assert len(first) == CONNECTION_COUNT_MAX
        assert second == first

    asyncio.run(act())


def test_connections_that_died_in_the_pool_are_replaced_unseen(postgresql: str) -> None:
    url = fresh_database(postgresql)
    end = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def act() -> None:
        database, engine = Database(url), create_engine(sync_url(url), poolclass=NullPool)
        await database.open()
        async with database.read() as one, database.read() as other:
            before = {await pid_of(one), await pid_of(other)}
        with engine.connect() as connection:
            connection.execute(end)
        async with database.write() as one, database.read() as other:
            after = {await pid_of(one), await pid_of(other), await database.read_whole(pid_of)}
        await database.close()
        assert len(after) == 3
        assert not before & after

    asyncio.run(act())


def test_channels_that_come_one_right_after_the_other_are_both_listened_to(
    postgresql: str,
) -> None:
    async def act() -> None:
        server, heard = PostgresqlServer(make_url(fresh_database(postgresql))), list[str]()
        has_come = asyncio.Event()
        loop, refused = asyncio.get_running_loop(), list[RuntimeError]()

        def hear(channel: str, topic: str) -> None:
            heard.append(f"{channel} {topic}")
            has_come.set()

        def listen(channel: str) -> None:
            try:
                server.listen(channel, functools.partial(hear, channel))
            except RuntimeError as error:
                refused.append(error)

        async def until(count: int) -> None:
            async with asyncio.timeout(LISTEN_CHECK_S / 2):
                while len(heard) < count:
                    has_come.clear()
                    await has_come.wait()

        listen("a")
        await until(1)
        for channel in "bcdef":
            # Each in another turn of the loop, while it wakes for the first of them.
            loop.call_soon(listen, channel)
            await asyncio.sleep(0)
        await until(6)
        await server.close()
        assert sorted(heard) == [f"{channel} *" for channel in "abcdef"]
        assert refused == []

    asyncio.run(act())


def test_a_server_that_has_not_answered_for_long_is_not_heard(postgresql: str) -> None:
    async def act() -> None:
        at_s, heard = [100.0], asyncio.Event()
        url = make_url(fresh_database(postgresql))
        server = PostgresqlServer(url, now_s=lambda: at_s[0])
        assert not server.hears("a")
        server.listen("a", lambda _: heard.set())
        await heard.wait()
        assert (server.hears("a"), server.hears("b")) == (True, False)
        at_s[0] += MUTE_S_MAX
        assert not server.hears("a")
        await server.close()

    asyncio.run(act())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://x", "sqlite and postgresql"),
        ("nonsense", "not the address"),
        ("sqlite://", "needs a file"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_says_why(url: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words):
        opened_and_closed(url)


def test_special_signs_are_looked_for_as_they_are() -> None:
    assert like_pattern("50%_\\") == "%50\\%\\_\\\\%"
