import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from config.contract import access_events as events
from config.contract.access import DenialReason
from config.contract.access_model import parse_access_model
from config.contract.areas import AreaFact
from config.contract.events import EventData
from config.contract.nodes import AccessRecord, ActiveLockdown, ForgivenRecord
from edge.access.attempts import Attempt, CardShown, FaceShown, PinShown
from edge.access.doorkeeper import Doorkeeper
from edge.access.happenings import DoorOpened, Heard, NotPassed, Passed
from edge.access.memory import Recalled
from edge.access.question import Denied, Granted, Person
from edge.access.rulebook import RuleBook
from tests.edge.access.bench import Notebook, Register
from tests.edge.access.building import LEADS, POINTS, Candidate, area_fact
from tests.edge.conftest import NOW, eventually

HALL = {"areas": [{"id": "hall", "occupancy_max": 1}], "points": [LEADS[0], LEADS[2]]}
CARD_AND_PIN = {"require": {"any_of": [["card", "pin"]]}}
ASKS_FOR_PIN = {"points": [{"id": "front", "credentials": [CARD_AND_PIN]}]}
LEVEL = {"lockdown_levels": [{"id": "night", "priority": 1, "points": ["front"]}]}


class Notes:
    """A journal that is read at once."""

    def __init__(self) -> None:
        self.data, self.subjects = list[EventData](), list[str | None]()

    def note(self, data: EventData, *, subject: str | None, now: datetime) -> None:
        self.data.append(data)
        self.subjects.append(subject)


class Node:
    """A doorkeeper and everything around it."""

    def __init__(
        self, document: Mapping[str, Any] | None = None, recalled: Recalled | None = None
    ) -> None:
        self.now, self.notes, self.notebook, self._count = NOW, Notes(), Notebook(), 0
        self.people = Register({name: Person(holder_id=name) for name in ("anna", "ben")})
        self.people.pins = {"anna": ("1234", "4321")}
        self.rules = RuleBook(POINTS.values())
        self.tell(document or {})
        self.keeper = Doorkeeper(
            node="n1",
            rules=self.rules,
            people=self.people,
            recorder=self.notes,
            memory=self.notebook,
            recalled=recalled or Recalled(),
            now=lambda: self.now,
            tick_s=0.001,
        )

    def tell(self, document: Mapping[str, Any], **more: Any) -> None:  # noqa: ANN401 - of a record
        model = parse_access_model({"version": 1, **document})
        self.rules.take(AccessRecord(version=1, model=model, **more))

    def show(self, attempt: Attempt, at: str = "front") -> Granted | Denied:
        self._count += 1
        decision, _ = self.keeper.decide(
            attempt, point=POINTS[at], decision_id=UUID(int=self._count), now=self.now
        )
        return decision

    def pin(self, pin: str) -> PinShown:
        return self.keeper.pin_shown(pin, point=POINTS["front"], now=self.now)

    def enter(self, who: str, at: str = "front") -> None:
        assert isinstance(self.show(CardShown(who), at), Granted)
        self.keeper.take(Passed(POINTS[at], self.now, UUID(int=self._count)))


def test_two_doors_never_let_in_one_person_too_many() -> None:
    node = Node(HALL)

    decisions = [node.show(CardShown("anna")), node.show(CardShown("ben"), at="side")]

    assert decisions == [Granted("anna"), Denied(DenialReason.AREA_FULL, "ben")]


def test_who_could_not_pass_is_expected_no_more() -> None:
    node = Node(HALL)
    node.show(CardShown("anna"))

    node.keeper.take(NotPassed(UUID(int=1)))

    assert node.show(CardShown("ben"), at="side") == Granted("ben")


def test_a_passage_is_told_to_central_and_remembered() -> None:
    node = Node(HALL)

    node.enter("anna")

    fact = AreaFact(holder_id="anna", area="hall", at=NOW, node="n1", sequence=1)
    assert node.notes.data == [events.AreaFactRecorded(fact=fact)]
    assert node.notebook.facts == [fact]


def test_what_was_known_before_a_restart_is_known_after_it() -> None:
    node = Node(HALL, Recalled((area_fact("anna", "hall", node="n1", sequence=8),), sequence=9))

    refused = node.show(CardShown("ben"))

    assert refused == Denied(DenialReason.AREA_FULL, "ben")
    assert (node.keeper.world.state.sequence, node.notes.data) == (9, [])


def test_what_other_nodes_tell_is_remembered_too() -> None:
    node, fact = Node(HALL), area_fact("anna", "hall", node="n2")

    node.keeper.take(Heard((fact,)))

    assert node.notebook.facts == [fact]
    assert node.show(CardShown("ben")) == Denied(DenialReason.AREA_FULL, "ben")


def test_a_lockdown_holds_from_when_central_tells_of_it_until_it_ends() -> None:
    node, night = Node(LEVEL), ActiveLockdown(level="night", since=NOW)
    node.tell(LEVEL, lockdowns=(night,))
    node.keeper.follow()
    refused = node.show(CardShown("anna"))

    node.tell(LEVEL)
    node.keeper.follow()

    assert refused == Denied(DenialReason.LOCKDOWN, "anna")
    assert node.show(CardShown("anna")) == Granted("anna")


