"""A lane on a bench: a gate that does as it is told, a real journal and a real board."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.access import CropClass, Direction
from config.contract.access_model import parse_access_model
from config.contract.events import Event, EventData
from config.contract.nodes import AccessRecord, SitePairsRecord
from config.site import AccessPointEntry, Policy
from drivers.base import CommandReceipt, DriverError, GateMode, Side
from edge.access.attempts import CodeShown, PinShown, code_shown
from edge.access.crossing import point_of
from edge.access.decision import Person
from edge.access.doorkeeper import Doorkeeper
from edge.access.lane import Lane
from edge.access.memory import Applied, Recalled, Remembered
from edge.access.rulebook import RuleBook
from edge.access.surroundings import Surroundings
from edge.journal import Journal
from edge.kiosk.state import KioskBoard
from edge.vision.attempt import FaceAttempt
from models.face.types import Candidate
from tests.edge.conftest import NOW, eventually, make_journal

CARD = "0006547886"
ANNA = Person(holder_id="anna", masked_name="A*")


@dataclasses.dataclass
class ScriptedGate:
    """Answers each command with the next of ``errors``, then always confirms."""

    id: str = "gate-east"
    errors: list[DriverError] = dataclasses.field(default_factory=list)
    commands: list[Side] = dataclasses.field(default_factory=list)
    unsent_when_told: list[int] = dataclasses.field(default_factory=list)
    journal: Journal | None = None
    access_times_s: list[float | None] = dataclasses.field(default_factory=list)
    modes: dict[Side, GateMode] = dataclasses.field(default_factory=dict)

    async def access(self, side: Side, *, access_time_s: float | None = None) -> CommandReceipt:
        self.commands.append(side)
        self.access_times_s.append(access_time_s)
        if self.journal is not None:
            self.unsent_when_told.append(self.journal.status.unsent_count)
        if self.errors:
            raise self.errors.pop(0)
        return CommandReceipt(attempts=1)

    async def set_mode(self, side: Side, mode: GateMode) -> CommandReceipt:
        if self.errors:
            raise self.errors.pop(0)
        self.modes[side] = mode
        return CommandReceipt(attempts=1)


@dataclasses.dataclass
class Register:
    """People by identifier and by card."""

    people: dict[str, Person] = dataclasses.field(default_factory=lambda: {"anna": ANNA})
    cards: dict[str, str] = dataclasses.field(default_factory=lambda: {CARD: "anna"})
    pins: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    picture_counts: Collection[int] = ()
    site_pairs: SitePairsRecord | None = None
    listeners: list[Callable[[], None]] = dataclasses.field(default_factory=list)

    def person(self, holder_id: str) -> Person | None:
        return self.people.get(holder_id)

    def holder_of_card(self, number: str) -> str | None:
        return self.cards.get(number)

    def end_of_card(self, number: str) -> datetime | None:
        return None

    def pin_shown(self, pin: str, *, holder_id: str | None) -> PinShown:
        own, duress = self.pins.get(holder_id or "", ("", ""))
        is_duress = pin == duress
        return PinShown(holder_id, is_right=pin == own or is_duress, is_duress=is_duress)

    def when_changed(self, call: Callable[[], None]) -> None:
        self.listeners.append(call)
        call()

    def change(self) -> None:
        """Say that people changed."""
        for call in self.listeners:
            call()

    def people_at(self, access_point: str) -> tuple[Collection[str], Collection[str]]:
        return set(self.people), ()


@dataclasses.dataclass
class Notebook:
    """Remembers nothing but what it was told."""

    facts: list[Remembered] = dataclasses.field(default_factory=list)
    applied: Applied = dataclasses.field(default_factory=Applied)

    def keep(
        self, facts: Sequence[Remembered], *, sequence: int, applied: Applied | None = None
    ) -> None:
        self.facts += facts
        self.applied = applied or self.applied


SIGNING_KEY = Ed25519PrivateKey.generate()


def read_code(text: str) -> CodeShown:
    """Read a code of the site ``demo``."""
    return code_shown(text, key=SIGNING_KEY.public_key(), site="demo")


class Bench:
    """One running lane and everything around it.

    Attributes:
        now: The wall clock, set by hand.
        now_s: The monotonic clock, likewise.
        blobs: Pictures that the lane gave away, and of which kind.
    """

    def __init__(
        self,
        folder: Path,
        *,
        policy: Policy,
        point: AccessPointEntry,
        model: Mapping[str, Any] | None = None,
    ) -> None:
        self.now: datetime = NOW
        self.now_s, self.blobs = 100.0, list[tuple[bytes, CropClass]]()
        self.journal, self.board = make_journal(folder), KioskBoard()
        self.gate, self.people = ScriptedGate(journal=self.journal), Register()
        self.notebook = Notebook()
        self.rules = RuleBook([point_of(point)])
        document = {"version": 1, **(model or {})}
        self.rules.take(AccessRecord(version=1, model=parse_access_model(document)))
        self.doorkeeper = Doorkeeper(
            node="gate-1",
            rules=self.rules,
            people=self.people,
            recorder=self.journal,
            memory=self.notebook,
            recalled=Recalled(),
            now=lambda: self.now,
        )
        self.lane = Lane(
            point,
            self.gate,
            Surroundings(
                journal=self.journal,
                people=self.people,
                doorkeeper=self.doorkeeper,
                read_code=read_code,
                board=self.board,
                policy=policy,
                offer_blob=self._take_blob,
                now=lambda: self.now,
                monotonic=lambda: self.now_s,
            ),
        )

    def _take_blob(self, jpeg: bytes, kind: CropClass) -> str:
        self.blobs.append((jpeg, kind))
        return ""

    async def show_face(
        self,
        *similarities: float,
        age_s: float = 0.05,
        **more: Any,  # noqa: ANN401 - of an attempt
    ) -> None:
        """Stand before the camera; returns when the lane has dealt with it."""
        face = face_attempt(similarities, captured_at_s=self.now_s - age_s)
        self.lane.show_face(dataclasses.replace(face, **more))
        await self.settle()

    async def settle(self) -> None:
        """Return when the lane has nothing more to do and the journal is written."""
        await asyncio.sleep(0.001)
        await eventually(lambda: self.lane.is_idle)
        await self.journal.unsent(count_max=1)

    async def events(self) -> list[Event]:
        return await self.journal.unsent(count_max=1000)

    async def facts(self) -> list[EventData | None]:
        return [event.parsed() for event in await self.events()]

    def phase(self) -> str:
        state = self.board.current("east")
        return "" if state is None else state.phase


def face_attempt(similarities: Sequence[float], *, captured_at_s: float) -> FaceAttempt:
    keys = ("anna", "berta")
    return FaceAttempt(
        track_id=1,
        first_captured_at_s=captured_at_s,
        captured_at_s=captured_at_s,
        decided_at_s=captured_at_s,
        candidates=[Candidate(k, s) for k, s in zip(keys, similarities, strict=False)],
        threshold=0.5,
        gallery_size=2,
        frame_count=3,
        network="ab" * 32,
        crop_jpeg=b"jpeg",
        dropped={},
    )


@asynccontextmanager
async def running_bench(
    folder: Path,
    *,
    policy: Policy | None = None,
    direction: Direction = Direction.IN,
    free_egress: bool = False,
    model: Mapping[str, Any] | None = None,
) -> AsyncIterator[Bench]:
    """Start the journal and the lane; gate and camera are able."""
    point = AccessPointEntry(
        id="east",
        node="gate-1",
        device="gate-east",
        direction=direction,
        free_egress=free_egress,
        passage_timeout_s=0.05,
    )
    bench = Bench(folder, policy=policy or Policy(), point=point, model=model)
    bench.journal.start()
    bench.lane.screen.gate_is_able(is_able=True)
    bench.lane.screen.camera_is_able(is_able=True)
    task = asyncio.create_task(bench.lane.run())
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bench.journal.stop()
