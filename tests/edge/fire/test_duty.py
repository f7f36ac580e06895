from edge.fire.duty import DutyChecks
from tests.edge.conftest import NOW


def asked(minutes: int = 10) -> DutyChecks:
    checks = DutyChecks()
    checks.asked("panel", minutes=minutes, asked_by="user-1", at=NOW, at_s=100.0)
    return checks


def test_an_answer_says_who_and_how_long_it_took() -> None:
    fact = asked().answered("panel", 7, at_s=130.5)

    assert fact is not None
    assert (fact.is_answered, fact.operator, fact.answered_after_s) == (True, 7, 30.5)


def test_an_answer_that_nobody_asked_for_is_none() -> None:
    assert DutyChecks().answered("panel", 7, at_s=1.0) is None


def test_a_check_that_nobody_answers_in_time_is_told_once() -> None:
    checks = asked(minutes=10)

    told = [checks.over(now_s=now_s) for now_s in (699.0, 700.0, 701.0)]

    assert [len(each) for each in told] == [0, 1, 0]
    assert not told[1][0].is_answered


def test_a_new_check_takes_the_place_of_the_one_before() -> None:
    before = asked().asked("panel", minutes=5, asked_by="user-2", at=NOW, at_s=200.0)

    assert before is not None
    assert (before.is_answered, before.asked_by) == (False, "user-1")
