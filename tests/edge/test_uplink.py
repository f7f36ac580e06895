import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.contract.access import CropClass, DoorState
from config.contract.events import DeviceLost, DoorStateChanged, Event, PanicPressed
from config.contract.nodes import BatchReceipt, NodeStatus
from edge.backoff import BackOff
from edge.central_answers import RETRY_AFTER_S_MAX
from edge.central_client import CentralClient, CentralUnreachableError
from edge.clock import NodeClock
from edge.identity import Identity
from edge.journal import Journal
from edge.uplink import BATCH_COUNT_MAX, BLOB_COUNT_MAX, IDLE_S, KNOCK_S, Uplink
from tests.edge.central_stand_in import CentralStandIn
from tests.edge.conftest import NOW, enrolled, eventually, make_journal

OPENED = DoorStateChanged(device="gate-east", state=DoorState.OPEN)
LOST = DeviceLost(device="gate-east", detail="no answer")
LATE_S = 60.0


def status_of(journal: Journal) -> NodeStatus:
    state = journal.status
    return NodeStatus(
        at=NOW,
        version="0",
        epoch=state.epoch,
        clockquality=NodeClock().quality,
        replica_version=0,
        last_sequences=state.last_sequences,
        unsent_count=state.unsent_count,
        is_journal_writable=state.is_writable,
        pipeline="builtin",
    )


def soon() -> BackOff:
    return BackOff(first_s=0.02, last_s=0.1)


def late() -> BackOff:
    return BackOff(first_s=LATE_S, last_s=LATE_S)


@asynccontextmanager
async def running(
    identity: Identity, journal: Journal, back_off: Callable[[], BackOff] = soon
) -> AsyncIterator[Uplink]:
    client = CentralClient(identity, NodeClock())
    uplink = Uplink(client, journal, status=lambda: status_of(journal), back_off=back_off)
    task = asyncio.create_task(uplink.run())
    try:
        yield uplink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()


