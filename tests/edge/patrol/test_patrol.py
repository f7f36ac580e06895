"""Who carries a reader: remembered over a restart, and no longer than it is true."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.contract.access import CredentialKind as Credential
from config.contract.events import CheckpointScanned, EventData
from config.site import AccessPointEntry, BusEntry, DeviceEntry, Node, Site, SiteIdentity
from config.site_patrol import CheckpointEntry, PatrolReaderEntry, PatrolSettings
from drivers.base import CredentialKind, CredentialRead
from edge.access.question import Person
from edge.patrol.patrol import Patrol
from edge.patrol.store import FILE, CarrierStore
from tests.edge.conftest import eventually

SITE = Site(
    site=SiteIdentity(id="demo", name={"en": "Demo"}),
    node=(Node(id="n"),),
    bus=(BusEntry(id="b", node="n", port="/dev/null"),),
    device=(
        DeviceEntry(id="gate", driver="speed_gate", bus="b"),
        DeviceEntry(id="carried", driver="rdm6300", bus="b"),
    ),
    access_point=(AccessPointEntry(id="east", node="n", device="gate"),),
    checkpoint=(
        CheckpointEntry(id="roof", credential="0100000003"),
        CheckpointEntry(id="hall", access_point="east"),
    ),
    patrol=PatrolSettings(guard_profiles=("guards",)),
    patrol_reader=(PatrolReaderEntry(device="carried", guard_kept_min=60),),
)
TAG = CredentialRead(CredentialKind.EM4100, "0100000003")
CARD = CredentialRead(CredentialKind.EM4100, "0100000001")


class Terminal:
    """A terminal that is started and stopped, its clocks, and what its journal was told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / FILE
        self.now, self.monotonic_s = datetime(2026, 11, 29, 2, tzinfo=UTC), 100.0
        self.profiles = frozenset({"guards"})
        self.told: list[CheckpointScanned] = []

    def holder_of_card(self, number: str) -> str | None:
        return "anna" if number == "0100000001" else None

    def end_of_card(self, number: str) -> datetime | None:
        return None

    def person(self, holder_id: str) -> Person | None:
        return Person(holder_id=holder_id, masked_name="A", profiles=self.profiles)

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        assert isinstance(data, CheckpointScanned)
        self.told.append(data)

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.monotonic_s += minutes * 60

    def start(self) -> Patrol:
        patrol = Patrol(
            SITE, self, self, is_time_unsure=lambda: False, now=lambda: self.now,
            monotonic=lambda: self.monotonic_s, store=CarrierStore(self.folder),
        )  # fmt: skip
        patrol.recall()
        return patrol

    def run(self, patrol: Patrol, until: Callable[[], bool]) -> None:
        """Let it keep what it knows until something is so."""

        async def act() -> None:
            running = asyncio.create_task(patrol.run())
            try:
                await eventually(until)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

        asyncio.run(act())

    def guard_of_a_tag(self, patrol: Patrol) -> str | None:
        patrol.take("carried", TAG)
        return self.told[-1].holder_id


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    patrol = made.start()
    patrol.take("carried", CARD)
    made.run(patrol, made.file.exists)
    return made


def test_who_carries_a_reader_is_known_after_a_restart(terminal: Terminal) -> None:
    terminal.now += timedelta(minutes=59)
    terminal.monotonic_s = 3.0  # the machine was off

    assert terminal.guard_of_a_tag(terminal.start()) == "anna"
    assert terminal.told[-1].by == "card"


def test_the_time_that_a_terminal_was_off_counts(terminal: Terminal) -> None:
    terminal.now += timedelta(minutes=61)

    assert terminal.guard_of_a_tag(terminal.start()) is None


def test_a_clock_that_was_set_back_forgets(terminal: Terminal) -> None:
    terminal.now -= timedelta(minutes=1)

    assert terminal.guard_of_a_tag(terminal.start()) is None


def test_who_is_no_guard_any_more_carries_nothing_after_a_restart(terminal: Terminal) -> None:
    terminal.profiles = frozenset()

    assert terminal.guard_of_a_tag(terminal.start()) is None


def test_who_did_not_use_a_reader_for_too_long_is_not_kept_on_the_disk(terminal: Terminal) -> None:
    terminal.wait(61)

    terminal.run(terminal.start(), lambda: not terminal.file.exists())

    assert terminal.told == []


@pytest.mark.parametrize("text", ["", "{", '{"carriers": [{"reader": 7}]}', "\0"])
def test_a_file_that_cannot_be_read_is_nobody_and_stops_nothing(
    terminal: Terminal, text: str
) -> None:
    terminal.file.write_text(text, encoding="utf-8")

    assert terminal.guard_of_a_tag(terminal.start()) is None


def test_a_gate_is_a_checkpoint_for_the_guard_who_is_let_through(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    patrol = terminal.start()

    patrol.let_through("east", "anna", Credential.FACE)
    patrol.let_through("east", "anna", Credential.FACE)
    terminal.wait(1)
    patrol.let_through("east", "anna", Credential.CARD)

    said = [(scan.checkpoint, scan.reader, scan.holder_id, scan.by) for scan in terminal.told]
    assert said == [("hall", "gate", "anna", "face"), ("hall", "gate", "anna", "card")]


def test_whoever_is_no_guard_passes_a_gate_and_is_on_no_patrol(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.profiles = frozenset({"staff"})

    terminal.start().let_through("east", "anna", Credential.CARD)

    assert terminal.told == []
