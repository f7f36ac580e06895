from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from config.contract.access import DoorCommandOutcome
from edge.access.passage import Forgotten, NotPassed, Passage, PassagePhase, Passed

FIRST, SECOND = UUID(int=1), UUID(int=2)
CONFIRMED = DoorCommandOutcome.CONFIRMED


def opened(*decision_ids: UUID, at_s: float = 0.0) -> Passage:
    passage = Passage(timeout_s=8.0)
    for decision_id in decision_ids:
        passage.command(decision_id)
        passage.answer(decision_id, CONFIRMED, now_s=at_s)
    return passage


def test_a_granted_person_who_is_counted_has_passed() -> None:
    passage = opened(FIRST)

    assert passage.count(1) == [Passed(FIRST)]
    assert passage.phase is PassagePhase.IDLE


def test_a_granted_person_who_stays_has_not_passed() -> None:
    passage = opened(FIRST)

    assert passage.tick(now_s=7.9) == []
    assert passage.tick(now_s=8.0) == [NotPassed(FIRST)]
    assert passage.tick(now_s=9.0) == []


def test_a_passage_after_the_time_belongs_to_nobody() -> None:
    passage = opened(FIRST)
    passage.tick(now_s=8.0)

    assert passage.count(1) == [Passed(None)]


def test_a_passage_that_nobody_was_granted_is_still_a_passage() -> None:
    assert opened().count(2) == [Passed(None, 2)]


def test_people_pass_in_the_order_in_which_they_were_granted() -> None:
    passage = opened(FIRST, SECOND)

    assert passage.count(1) == [Passed(FIRST)]
    assert passage.count(2) == [Passed(SECOND), Passed(None)]


def test_a_passage_counted_before_the_answer_is_that_persons() -> None:
    passage = Passage(timeout_s=8.0)
    passage.command(FIRST)

    assert passage.count(1) == [Passed(FIRST)]
    passage.answer(FIRST, CONFIRMED, now_s=0.1)
    assert passage.phase is PassagePhase.IDLE


def test_a_refused_command_leaves_nothing_open() -> None:
    passage = Passage(timeout_s=8.0)
    passage.command(FIRST)
    passage.answer(FIRST, DoorCommandOutcome.REFUSED, now_s=0.0)

    assert passage.tick(now_s=100.0) == []
    assert passage.count(1) == [Passed(None)]


def test_after_no_answer_a_passage_is_that_persons_and_silence_is_no_fact() -> None:
    passage = Passage(timeout_s=8.0)
    for decision_id in (FIRST, SECOND):
        passage.command(decision_id)
        passage.answer(decision_id, DoorCommandOutcome.UNREACHABLE, now_s=0.0)

    assert passage.phase is PassagePhase.DOUBTFUL
    assert passage.count(1) == [Passed(FIRST)]
    assert passage.tick(now_s=8.0) == [Forgotten(SECOND)]
    assert passage.deadline_s is None


def party(*outcomes: DoorCommandOutcome) -> Passage:
    """Return the passage of several people on one decision, told to the gate one a second."""
    passage = Passage(timeout_s=8.0)
    passage.command(FIRST, count=len(outcomes))
    for number, outcome in enumerate(outcomes):
        passage.answer(FIRST, outcome, now_s=float(number))
    return passage


def test_two_people_pass_on_one_decision() -> None:
    passage = party(CONFIRMED, CONFIRMED)

    assert passage.count(1) == [Passed(FIRST)]
    assert passage.is_awaited(FIRST)
    assert passage.count(2) == [Passed(FIRST), Passed(None)]
    assert not passage.is_awaited(FIRST)


def test_two_people_who_stay_have_not_passed_once() -> None:
    passage = party(CONFIRMED, CONFIRMED)

    assert passage.tick(now_s=8.9) == []
    assert passage.tick(now_s=9.0) == [NotPassed(FIRST)]


def test_the_second_of_two_is_not_awaited_where_the_gate_refused_them() -> None:
    passage = party(CONFIRMED, DoorCommandOutcome.REFUSED)

    assert passage.count(1) == [Passed(FIRST)]
    assert not passage.is_awaited(FIRST)


def test_a_command_without_an_answer_yet_does_not_run_out() -> None:
    passage = Passage(timeout_s=8.0)
    passage.command(FIRST)

    assert passage.deadline_s is None
    assert passage.tick(now_s=100.0) == []
    assert passage.phase is PassagePhase.COMMANDED


steps = st.lists(st.sampled_from(["grant", "count", "wait"]), max_size=30)


@given(steps)
def test_every_grant_ends_once_and_every_count_is_told(steps: list[str]) -> None:
    passage, now_s, ended, counted = Passage(timeout_s=8.0), 0.0, list[UUID | None](), 0
    for number, step in enumerate(steps, start=1):
        if step == "grant":
            passage.command(UUID(int=number))
            passage.answer(UUID(int=number), CONFIRMED, now_s=now_s)
        elif step == "count":
            passed = passage.count(1)
            counted += sum(fact.count for fact in passed)
            ended += [fact.decision_id for fact in passed if fact.decision_id]
        else:
            now_s += 5.0
            ended += [fact.decision_id for fact in passage.tick(now_s=now_s)]
    ended += [fact.decision_id for fact in passage.tick(now_s=now_s + 8.0)]

    assert sorted(ended, key=str) == [UUID(int=n) for n, s in enumerate(steps, 1) if s == "grant"]
    assert counted == steps.count("count")
