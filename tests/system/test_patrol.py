"""A guard with a simulated reader, from the tag to the board: offline first, then told."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from central.patrol.plan import PatrolPlan
from config.contract.events import CheckpointScanned, ClockQuality, Event
from config.contract.nodes import HolderRecord, ReplicaPage
from config.contract.schedules import WEEKDAYS, Interval
from config.contract.trust import card_verifier
from config.site import Site
from drivers.base import CredentialRead
from drivers.bus import Bus
from drivers.registry import create, simulator_module
from drivers.simulators.line import SimulatedLine
from edge.access.rulebook import RuleBook
from edge.devices import DeviceTask
from edge.journal import Journal
from edge.patrol.patrol import Patrol
from edge.replica import Replica
from tests.central.patrol.acting import PATROLLED, board, patrolled, put, statuses, work
from tests.central.patrol.planning import night
from tests.edge.conftest import eventually

CARD_KEY = b"c" * 32
CARD_PRINTED, CARD_READ = "0006547886", "010063E9AE"
TAGS = {"gate": "0100000001", "roof": "0100000003"}


class Quiet:
    """Whoever else hears of the reader. Attributes: is_present: it was. numbers: what it read."""

    def __init__(self) -> None:
        self.is_present, self.numbers = False, list[str]()

    def observed(self, observation: object) -> None:
        if isinstance(observation, CredentialRead):
            self.numbers.append(observation.number)

    def lost(self, detail: str) -> None: ...

    def returned(self, absence_s: float) -> None:
        self.is_present = True


async def walk(folder: Path, site: Site, holder_id: str) -> list[Event]:
    """Show a card and two tags to a carried reader; returns the journal."""
    simulator = simulator_module("rdm6300").Simulator(
        simulator_module("rdm6300").Simulator.Settings()
    )
    line = SimulatedLine(simulator, baudrate=None)
    journal = Journal(
        folder / "journal.sqlite3", site="test", node="gate-1", event_count_max=1_000,
        utc_now=lambda: datetime.now(UTC), clockquality=lambda: ClockQuality.SYNCHRONISED,
    )  # fmt: skip
    replica = Replica(
        folder / "replica.sqlite3", sealing_key=X25519PrivateKey.generate(), card_key=CARD_KEY,
        network=None, templates=None, rules=RuleBook(),
    )  # fmt: skip
    replica.load()
    holder = HolderRecord(
        holder_id=holder_id, version=1, cards=(card_verifier(CARD_KEY, CARD_PRINTED),)
    )
    replica.apply(ReplicaPage(version=1, holders=(holder,)))
    journal.start()
    patrol = Patrol(
        site, replica, journal, is_time_unsure=lambda: False, now=lambda: datetime.now(UTC)
    )
    bus, heard = Bus(line.start_serial(folder / "line")), Quiet()
    device = DeviceTask(
        "carried", create("rdm6300", bus, {}), patrol.watched("carried", heard), bus=bus
    )
    task = asyncio.create_task(device.run())
    try:
        await eventually(lambda: heard.is_present)
        for count, number in enumerate([CARD_READ, *TAGS.values()]):
            simulator.do_present(number)
            async with asyncio.timeout(30):
                while await written(journal) < count:  # noqa: ASYNC110 - the journal is a file
                    await asyncio.sleep(0.01)
            # The card is no scan: nothing is written of it.
            await eventually(lambda number=number: number in heard.numbers)  # type: ignore[misc]
            simulator.do_remove()
        return await journal.unsent(count_max=100)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()
        journal.stop()
        replica.close()
        line.stop()


def night_now(begin: datetime, guard: str) -> PatrolPlan:
    """Return a plan whose only round, an hour long and in any order, goes on now."""
    local = begin.astimezone(ZoneInfo("Asia/Shanghai"))
    start = local.strftime("%H:%M")
    end = (local + timedelta(hours=2)).strftime("%H:%M")
    plan = night(every_min=None, guards=(guard,))
    stops = tuple(
        stop.model_copy(update={"from_min": 0, "until_min": 60}) for stop in plan.routes[0].stops
    )
    interval = Interval(days=WEEKDAYS, start=start, end=end)
    shift = plan.shifts[0].model_copy(update={"intervals": (interval,)})
    route = plan.routes[0].model_copy(update={"stops": stops})
    return PatrolPlan(shifts=(shift,), routes=(route,))


async def written(journal: Journal) -> int:
    """Return how many events are durable."""
    return len(await journal.unsent(count_max=100))


def test_scans_are_kept_offline_and_stand_on_the_board_once_told(tmp_path: Path) -> None:
    """LiinooRF/Guard #230: nothing is kept in airplane mode."""
    begin = datetime.now(UTC)
    with patrolled(tmp_path, at=begin - timedelta(hours=1)) as bench:
        guard, node = bench.person("安娜"), bench.node()

        events = asyncio.run(walk(tmp_path, PATROLLED, guard))

        scans = [e.parsed() for e in events]
        assert [s.checkpoint for s in scans if isinstance(s, CheckpointScanned)] == list(TAGS)
        assert {s.holder_id for s in scans if isinstance(s, CheckpointScanned)} == {guard}
        assert put(bench.administrator, night_now(begin, guard)).status_code == 200
        work(bench)
        bench.clock.now = datetime.now(UTC) + timedelta(minutes=1)
        node.send(*events)
        (found,) = [r for r in board(bench) if r["phase"] == "walking"]
        assert statuses(found) == ["done", "open", "done"]
