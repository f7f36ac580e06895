"""What a terminal tells beside its backlog comes to the same as if it had come in order."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from central.alarms.tables import alarm_sources, alarms
from central.canteen.tables import canteen_charges, canteen_exceptions, canteen_sessions
from central.database import Database
from central.events import repository
from central.firmware.tables import boards
from central.muster.tables import area_facts
from central.patrol.tables import patrol_scans
from central.tables import event_ranges, events, visits
from config.contract.access import CredentialKind
from config.contract.areas import AreaFact
from config.contract.events import (
    AreaFactRecorded,
    BoardIdentified,
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    CheckpointScanned,
    DoorForcedOpen,
    DoorSecured,
    Event,
    EventData,
    TillClosed,
    TillOpened,
    VisitorArrived,
)
from config.contract.money import ChargeMode
from edge.lanes import NEVER_BACKLOG
from tests.central.bench import make_event
from tests.central.migrated import migrated_file

EPOCH, OWN_EPOCH, VISIT = UUID(int=1), UUID(int=2), str(UUID(int=3))
CUT_AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOW = CUT_AT + timedelta(days=1)
TABLES = (
    area_facts,
    boards,
    patrol_scans,
    canteen_charges,
    canteen_sessions,
    canteen_exceptions,
    alarm_sources,
    alarms,
    event_ranges,
)
POSITION = re.compile(r"'position': \d+")
OF_THE_MOMENT = frozenset({"alarm_id", "event_position", "line", "version", "position", "changed"})


def facts() -> Iterator[EventData]:
    """Return a day: each fact changes what an earlier one said."""
    for n in range(1, 5):
        at, charge, session = CUT_AT + timedelta(hours=n), UUID(int=10 + n), UUID(int=20)
        yield AreaFactRecorded(
            fact=AreaFact(at=at, node="gate-1", sequence=n, holder_id="h", area=f"area-{n}")
        )
        yield VisitorArrived(holder_id=VISIT, access_point=f"lane-{n}")
        yield CheckpointScanned(scan_id=UUID(int=n), checkpoint="stairs", reader="reader")
        yield DoorForcedOpen(device="gate")
        yield BoardIdentified(
            device="board", model="b", hw=1, serial_number="1", version=f"1.{n}.0",
            image="a" * 64, is_confirmed=True,
        )  # fmt: skip
        if n == 1:
            yield TillOpened(session_id=session, till="till", merchant="m")
        yield ChargePending(
            charge_id=charge, till="till", merchant="m", holder_id="h", amount_fen=500
        )
        if n % 2:
            yield ChargeReleased(charge_id=charge, till="till", reason="not_passed")
        else:
            yield ChargeRecorded(
                charge_id=charge, session_id=session, till="till", merchant="m", holder_id="h",
                amount_fen=500, mode=ChargeMode.FIXED, credential=CredentialKind.CARD,
            )  # fmt: skip
        if n < 4:
            yield DoorSecured(device="gate")
    yield TillClosed(
        session_id=UUID(int=20), till="till", merchant="m", charge_count=2, charge_fen=1000,
        void_count=0, void_fen=0, charge_ids_sha256="a" * 64,
    )  # fmt: skip


def journal() -> list[Event]:
    """Return the facts as a journal has them."""
    last, written = dict[str, int](), list[Event]()
    for number, fact in enumerate(facts()):
        sequence = last[fact.event_class] = last.get(fact.event_class, 0) + 1
        at = CUT_AT + timedelta(minutes=20 * number)
        written.append(make_event(sequence, epoch=EPOCH, fact=fact, time=at))
    fresh = make_event(last["access"] + 1, epoch=EPOCH, time=NOW)
    return [*written, fresh]


WRITTEN = journal()


def in_priority(lane: Sequence[Event]) -> list[Event]:
    ranks = [each.value for each in type(WRITTEN[0].event_class)]
    return sorted(lane, key=lambda event: (ranks.index(event.event_class.value), event.sequence))


async def _come_to(folder: Path, batches: Sequence[Sequence[Event]]) -> list[object]:
    file = folder / "central.sqlite3"
    shutil.copy(migrated_file(), file)
    database = Database(f"sqlite:///{file}")
    await database.open()
    try:
        async with database.write() as transaction:
            await transaction.execute(
                insert(visits).values(
                    visit_id=VISIT, visitor="", host_id=str(UUID(int=9)), points=[],
                    valid_from=CUT_AT, valid_until=NOW, needs_escort=False, version=1, nonce="n",
                    is_removed=False, created_by="", created_at=CUT_AT,
                )
            )  # fmt: skip
        for batch in batches:
            async with database.write() as transaction:
                await repository.append(
                    transaction, site="test", node="gate-1", batch=batch, epoch=OWN_EPOCH, now=NOW
                )
        async with database.read() as transaction:
            found: list[object] = [
                sorted(
                    POSITION.sub("", str({k: v for k, v in row.items() if k not in OF_THE_MOMENT}))
                    for row in (await transaction.execute(select(table))).mappings()
                )
                for table in TABLES
            ]
            found.append((await transaction.execute(select(visits.c.arrived_point))).all())
            found.append(sorted((await transaction.execute(select(events.c.body))).scalars()))
            return found
    finally:
        await database.close()


def come_to(batches: Sequence[Sequence[Event]]) -> list[object]:
    """Return what central knows after it was told so."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_come_to(Path(folder), batches))


@settings(
    max_examples=6,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(cut=st.integers(0, len(WRITTEN)), size=st.integers(1, 9), turns=st.lists(st.booleans()))
def test_a_backlog_that_is_told_beside_what_happens_now_changes_nothing(
    cut: int, size: int, turns: list[bool]
) -> None:
    behind = [e for e in WRITTEN[:cut] if e.event_class not in NEVER_BACKLOG]
    lanes = {
        True: in_priority([e for e in WRITTEN if e not in behind]),
        False: in_priority(behind),
    }
    batches = list[list[Event]]()
    for is_live in [*turns, *[True, False] * len(WRITTEN)]:
        batches.append(lanes[is_live][:size])
        lanes[is_live] = lanes[is_live][size:]

    in_order = in_priority(WRITTEN)
    chunks = [in_order[n : n + size] for n in range(0, len(in_order), size)]
    assert come_to(batches) == come_to(chunks)