def test_rules_are_those_of_the_newest_model() -> None:
    node = Node()
    node.tell(ASKS_FOR_PIN)
    node.rules.take(AccessRecord(version=2, model=parse_access_model({"version": 2, **LEVEL})))

    node.keeper.follow()

    assert node.keeper.world.model is node.rules.compiled


FORGIVE_ANNA = ForgivenRecord(number=4, at=NOW, holder_id="anna")


def test_what_an_operator_forgives_is_forgiven_once_over_a_restart() -> None:
    node = Node(HALL)
    node.enter("anna")
    node.tell(HALL, forgiven=(FORGIVE_ANNA,))
    node.keeper.follow()
    again = Node(HALL, Recalled(tuple(node.notebook.facts), 2, node.notebook.applied))

    again.tell(HALL, forgiven=(FORGIVE_ANNA,))
    again.keeper.follow()

    assert [fact.is_forgiven for fact in node.notebook.facts if isinstance(fact, AreaFact)] == [
        False, True,
    ]  # fmt: skip
    assert again.notebook.facts == []
    assert again.show(CardShown("ben")) == Granted("ben")


def test_everybody_is_forgiven_at_once() -> None:
    node = Node(HALL)
    node.enter("anna")

    node.tell(HALL, forgiven=(ForgivenRecord(number=1, at=NOW + timedelta(seconds=1)),))
    node.keeper.follow()

    assert isinstance(node.notes.data[-1], events.AreasForgivenRecorded)
    assert node.show(CardShown("ben")) == Granted("ben")


def test_a_central_that_was_restored_counts_from_an_earlier_number_and_is_heard() -> None:
    node = Node(HALL)
    node.tell(HALL, forgiven=(FORGIVE_ANNA,))
    node.keeper.follow()
    node.enter("anna")

    later = ForgivenRecord(number=2, at=NOW + timedelta(hours=1), holder_id="anna")
    node.tell(HALL, forgiven=(later,))
    node.keeper.follow()

    assert node.show(CardShown("ben")) == Granted("ben")


def test_refusals_at_a_point_are_forgiven() -> None:
    node = Node({"refusals_max": 1})
    node.show(CardShown(None))
    assert isinstance(node.show(CardShown("anna")), Denied)

    node.tell(
        {"refusals_max": 1}, forgiven=(ForgivenRecord(number=1, at=NOW, access_point="front"),)
    )
    node.keeper.follow()

    assert node.show(CardShown("anna")) == Granted("anna")


def test_repeated_refusals_are_an_alarm_once() -> None:
    node = Node({"refusals_max": 2})

    for _ in range(4):
        node.show(CardShown(None))

    assert node.notes.data == [events.RefusalsRepeated(access_point="front", count=2)]
    assert node.notes.subjects == ["front"]


def test_a_pin_is_of_whoever_has_shown_a_card_just_before() -> None:
    node = Node(ASKS_FOR_PIN)
    node.show(CardShown("anna"))

    assert node.pin("1234") == PinShown("anna", is_right=True)
    assert node.pin("9999") == PinShown("anna", is_right=False)


def test_a_found_card_cannot_be_tried_with_one_pin_after_the_other() -> None:
    node = Node(ASKS_FOR_PIN)

    for number in range(5):
        node.show(CardShown("anna"))
        node.show(node.pin(f"000{number}"))
    node.show(CardShown("anna"))

    assert node.show(node.pin("1234")) == Denied(DenialReason.WRONG_PIN, "anna")
    assert events.RefusalsRepeated(access_point="front", count=5) in node.notes.data


@pytest.mark.parametrize("pin", ["1234", "4321"])
def test_a_duress_pin_opens_as_a_pin_does_and_only_the_journal_knows(pin: str) -> None:
    node = Node(ASKS_FOR_PIN)
    node.show(CardShown("anna"))

    decision = node.show(node.pin(pin))

    assert isinstance(decision, Granted)
    alarms = [d for d in node.notes.data if isinstance(d, events.DuressDetected)]
    assert len(alarms) == (pin == "4321")


def test_a_face_is_compared_with_whoever_has_shown_a_card() -> None:
    twins = FaceShown([Candidate("ben", 0.9), Candidate("anna", 0.895)], 0.5)
    node = Node({"points": [{"id": "front", "credentials": [
        {"require": {"any_of": [["card", "face"], ["card", "pin"]]}}]}]})  # fmt: skip
    node.show(CardShown("anna"))

    assert node.show(twins) == Granted("anna")


def test_what_runs_out_is_noticed_and_at_rest_no_clock_runs() -> None:
    async def act() -> Node:
        node = Node()
        task = asyncio.create_task(node.keeper.run())
        node.keeper.take(DoorOpened("front-door", NOW, is_found=True))
        node.now += timedelta(seconds=31)
        await eventually(lambda: len(node.notes.data) > 0)
        task.cancel()
        return node

    node = asyncio.run(act())

    assert node.notes.data == [events.DoorOpenTooLong(device="front-door")]
    assert Node().keeper.world.state.is_at_rest
    assert not node.keeper.world.state.is_at_rest


def test_a_passage_through_a_gate_that_is_released_is_counted_and_no_alarm() -> None:
    node = Node(HALL)

    node.keeper.take(Passed(POINTS["front"], NOW), is_released=True)

    (counted,) = node.notes.data
    assert isinstance(counted, events.UnnamedCountRecorded)
