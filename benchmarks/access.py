"""How long an access decision takes, a change until it is in force, and an import of people.

``uv run python -m benchmarks.access --json FILE``. 200 points of 40 areas, 10,000 people who are
all somewhere, 120 profiles over 60 schedules with the holiday calendar, levels, interlocks,
temporary rules, two-person points; the gates are busy and many were refused of late. The figure is
the time that passes; the processor's own time is printed beside it, because on a busy machine the
slowest decisions are those during which others had the processor.
"""

import argparse
import random
import time
import tomllib
import uuid
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console

import config
from benchmarks.access_import import measure_import
from benchmarks.access_propagation import TERMINALS, measure_propagation
from benchmarks.measure import write_json
from config.contract.access import Direction
from config.contract.access_model import parse_access_model
from config.contract.areas import AreaFact
from config.demo.report import describe_machine
from edge.access.attempts import Attempt, CardShown, FaceShown, PinShown
from edge.access.compiled import CompiledModel
from edge.access.decision import decide, whom
from edge.access.happenings import (
    Decided,
    DoorOpened,
    Heard,
    LockdownChanged,
    NotPassed,
    Passed,
    Ticked,
)
from edge.access.question import Granted, Person, Point
from edge.access.state import State
from edge.access.transitions import take
from edge.access.world import World

PEOPLE, POINTS, AREAS, PROFILES, SCHEDULES = 10_000, 200, 40, 120, 60
DECISIONS: Final = 20_000
WARM_UP: Final = 1_000
UNDER_WAY: Final = 100
"""Decisions whose passage the gate has not told yet: four seconds of a busy site."""
NOW: Final = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
REQUIREMENTS: Final = ([["face", "card"], ["card", "pin"]], [["card"], ["face"]])


class Candidate:
    """Somebody whom a face resembles."""

    def __init__(self, key: str, similarity: float) -> None:
        """Name somebody."""
        self.key, self.similarity = key, similarity


def document(rng: random.Random) -> dict[str, Any]:
    """Return an access model with all kinds of rules."""
    calendar = Path(config.__file__).parent / "calendars" / "cn.toml"
    entrances = [f"p{n}" for n in range(0, POINTS, 2)]
    begins, ends = NOW - timedelta(hours=1), NOW + timedelta(days=2)
    return {
        "version": 1,
        "calendar": tomllib.loads(calendar.read_text(encoding="utf-8")),
        "special_days": [{"id": "party", "dates": ["2026-11-24"]}],
        "schedules": [schedule(n) for n in range(SCHEDULES)],
        "groups": [{"id": f"g{n}", "points": rng.sample(entrances, 20)} for n in range(20)],
        "profiles": [
            {
                "id": f"r{n}",
                "permissions": [
                    {
                        "groups": [f"g{rng.randrange(20)}"],
                        "schedule": f"s{rng.randrange(SCHEDULES)}",
                    }
                    for _ in range(4)
                ],
            }
            for n in range(PROFILES)
        ],
        "areas": [area(n) for n in range(AREAS)],
        "points": [point_rules(rng, n) for n in range(POINTS)],
        "interlocks": [{"id": f"i{n}", "points": rng.sample(entrances, 3)} for n in range(20)],
        "temporary_rules": [
            {
                "id": f"t{n}",
                "effect": rng.choice(["permit", "refuse"]),
                "points": rng.sample(entrances, 3),
                "valid_from": begins,
                "valid_until": ends,
                "holders": [f"h{rng.randrange(PEOPLE)}" for _ in range(50)],
            }
            for n in range(100)
        ],
        "lockdown_levels": [
            {"id": f"l{n}", "priority": n + 1, "groups": [f"g{n}"], "admits": ["r1", "r2", "r3"]}
            for n in range(5)
        ],
        "fire_zones": [{"id": f"z{n}", "groups": [f"g{n}"]} for n in range(10)],
    }


def schedule(number: int) -> dict[str, Any]:
    """Return one of many schedules: several intervals, one over midnight, special days."""
    days = ["mon", "tue", "wed", "thu", "fri"]
    return {
        "id": f"s{number}",
        "intervals": [
            {"days": days, "start": f"{6 + number % 3:02}:00", "end": "12:00"},
            {"days": days, "start": "13:00", "end": f"{17 + number % 5:02}:30"},
            {"days": ["sat", "holiday"], "start": "22:00", "end": "05:00"},
        ],
        "special": [{"special_days": "party", "hours": [{"start": "10:00", "end": "16:00"}]}],
    }


