import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.contract.access_model import parse_access_model
from config.contract.nodes import AccessRecord, ActiveLockdown, HolderRecord
from edge.backoff import BackOff
from edge.central_client import CentralClient, ServerSentEvent
from edge.clock import NodeClock
from edge.identity import Identity
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from tests.edge.central_stand_in import CentralStandIn
from tests.edge.conftest import NOW, enrolled, eventually
from tests.edge.site_pairs import site_pairs

POLL_S = 60.0


@asynccontextmanager
async def following(
    identity: Identity,
    folder: Path,
    *,
    poll_s: float,
    on_change: Callable[[], None] = lambda: None,
    client: CentralClient | None = None,
    made: Callable[[ReplicaSync], None] = lambda sync: None,
) -> AsyncIterator[Replica]:
    replica = Replica(
        folder / "replica.sqlite3",
        sealing_key=identity.sealing_key,
        card_key=identity.card_key,
        network=None,
        templates=None,
    )
    replica.load()
    client = CentralClient(identity, NodeClock()) if client is None else client
    sync = ReplicaSync(
        client,
        replica,
        on_change=on_change,
        poll_interval_s=poll_s,
        back_off=lambda: BackOff(first_s=0.02, last_s=0.1),
    )
    made(sync)
    task = asyncio.create_task(sync.run())
    try:
        yield replica
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
        replica.close()


def test_a_new_person_is_known_at_once(tmp_path: Path, central: CentralStandIn) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> float:
        async with following(identity, tmp_path, poll_s=POLL_S) as replica:
            central.put_holder(HolderRecord(holder_id="anna", version=1))
            await eventually(lambda: replica.person("anna") is not None)
            began_s = asyncio.get_running_loop().time()
            central.put_holder(HolderRecord(holder_id="berta", version=1))
            await eventually(lambda: replica.person("berta") is not None)
            return asyncio.get_running_loop().time() - began_s

    assert asyncio.run(act()) < POLL_S / 2


def test_many_people_come_in_pages(tmp_path: Path, central: CentralStandIn) -> None:
    identity = enrolled(tmp_path, central)
    for number in range(7):
        central.put_holder(HolderRecord(holder_id=str(number), version=1))

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=POLL_S) as replica:
            await eventually(lambda: len(replica) == 7)
            await eventually(lambda: replica.version == central.version)

    asyncio.run(act())


def test_a_central_that_comes_back_is_followed_again(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = enrolled(tmp_path, central)
    central.put_holder(HolderRecord(holder_id="anna", version=1))

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=POLL_S) as replica:
            await eventually(lambda: len(replica) == 1)
            await asyncio.to_thread(central.stop)
            assert replica.person("anna") is not None
            central.put_holder(HolderRecord(holder_id="berta", version=1))
            central.start()
            await eventually(lambda: len(replica) == 2)

    asyncio.run(act())


class SilentFirst(CentralClient):
    """Central whose first stream stays open and says nothing, as after a power cut there."""

    streams = 0

    async def stream(self) -> AsyncGenerator[ServerSentEvent, None]:
        self.streams += 1
        if self.streams == 1:
            await asyncio.Event().wait()
        async for event in super().stream():
            yield event


def test_a_stream_that_died_unnoticed_is_opened_anew_when_central_is_back(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> None:
        client, syncs = SilentFirst(identity, NodeClock()), list[ReplicaSync]()
        async with following(
            identity, tmp_path, poll_s=POLL_S, client=client, made=syncs.append
        ) as replica:
            await eventually(lambda: client.streams == 1)
            syncs[0].central_is_back()
            await eventually(lambda: client.streams == 2)
            central.put_holder(HolderRecord(holder_id="anna", version=1))
            await eventually(lambda: replica.person("anna") is not None)

    asyncio.run(act())


def test_a_central_restored_from_a_backup_is_believed(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = enrolled(tmp_path, central)
    for name in ("anna", "berta"):
        central.put_holder(HolderRecord(holder_id=name, version=1))

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=POLL_S) as replica:
            await eventually(lambda: len(replica) == 2)
            central.holders = central.holders[:1]
            await eventually(lambda: len(replica) == 1)

    asyncio.run(act())


def test_the_sites_pairs_are_taken_over_although_nobody_changed(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = enrolled(tmp_path, central)
    central.put_holder(HolderRecord(holder_id="anna", version=1))

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=0.05) as replica:
            await eventually(lambda: len(replica) == 1)
            central.site_pairs = site_pairs("ab" * 32)
            await eventually(lambda: replica.site_pairs == central.site_pairs)

    asyncio.run(act())


RULES = AccessRecord(version=3, model=parse_access_model({"version": 3, "refusals_max": 2}))


def test_access_rules_and_lockdowns_are_known_at_once(
    tmp_path: Path, central: CentralStandIn
) -> None:
    identity = enrolled(tmp_path, central)
    night = ActiveLockdown(level="night", since=NOW)

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=POLL_S) as replica:
            central.set_access(RULES)
            await eventually(lambda: replica.rules.version == 3)
            central.set_access(RULES.model_copy(update={"lockdowns": (night,)}))
            await eventually(lambda: replica.rules.lockdowns == {"night"})
            assert replica.rules.record().model == RULES.model

    asyncio.run(act())


def test_a_model_that_cannot_be_read_holds_up_nobody(
    tmp_path: Path, central: CentralStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    identity = enrolled(tmp_path, central)
    newer = {"version": 4, "model": {"version": 4, "moats": []}, "lockdowns": [], "forgiven": []}

    async def act() -> None:
        async with following(identity, tmp_path, poll_s=0.02) as replica:
            central.set_access(RULES)
            await eventually(lambda: replica.rules.version == 3)
            central.set_access(newer)
            central.put_holder(HolderRecord(holder_id="anna", version=1))
            await eventually(lambda: replica.person("anna") is not None)
            central.put_holder(HolderRecord(holder_id="berta", version=1))
            await eventually(lambda: replica.person("berta") is not None)
            assert replica.rules.version == 3

    asyncio.run(act())

    assert caplog.text.count("version 4 cannot be read") == 1


def test_a_lockdown_waits_for_no_disk(tmp_path: Path, central: CentralStandIn) -> None:
    identity, heard = enrolled(tmp_path, central), list[object]()
    night = RULES.model_copy(update={"lockdowns": (ActiveLockdown(level="night", since=NOW),)})
    central.put_holder(HolderRecord(holder_id="anna", version=1))

    async def act() -> None:
        async with following(
            identity,
            tmp_path,
            poll_s=POLL_S,
            on_change=lambda: heard.append(replica.rules.lockdowns),
        ) as replica:
            await eventually(lambda: len(replica) == 1)
            path = tmp_path / "replica.sqlite3"
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                central.set_access(night)
                await eventually(lambda: frozenset({"night"}) in heard)

    asyncio.run(act())
