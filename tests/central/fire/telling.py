"""A terminal that tells of a fire, and what an operator asks for."""

from uuid import UUID, uuid4

import httpx

from config.contract.access import DoorCommandOutcome
from config.contract.events import Event, EventData
from config.contract.fire_events import (
    FireConfirmation,
    FireConfirmed,
    FireEnded,
    FirePoint,
    FireReleaseAnswered,
    FireReleaseClosed,
)
from tests.central.bench import Bench, Node

API = "/api/v1"
ZONE = "building"
CONFIRMED, UNREACHABLE = DoorCommandOutcome.CONFIRMED, DoorCommandOutcome.UNREACHABLE


def begin_drill(bench: Bench, **more: object) -> httpx.Response:
    """Ask for a drill at a zone whose terminal is online."""
    bench.node().report()
    wish = {"minutes": 5, "reason": "the yearly drill", **more}
    return bench.administrator.post(f"{API}/fire/zones/{ZONE}/drill", json=wish)


def begin_test(bench: Bench) -> httpx.Response:
    wish = {"minutes": 5, "reason": "detectors on floor 1", "points": ["1.*"]}
    return bench.administrator.post(f"{API}/fire/zones/{ZONE}/test", json=wish)


def ask_duty(bench: Bench, minutes: int = 5) -> httpx.Response:
    return bench.administrator.post(f"{API}/fire/duty-checks", json={"minutes": minutes})


class Telling:
    """One terminal's facts, in the order in which it records them."""

    def __init__(self, bench: Bench, node: Node) -> None:
        self.bench, self.node, self._sequences = bench, node, dict[str, int]()

    def event(self, fact: EventData, **more: object) -> Event:
        sequence = self._sequences[fact.event_class] = self._sequences.get(fact.event_class, 0) + 1
        return self.node.event(sequence, **{"fact": fact, "time": self.bench.clock(), **more})

    def tell(self, *facts: EventData, **more: object) -> None:
        self.node.send(*(self.event(fact, **more) for fact in facts))

    def confirm(self, fire_id: UUID | None = None, **more: object) -> UUID:
        """Tell of a fire that two detectors confirmed; returns it."""
        fire_id = fire_id or uuid4()
        values: dict[str, object] = {
            "confirmed_by": FireConfirmation.TWO_DEVICES,
            "points": tuple(FirePoint(device="panel", point=p) for p in ("1.10.2", "1.10.7")),
            "access_points": ("lane",),
        }
        fact = FireConfirmed.model_validate({"fire_id": fire_id, "zone": ZONE, **values, **more})
        self.tell(fact)
        return fire_id

    def answer(
        self,
        fire_id: UUID,
        *,
        point: str = "lane",
        confirmed_ms: float | None = 120.0,
        **more: object,
    ) -> None:
        """Tell what a gate answered."""
        outcome = UNREACHABLE if confirmed_ms is None else CONFIRMED
        values = {
            "fire_id": fire_id, "zone": ZONE, "access_point": point, "device": "gate",
            "origin": "gate-1", "heard": "here", "told_ms": 12.0, "confirmed_ms": confirmed_ms,
            "outcome": outcome, "attempts": 1,
        }  # fmt: skip
        self.tell(FireReleaseAnswered.model_validate(values | more))

    def close(self, fire_id: UUID, *, asked_by: str = "", point: str = "lane") -> None:
        """Tell that a person closed a gate's release."""
        self.tell(FireReleaseClosed(fire_ids=(fire_id,), access_point=point, asked_by=asked_by))

    def end(self, fire_id: UUID, **more: bool) -> None:
        self.tell(FireEnded(fire_id=fire_id, zone=ZONE, **more))