def area(number: int) -> dict[str, Any]:
    """Return one of many areas."""
    made: dict[str, Any] = {"id": f"a{number}", "occupancy_max": PEOPLE // AREAS + 20}
    if number % 2:
        made["passback"] = {"mode": "soft"}
    return made | ({"first_person_in": {"resets_at_h": 4}} if number % 8 == 0 else {})


def point_rules(rng: random.Random, number: int) -> dict[str, Any]:
    """Return an entrance, or the exit beside it."""
    inside = f"a{number // 2 % AREAS}"
    if number % 2:
        return {"id": f"p{number}", "from_area": inside}
    made: dict[str, Any] = {"id": f"p{number}", "to_area": inside}
    if number % 4 == 0:
        made["credentials"] = [
            {"schedule": f"s{rng.randrange(SCHEDULES)}", "require": {"any_of": combinations}}
            for combinations in REQUIREMENTS
        ]
    return made | ({"two_person": {}} if number % 20 == 0 else {})


def make_world(rng: random.Random) -> tuple[World, list[Point], list[Person]]:
    """Return a busy site in the middle of a morning."""
    directions = (Direction.IN, Direction.OUT)
    points = [Point(f"p{n}", directions[n % 2], f"d{n // 2}") for n in range(POINTS)]
    people = [
        Person(
            holder_id=f"h{n}",
            profiles=frozenset(f"r{rng.randrange(PROFILES)}" for _ in range(4)),
            needs_escort=n % 50 == 0,
            may_escort=n % 10 == 0,
            is_first_person=n % 20 == 0,
            has_extended_access_time=n % 30 == 0,
        )
        for n in range(PEOPLE)
    ]
    model = CompiledModel(parse_access_model(document(rng)), points, zone=ZoneInfo("Asia/Shanghai"))
    world = World(model, State(node="n1"))
    facts = tuple(
        AreaFact(
            holder_id=person.holder_id,
            area=f"a{rng.randrange(AREAS)}" if rng.random() < 0.8 else None,
            at=NOW - timedelta(seconds=rng.randrange(3600)),
            node="n2",
            sequence=number + 1,
            is_first_person=person.is_first_person,
        )
        for number, person in enumerate(people)
    )
    take(world, Heard(facts))
    for number in range(0, POINTS, 10):
        take(world, DoorOpened(f"d{number}", NOW))
    take(world, LockdownChanged("l1", is_active=True))
    return world, points, people


def attempt(rng: random.Random, person: Person) -> Attempt:
    """Return what somebody shows."""
    kind = rng.random()
    if kind < 0.05:
        return CardShown(None)
    if kind < 0.5:
        return CardShown(person.holder_id)
    if kind < 0.6:
        return PinShown(person.holder_id, is_right=True)
    others = [Candidate(f"h{rng.randrange(PEOPLE)}", 0.3) for _ in range(4)]
    return FaceShown([Candidate(person.holder_id, 0.9), *others], 0.5)


def measure(decisions: int) -> tuple[list[float], list[float], Counter[str]]:
    """Return each decision's time, its processor time, both in ms, and what was decided."""
    rng = random.Random(1)  # noqa: S311 - repeatable, no secret
    world, points, people = make_world(rng)
    known = {person.holder_id: person for person in people}
    times, busy, answers, now = list[float](), list[float](), Counter[str](), NOW
    under_way = deque[tuple[Point, uuid.UUID]]()
    for number in range(WARM_UP + decisions):
        now += timedelta(milliseconds=rng.randrange(20, 60))
        point, shown = rng.choice(points), attempt(rng, rng.choice(people))
        began_s, busy_s = time.perf_counter(), time.thread_time()
        holder_id = whom(shown, point=point, now=now, world=world)
        person = known.get(holder_id or "")
        decision = decide(shown, person, point=point, now=now, world=world)
        busy_s, took_s = time.thread_time() - busy_s, time.perf_counter() - began_s
        if number >= WARM_UP:
            times.append(took_s * 1000)
            busy.append(busy_s * 1000)
            answers["granted" if isinstance(decision, Granted) else decision.reason.value] += 1
        decision_id = uuid.UUID(int=number)
        take(world, Decided(decision_id, point, shown, person, decision, now))
        under_way.append((point, decision_id))
        if len(under_way) > UNDER_WAY:
            settle(world, rng, *under_way.popleft(), now)
        if number % 25 == 0:
            take(world, Ticked(now))
    return times, busy, answers


def settle(
    world: World, rng: random.Random, point: Point, decision_id: uuid.UUID, now: datetime
) -> None:
    """Let the gate say what became of somebody: most pass."""
    if rng.random() < 0.9:
        take(world, Passed(point, now, decision_id))
    else:
        take(world, NotPassed(decision_id))


def percentile(values: list[float], share: float) -> float:
    """Return the value that so great a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="benchmarks.access", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the result here")
    arguments = parser.parse_args()
    times, busy, answers = measure(DECISIONS)
    result = {
        "people": PEOPLE,
        "points": POINTS,
        "decision_p99_ms": round(percentile(times, 0.99), 3),
    }
    propagation = measure_propagation()
    result["propagation_p95_ms"] = round(percentile(propagation.all, 0.95) * 1000)
    result["nodes"] = TERMINALS
    preview_s, apply_s = measure_import(PEOPLE)
    result["import_10000_s"] = round(preview_s + apply_s, 2)
    console = Console()
    console.print(
        f"{PEOPLE:,} people, {POINTS} points: a decision takes {percentile(times, 0.5):.3f} ms,"
        f" p99 {result['decision_p99_ms']} ms (of the processor {percentile(busy, 0.99):.3f} ms);"
        f" {describe_machine()}"
    )
    console.print(", ".join(f"{reason} {count}" for reason, count in answers.most_common()))
    console.print(
        f"a change at central in force at {TERMINALS} terminals, p95: "
        + ", ".join(
            f"{kind} {percentile(times, 0.95):.2f} s"
            for kind, times in propagation._asdict().items()
        )
    )
    console.print(
        f"a workbook of {PEOPLE:,} people: preview {preview_s:.1f} s, applied in {apply_s:.1f} s"
    )
    write_json(arguments.json, result)


if __name__ == "__main__":
    main()
