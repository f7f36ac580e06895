"""What becomes of an alarm, by hand and by chance: whatever happens, the promises hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from central.alarms import life
from central.alarms.kinds import Kind, Priority
from central.alarms.life import CALM, SAME_LINE, SHELF_MAX, Step
from central.alarms.lines import Act, LatchedError, Line, Source
from central.alarms.settings import SHIPPED

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DOOR, DURESS = Kind(priority=2), Kind(priority=1, is_latched=True, is_momentary=True)
FIRE, TAILGATING = Kind(priority=1, is_latched=True), Kind(priority=3, is_momentary=True)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Told:
    """One source, and what was written down of it."""

    def __init__(self, kind: Kind) -> None:
        self.source, self.acts = Source(kind=kind), list[Act]()

    def take(self, step: Step) -> "Told":
        self.source, acts = step
        self.acts += acts
        return self

    def raised(self, seconds: float = 0, **more: Any) -> "Told":  # noqa: ANN401 - of any type
        now = at(seconds)
        more = {"priority": self.source.kind.priority, **more}
        return self.take(life.raised(self.source, at=now, now=now, **more))

    def returned(self, seconds: float) -> "Told":
        return self.take(life.returned(self.source, at=at(seconds), now=at(seconds)))

    def seen(self, seconds: float) -> "Told":
        return self.take(life.acknowledged(self.source, by="guard", now=at(seconds)))

    def ticked(self, seconds: float) -> "Told":
        return self.take(life.ticked(self.source, SHIPPED.plan, now=at(seconds)))

    @property
    def line(self) -> Line:
        assert self.source.line is not None
        return self.source.line


def test_one_that_returned_stands_until_it_is_seen_and_one_that_was_seen_until_it_returns() -> None:
    unseen, seen = Told(DOOR).raised().returned(5), Told(DOOR).raised().seen(5)

    assert (unseen.source.is_open, seen.source.is_open) == (True, True)
    assert not unseen.seen(9).source.is_open
    assert not seen.returned(9).source.is_open


def test_what_happens_and_is_over_stands_until_it_is_seen() -> None:
    told = Told(TAILGATING).raised()

    assert (told.line.is_active, told.source.is_open) == (False, True)
    assert not told.seen(3).source.is_open


def test_a_latched_one_closes_by_a_person_after_its_cause_has_gone_and_by_nothing_else() -> None:
    fire = Told(FIRE).raised().seen(5).returned(60).ticked(86_400)

    assert fire.source.is_open
    assert not fire.seen(86_500).source.is_open


def test_one_that_comes_again_before_it_was_seen_counts_on_its_line() -> None:
    told = Told(DOOR).raised().returned(5).raised(200)

    assert (told.line.raise_count, told.line.raised_at, told.line.last_raised_at) == (
        2, at(0), at(200),
    )  # fmt: skip


def test_one_that_comes_again_after_it_was_seen_waits_for_somebody_anew() -> None:
    told = Told(FIRE).raised().seen(5).returned(60).raised(70)

    assert (told.line.acknowledged_at, told.line.told_at) == (None, at(70))


def test_one_that_comes_back_within_a_minute_takes_up_its_line_and_later_begins_another() -> None:
    soon = Told(DOOR).raised().returned(5).seen(6).raised(6 + SAME_LINE.seconds)
    late = Told(DOOR).raised().returned(5).seen(6).raised(7 + SAME_LINE.seconds)

    assert (soon.line.raise_count, late.line.raise_count) == (2, 1)
    assert late.acts[-1] is Act.RAISED


def chattering() -> Told:
    told = Told(DOOR)
    for second in range(0, 40, 10):
        told.raised(second).returned(second + 5)
    return told


def test_one_that_chatters_counts_in_place_of_new_lines_and_of_history() -> None:
    told = chattering()

    assert (told.line.is_chattering, told.line.raise_count) == (True, 4)
    assert told.acts.count(Act.CHATTERS) == 1
    assert Act.RAISED_AGAIN not in told.acts[told.acts.index(Act.CHATTERS) :]


def test_one_that_chatters_stays_acknowledged_until_it_is_calm_and_closes_then() -> None:
    told = chattering().seen(40).raised(50).returned(55)
    stood = (told.source.is_open, told.line.acknowledged_by)

    told.ticked(50 + CALM.seconds)

    assert stood == (True, "guard")
    assert told.acts[-2:] == [Act.IS_CALM, Act.CLOSED]


def test_what_is_latched_never_chatters() -> None:
    told = Told(DURESS)
    for second in range(10):
        told.raised(second).seen(second + 0.5)

    assert (told.line.is_chattering, told.line.acknowledged_at is None) == (False, False)


def test_nobody_comes_and_it_escalates_level_by_level() -> None:
    told, levels = Told(FIRE).raised(), list[int]()
    for second in (29, 30, 59, 60, 180, 9_999):
        levels.append(told.ticked(second).line.escalation)

    assert levels == [0, 1, 1, 2, 3, 3]


def test_one_that_still_holds_long_after_it_was_seen_waits_again() -> None:
    told = Told(FIRE).raised().seen(10)

    told.ticked(609)
    seen = told.line.acknowledged_by
    told.ticked(610)

    assert (seen, told.line.acknowledged_at, told.acts[-1]) == ("guard", None, Act.REMINDED)


def test_a_shelf_ends_by_itself_and_what_was_hidden_waits_from_then_on() -> None:
    told = Told(DOOR).raised()
    shelf = life.shelved(told.source, until=at(99_999), by="guard", reason="hinge", now=at(5))

    told.take(shelf).ticked(4 + SHELF_MAX.seconds)
    hidden = (told.source.is_hidden, told.line.escalation)
    told.ticked(5 + SHELF_MAX.seconds)

    assert hidden == (True, 0), "nothing escalates on a shelf, and none lasts longer than a shift"
    assert (told.source.is_hidden, told.line.told_at) == (False, at(5 + SHELF_MAX.seconds))


def test_a_flood_gathers_what_is_not_urgent_and_never_what_is() -> None:
    gathered = [Told(kind).raised(is_flood=True).line.is_gathered for kind in
                (TAILGATING, DOOR, FIRE, DURESS)]  # fmt: skip

    assert gathered == [True, False, False, False]


@pytest.mark.parametrize("kind", [FIRE, DURESS])
def test_what_is_latched_can_be_put_aside_by_no_act(kind: Kind) -> None:
    source = Told(kind).raised().source

    with pytest.raises(LatchedError):
        life.shelved(source, until=at(60), by="guard", reason="x", now=NOW)
    with pytest.raises(LatchedError):
        life.taken_out_of_service(source, by="guard", reason="x", now=NOW)
    assert life.suppressed(source, is_on=True, now=NOW) == (source, ())


KINDS = st.builds(
    Kind,
    priority=st.sampled_from([1, 2, 3, 4]),
    is_latched=st.booleans(),
    is_momentary=st.booleans(),
)


class AnyLife(RuleBasedStateMachine):
    """Whatever people, sources and time do to one source, in whatever order."""

    @initialize(kind=KINDS)
    def begin(self, kind: Kind) -> None:
        self.source, self.now = Source(kind=kind), NOW

    def take(self, step: Step, *, is_person: bool = False) -> None:
        before = self.source
        self.source, acts = step
        if Act.CLOSED in acts and before.kind.is_latched:
            assert is_person, "a latched line closes by a person alone"

    @rule(seconds=st.sampled_from([0, 1, 20, 61, 130, 600, 4_000, 40_000]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.take(life.ticked(self.source, SHIPPED.plan, now=self.now))

    @rule(is_flood=st.booleans(), late_s=st.sampled_from([0, 5, 500]), is_history=st.booleans())
    def happens(self, is_flood: bool, late_s: int, is_history: bool) -> None:
        before = self.source
        priority: Priority = self.source.kind.priority
        self.take(
            life.raised(
                self.source,
                at=self.now - timedelta(seconds=late_s),
                now=self.now,
                priority=priority,
                is_flood=is_flood,
                is_history=is_history,
            )
        )
        was_holding = before.is_open and before.is_active
        line = self.source.line
        assert line is not None
        counted = 1 if before.line is None or line.raised_at != before.line.raised_at else 0
        if not was_holding and counted == 0 and before.line is not None:
            assert line.raise_count in (1, before.line.raise_count + 1), "no raise is lost"

    @rule()
    def goes(self) -> None:
        self.take(life.returned(self.source, at=self.now, now=self.now))
        again = life.returned(self.source, at=self.now, now=self.now)
        assert again == (self.source, ()), "saying it twice is saying it once"

    @rule()
    def is_seen(self) -> None:
        self.take(life.acknowledged(self.source, by="guard", now=self.now), is_person=True)

    @rule(minutes=st.integers(1, 2_000))
    def is_shelved(self, minutes: int) -> None:
        until = self.now + timedelta(minutes=minutes)
        try:
            self.take(life.shelved(self.source, until=until, by="g", reason="r", now=self.now))
        except LatchedError:
            assert self.source.kind.is_latched

    @rule(is_on=st.booleans())
    def is_suppressed(self, is_on: bool) -> None:
        self.take(life.suppressed(self.source, is_on=is_on, now=self.now))

    @rule()
    def calms_down(self) -> None:
        self.take(life.scattered(self.source, now=self.now))

    @invariant()
    def what_is_latched_is_never_hidden(self) -> None:
        if self.source.kind.is_latched:
            assert not self.source.is_hidden
            assert self.source.line is None or not self.source.line.is_gathered

    @invariant()
    def a_line_is_closed_only_when_it_is_over_and_seen(self) -> None:
        line = self.source.line
        if line is not None and line.closed_at is not None:
            assert not line.is_active
            assert line.acknowledged_at is not None

    @invariant()
    def what_is_urgent_is_never_gathered(self) -> None:
        line = self.source.line
        assert line is None or not (line.is_gathered and line.priority <= 2)

    @invariant()
    def nothing_that_is_shown_and_unseen_waits_without_a_next_level(self) -> None:
        line, plan = self.source.line, SHIPPED.plan
        if line is None or line.closed_at is not None or self.source.is_hidden or line.is_gathered:
            return
        if line.acknowledged_at is None and line.escalation < len(
            plan.escalate.get(line.priority, ())
        ):
            assert life.next_due(self.source, plan) is not None

    @invariant()
    def a_shelf_lasts_no_longer_than_a_shift(self) -> None:
        shelf = self.source.shelf
        if shelf is not None:
            assert shelf.until is not None
            assert shelf.until - shelf.at <= SHELF_MAX

    @invariant()
    def time_changes_nothing_before_it_is_due(self) -> None:
        due = life.next_due(self.source, SHIPPED.plan)
        step = life.ticked(self.source, SHIPPED.plan, now=self.now)
        if due is None or due > self.now:
            assert step == (self.source, ())


AnyLife.TestCase.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
TestAnyLife = AnyLife.TestCase