def test_what_the_journal_holds_reaches_central_once(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> None:
        for _ in range(450):
            journal.note(OPENED, subject="east", now=NOW)
        async with running(identity, journal):
            await eventually(lambda: len(central.events) == 450)
            await eventually(lambda: journal.status.unsent_count == 0)

    asyncio.run(act())

    assert central.duplicate_count == 0


def test_a_new_event_is_sent_at_once(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> float:
        async with running(identity, journal):
            await eventually(lambda: len(central.statuses) > 0)
            began_s = asyncio.get_running_loop().time()
            await journal.append(OPENED, subject="east", now=NOW)
            await eventually(lambda: len(central.events) == 1)
            return asyncio.get_running_loop().time() - began_s

    assert asyncio.run(act()) < IDLE_S / 2


def test_central_down_loses_nothing(
    tmp_path: Path,
    central: CentralStandIn,
    journal: Journal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    identity = enrolled(tmp_path, central)
    caplog.set_level("INFO", "edge.uplink")

    async def act() -> None:
        await asyncio.to_thread(central.stop)
        async with running(identity, journal) as uplink:
            for _ in range(20):
                await journal.append(LOST, subject=None, now=NOW)
            await eventually(lambda: "central is lost" in caplog.text)
            assert not uplink.is_connected
            central.start()
            await eventually(lambda: len(central.events) == 20)
            await eventually(lambda: uplink.is_connected)

    asyncio.run(act())

    assert caplog.text.count("central is lost") == 1
    assert caplog.text.count("central is back") == 1


def test_a_central_that_is_back_is_found_at_once_however_long_it_was_away(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity, back = enrolled(tmp_path, central), list[str]()

    async def act() -> float:
        async with running(identity, journal, late) as uplink:
            uplink.when_back(lambda: back.append("back"))
            await eventually(lambda: uplink.is_connected)
            await asyncio.to_thread(central.stop)
            journal.note(OPENED, subject="east", now=NOW)
            await eventually(lambda: not uplink.is_connected)
            central.start()
            began_s = asyncio.get_running_loop().time()
            await eventually(lambda: len(central.events) == 1)
            return asyncio.get_running_loop().time() - began_s

    assert asyncio.run(act()) < LATE_S / 2
    assert back == ["back"]


class Overloaded:
    """A central that says that it cannot serve now. Attributes: statuses: how many it was told."""

    def __init__(self) -> None:
        self.statuses = 0

    async def put_status(self, status: NodeStatus) -> None:
        self.statuses += 1
        raise CentralUnreachableError("central answers 503", is_answered=True)

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        raise CentralUnreachableError("central answers 503", is_answered=True)

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        raise CentralUnreachableError("central answers 503", is_answered=True)


def test_a_central_that_cannot_serve_is_not_knocked_at(journal: Journal) -> None:
    central = Overloaded()

    async def act() -> None:
        uplink = Uplink(central, journal, status=lambda: status_of(journal), back_off=late)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * KNOCK_S):
                await uplink.run()

    asyncio.run(act())

    assert central.statuses == 1


class Busy:
    """A central that takes a batch in only when it is let. Attributes: told: by request."""

    def __init__(self) -> None:
        self.told, self.may_answer = list[list[Event]](), asyncio.Event()

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        self.told.append(list(events))
        if len(events) > 1:
            await self.may_answer.wait()
        return BatchReceipt(stored=len(events), duplicates=0, conflicts=0)

    async def put_status(self, status: NodeStatus) -> None:
        pass

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        pass


def test_who_is_in_danger_waits_behind_no_batch_that_is_under_way(journal: Journal) -> None:
    pressed = PanicPressed(button="desk", active=True)

    async def act() -> Busy:
        central = Busy()
        for _ in range(BATCH_COUNT_MAX + 5):
            journal.note(LOST, subject=None, now=NOW)
        uplink = Uplink(central, journal, status=lambda: status_of(journal), back_off=soon)
        running = asyncio.create_task(uplink.run())
        await eventually(lambda: len(central.told) == 1)
        await journal.append(pressed, subject="desk", now=NOW)
        await eventually(lambda: journal.status.unsent_count == BATCH_COUNT_MAX + 5)
        central.may_answer.set()
        await eventually(lambda: journal.status.unsent_count == 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return central

    told = asyncio.run(act()).told

    assert [len(batch) for batch in told] == [BATCH_COUNT_MAX, 1, 5]
    assert told[1][0].parsed() == pressed


class Laden:
    """A central with no room for a backlog until it is let. Attributes: live, backlog: taken."""

    def __init__(self) -> None:
        self.live, self.backlog, self.refusals = list[Event](), list[Event](), 0
        self.has_room = False

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        if is_backlog and not self.has_room:
            self.refusals += 1
            raise CentralUnreachableError(
                "central answers 429", is_answered=True, is_busy=True, retry_after_s=0.01
            )
        (self.backlog if is_backlog else self.live).extend(events)
        return BatchReceipt(stored=len(events), duplicates=0, conflicts=0)

    async def put_status(self, status: NodeStatus) -> float | None:
        return None

    async def put_blob(self, sha256: str, jpeg: bytes, kind: CropClass) -> None:
        pass


def test_what_happens_now_waits_behind_no_backlog(journal: Journal) -> None:
    pressed = PanicPressed(button="desk", active=True)
    before = [OPENED] * (2 * BATCH_COUNT_MAX) + [LOST]

    async def act() -> Laden:
        central = Laden()
        for data in before:
            journal.note(data, subject=None, now=NOW)
        await journal.append(pressed, subject="desk", now=NOW)
        uplink = Uplink(central, journal, status=lambda: status_of(journal), back_off=soon)
        running = asyncio.create_task(uplink.run())
        await eventually(lambda: central.refusals > 2)
        await journal.append(OPENED, subject="east", now=NOW)
        await eventually(lambda: len(central.live) == 3)
        assert uplink.is_connected
        central.has_room = True
        await eventually(lambda: journal.status.unsent_count == 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return central

    central = asyncio.run(act())

    assert {event.sequence for event in central.live if event.type == OPENED.type_name} == {401}
    assert [event.sequence for event in central.backlog] == list(range(1, 401))


class Patient(Laden):
    """A central that says of every batch when to come back. Attributes: told: how often what."""

    def __init__(self) -> None:
        super().__init__()
        self.told = list[str]()

    async def send_events(
        self, events: Sequence[Event], *, is_backlog: bool = False
    ) -> BatchReceipt:
        self.told += [event.type for event in events]
        raise CentralUnreachableError(
            "central answers 503", is_answered=True, retry_after_s=RETRY_AFTER_S_MAX
        )


def test_a_batch_waits_for_as_long_as_central_wants_and_danger_does_not(journal: Journal) -> None:
    pressed = PanicPressed(button="desk", active=True)

    async def act() -> list[str]:
        central = Patient()
        await journal.append(OPENED, subject="east", now=NOW)
        uplink = Uplink(central, journal, status=lambda: status_of(journal), back_off=soon)
        running = asyncio.create_task(uplink.run())
        await eventually(lambda: central.told == [OPENED.type_name])
        await journal.append(pressed, subject="desk", now=NOW)
        await eventually(lambda: central.told.count(pressed.type_name) == 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return central.told

    assert asyncio.run(act()).count(OPENED.type_name) == 1


def test_a_batch_that_is_sent_again_is_stored_once(tmp_path: Path, central: CentralStandIn) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> None:
        # The node dies between central's answer and its own acknowledgement.
        before = make_journal(tmp_path)
        before.start()
        await before.append(LOST, subject=None, now=NOW)
        client = CentralClient(identity, NodeClock())
        await client.send_events(await before.unsent(count_max=10))
        await client.close()
        before.stop()
        after = make_journal(tmp_path)
        after.start()
        async with running(identity, after):
            await eventually(lambda: after.status.unsent_count == 0)
        after.stop()

    asyncio.run(act())

    assert (len(central.events), central.duplicate_count) == (1, 1)


def test_an_event_that_central_refuses_does_not_hold_up_the_others(
    tmp_path: Path,
    central: CentralStandIn,
    journal: Journal,
    caplog: pytest.LogCaptureFixture,
) -> None:
    identity = enrolled(tmp_path, central)
    pressed = PanicPressed(button="desk", active=True)
    central.poison = {LOST.type_name, pressed.type_name}

    async def act() -> None:
        for data in (LOST, pressed, OPENED, OPENED):
            journal.note(data, subject=None, now=NOW)
        async with running(identity, journal):
            await eventually(lambda: len(central.events) == 2)
            await eventually(lambda: journal.status.unsent_count == 2)

    asyncio.run(act())

    assert "menshen.device.lost.v1" in caplog.text


def test_the_status_is_told_at_once_when_it_changes(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> None:
        async with running(identity, journal) as uplink:
            await eventually(lambda: len(central.statuses) == 1)
            uplink.status_changed()
            await eventually(lambda: len(central.statuses) == 2)

    asyncio.run(act())

    assert central.statuses[0].epoch == journal.status.epoch


def test_a_picture_is_sent_under_its_hash(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity = enrolled(tmp_path, central)

    async def act() -> str:
        async with running(identity, journal) as uplink:
            sha256 = uplink.offer_blob(b"jpeg", CropClass.DOUBTFUL)
            await eventually(lambda: len(central.blobs) == 1)
            return sha256

    sha256 = asyncio.run(act())

    assert sha256 == hashlib.sha256(b"jpeg").hexdigest()
    assert central.blobs == {sha256: b"jpeg"}
    assert central.blob_kinds == ["doubtful"]


def test_old_pictures_give_way_and_expire(
    tmp_path: Path, central: CentralStandIn, journal: Journal
) -> None:
    identity, now_s = enrolled(tmp_path, central), [0.0]

    async def act() -> None:
        client = CentralClient(identity, NodeClock())
        uplink = Uplink(
            client, journal, status=lambda: status_of(journal), monotonic=lambda: now_s[0]
        )
        for number in range(BLOB_COUNT_MAX + 5):
            now_s[0] = float(number)
            uplink.offer_blob(b"%d" % number, CropClass.ADMITTED)
        now_s[0] = 900.0 + 60.0
        while await uplink.send_blob():
            pass
        await client.close()

    asyncio.run(act())

    assert set(central.blobs.values()) == {b"%d" % n for n in range(61, BLOB_COUNT_MAX + 5)}
