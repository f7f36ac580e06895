"""Rings at one node: nobody rings twice, and the screen says what central has said."""

from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.assistance import WAIT_MAX, OpenCall, OpenCalls
from config.contract.events import AssistanceRequested, EventData
from drivers.base import InputChanged, Observation
from edge.assistance import AGAIN_S, COMING_MAX, HEARD_S, Assistance, ContactWatch
from edge.central_client import CentralUnreachableError
from tests.edge.conftest import NOW


class Away:
    """Central, which does not answer."""

    async def open_calls(self) -> OpenCalls:
        raise CentralUnreachableError("away")


class Gate:
    """A gate's screen and button, its clock, and what was noted."""

    def __init__(self) -> None:
        self.now_s, self.is_connected = 100.0, True
        self.noted: list[EventData] = []
        self.bell = self.restarted()

    def restarted(self) -> Assistance:
        return Assistance(
            Away(),
            self,
            ["east", "west"],
            is_connected=lambda: self.is_connected,
            now=lambda: NOW + timedelta(seconds=self.now_s),
            monotonic=lambda: self.now_s,
        )

    def note(self, data: EventData, *, subject: str | None, now: object) -> None:
        self.noted.append(data)

    @property
    def rings(self) -> list[UUID]:
        return [data.ring_id for data in self.noted if isinstance(data, AssistanceRequested)]

    def ring(self) -> str:
        self.bell.ring("east", by="screen")
        return self.state()

    def state(self, *, after_s: float = 0.0) -> str:
        self.now_s += after_s
        return self.bell.state("east")

    def told(self, *, is_taken: bool = False, ring_id: UUID | None = None) -> str:
        taken_at = NOW + timedelta(seconds=self.now_s) if is_taken else None
        call = OpenCall(access_point="east", ring_id=ring_id or self.rings[-1], taken_at=taken_at)
        self.bell.take(OpenCalls(items=(call,)))
        return self.state()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_somebody_is_coming_only_when_central_says_that_it_was_taken(gate: Gate) -> None:
    states = [gate.state(), gate.ring(), gate.told(), gate.told(is_taken=True)]
    gate.bell.take(OpenCalls())

    assert states == ["none", "calling", "asked", "coming"]
    assert gate.state() == "none"


def test_whoever_presses_again_rings_once(gate: Gate) -> None:
    for _ in range(5):
        gate.ring()
    gate.told()
    gate.ring()
    gate.told(is_taken=True)
    gate.ring()

    assert len(gate.rings) == 1


def test_a_ring_long_after_somebody_took_the_one_before_is_another(gate: Gate) -> None:
    gate.ring()
    gate.told(is_taken=True)
    gate.now_s += AGAIN_S

    assert gate.ring() == "calling"
    assert len(gate.rings) == 2
    assert gate.told(is_taken=True, ring_id=gate.rings[0]) == "calling", "of the one before"


def test_with_central_away_it_is_said_at_once_and_heals(gate: Gate) -> None:
    gate.is_connected = False
    away = gate.ring()
    gate.is_connected = True

    assert (away, gate.told()) == ("unreachable", "asked")


def test_a_ring_that_central_does_not_list_in_time_reaches_nobody(gate: Gate) -> None:
    gate.ring()

    assert gate.state(after_s=HEARD_S - 0.1) == "calling"
    gate.bell.take(OpenCalls())
    assert gate.state(after_s=0.2) == "unreachable"


def test_nobody_waits_for_ever(gate: Gate) -> None:
    gate.ring()
    unheard = gate.state(after_s=WAIT_MAX.total_seconds())
    gate.ring()
    gate.told(is_taken=True)

    assert (unheard, len(gate.rings)) == ("none", 2)
    assert gate.state(after_s=COMING_MAX.total_seconds()) == "none"


def test_a_call_outlives_a_restart_of_the_terminal(gate: Gate) -> None:
    gate.ring()
    gate.bell = gate.restarted()

    assert (gate.state(), gate.told()) == ("none", "asked")
    assert gate.ring() == "asked"
    assert len(gate.rings) == 1


class Heard:
    """Whoever listened to the board before."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def observed(self, observation: Observation) -> None:
        self.observations.append(observation)

    def lost(self, detail: str) -> None: ...

    def returned(self, absence_s: float) -> None: ...


def test_a_contact_rings_when_it_closes_and_not_when_the_board_says_it_again() -> None:
    rings, heard = list[str](), Heard()
    watch = ContactWatch(heard, {4: "east"}, rings.append)
    closing, opening = InputChanged(4, active=True), InputChanged(4, active=False)
    other = InputChanged(5, active=True)

    for observation in (opening, closing, closing, other, opening, closing):
        watch.observed(observation)

    assert rings == ["east", "east"]
    assert len(heard.observations) == 6
