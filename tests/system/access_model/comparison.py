"""Runs random histories through both models and says where they disagree."""

import dataclasses
import random
import time
from collections.abc import Iterable

from tests.system.access_model.engine import Engine
from tests.system.access_model.generator import make_history, make_site
from tests.system.access_model.history import Site, Step
from tests.system.access_model.reference import Reference

PER_SITE = 25
"""Histories at one site: checking and compiling its model takes longer than one of them."""

RULES = frozenset({
    "unknown_face", "doubtful_face", "weak_face", "liveness_unsure", "presentation_attack",
    "unknown_card", "wrong_pin", "unknown_code", "code_used", "code_not_here", "code_many_times",
    "code_used_up", "holder_inactive", "not_yet_valid", "no_longer_valid", "not_permitted_here",
    "out_of_schedule", "profile", "profile_requires", "over_midnight", "holiday", "makeup_workday",
    "special_days", "temporary_permit", "closed_for_now", "temporary_require", "lockdown",
    "lockdown_admits", "lockdown_open", "fire", "egress", "first_person_needed",
    "first_person_has_come", "passback", "passback_soft", "passback_hard", "passback_timed",
    "passback_timed_over", "passback_exempt", "passback_recorded_on_exit", "forgiven", "area_full",
    "interlock", "combination", "credential_needed", "wrong_credential", "one_to_one", "duress",
    "too_many_refusals", "refusals_repeated", "second_credential_given", "escort_needed",
    "follows_escort", "awaiting_second_person", "company", "extended_access_time", "tailgating",
    "unauthorised_passage", "wrong_way", "door_forced", "door_open_too_long", "granted_face",
    "granted_card", "granted_pin", "granted_qr", "replica_outdated", "named_while_outdated",
    "second_while_outdated",
})  # fmt: skip
"""What a long enough run has to come across."""


@dataclasses.dataclass(frozen=True, slots=True)
class Disagreement:
    """One history to which both give different answers. Attributes: text: the first difference."""

    seed: int
    history: int
    text: str


@dataclasses.dataclass(slots=True)
class Findings:
    """Of a run."""

    histories: int = 0
    disagreements: list[Disagreement] = dataclasses.field(default_factory=list)
    rules_covered: set[str] = dataclasses.field(default_factory=set)
    engine_s: float = 0.0

    def add(self, other: "Findings") -> None:
        """Take in another run's."""
        self.histories += other.histories
        self.disagreements += other.disagreements
        self.rules_covered |= other.rules_covered
        self.engine_s += other.engine_s


def compare(seed: int, *, first: int, count: int) -> Findings:
    """Compare ``count`` histories from number ``first`` on; the same seed gives the same ones."""
    found = Findings()
    site, engine, reference = None, None, None
    for number in range(first, first + count):
        if site is None or engine is None or reference is None or number % PER_SITE == 0:
            site = make_site(random.Random(f"{seed}-site-{number // PER_SITE}"))  # noqa: S311 - a seed repeats it
            engine, reference = Engine(site), Reference(site)
        steps = make_history(random.Random(f"{seed}-{number}"), site)  # noqa: S311 - a seed repeats it
        began_s = time.perf_counter()
        ours = engine.run(steps)
        found.engine_s += time.perf_counter() - began_s
        theirs = reference.run(steps)
        if ours != theirs:
            found.disagreements.append(
                Disagreement(seed, number, _first_difference(steps, ours, theirs))
            )
        found.histories += 1
        found.rules_covered |= reference.used
    return found


def replay(seed: int, number: int) -> tuple[Site, list[Step]]:
    """Return a history that was reported, to be looked at."""
    site = make_site(random.Random(f"{seed}-site-{number // PER_SITE}"))  # noqa: S311 - a seed repeats it
    return site, make_history(random.Random(f"{seed}-{number}"), site)  # noqa: S311 - a seed repeats it


def _first_difference(
    steps: list[Step],
    ours: tuple[Iterable[object], object],
    theirs: tuple[Iterable[object], object],
) -> str:
    for number, (step, mine, other) in enumerate(zip(steps, ours[0], theirs[0], strict=True)):
        if mine != other:
            return f"step {number} {step}\n  engine    {mine}\n  reference {other}"
    return f"at the end\n  engine    {ours[1]}\n  reference {theirs[1]}"
