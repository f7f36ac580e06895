import pytest

from config.contract.access_model import AccessModel, parse_access_model
from config.contract.nodes import AccessRecord, ActiveLockdown, ForgivenRecord
from edge.access.rulebook import RuleBook
from tests.edge.access.building import POINTS
from tests.edge.conftest import NOW


def model(version: int, *, point: str = "front") -> AccessModel:
    return parse_access_model({"version": version, "points": [{"id": point, "two_person": {}}]})


def record(version: int, *, with_model: bool = True) -> AccessRecord:
    return AccessRecord(version=version, model=model(version) if with_model else None)


def is_two_person(book: RuleBook, point: str = "front") -> bool:
    return book.compiled.point(POINTS[point]).rules.two_person is not None


@pytest.fixture
def book() -> RuleBook:
    return RuleBook(POINTS.values())


def test_before_central_has_said_anything_there_are_no_rules(book: RuleBook) -> None:
    assert (book.version, is_two_person(book), book.lockdowns) == (0, False, frozenset())


def test_a_model_is_used_from_when_it_comes(book: RuleBook) -> None:
    book.take(record(3))

    assert (book.version, is_two_person(book)) == (3, True)


def test_a_model_that_is_here_already_stands(book: RuleBook) -> None:
    book.take(record(3))
    compiled = book.compiled

    book.take(record(3, with_model=False))
    book.take(record(3))

    assert book.compiled is compiled


def test_a_model_that_cannot_be_read_leaves_the_last_good_one_and_is_said_once(
    book: RuleBook, caplog: pytest.LogCaptureFixture
) -> None:
    book.take(record(3))

    for _ in range(2):
        book.take(record(4, with_model=False))

    assert (book.version, is_two_person(book)) == (3, True)
    assert caplog.text.count("version 4 cannot be read here: version 3 stands") == 1
    assert not book.is_news(record(4, with_model=False))


def test_a_model_that_can_be_read_again_is_used(book: RuleBook) -> None:
    book.take(record(4, with_model=False))

    book.take(record(4))

    assert book.version == 4


def test_points_that_the_site_lacks_are_passed_over_and_said_in_one_line(
    book: RuleBook, caplog: pytest.LogCaptureFixture
) -> None:
    points = [{"id": "new-lane"}, {"id": "front", "two_person": {}}]
    groups = [{"id": "all", "points": ["newer-lane"]}]
    document = {"version": 5, "points": points, "groups": groups}

    book.take(AccessRecord(version=5, model=parse_access_model(document)))

    assert is_two_person(book)
    (line,) = caplog.messages
    assert "new-lane" in line
    assert "newer-lane" in line


def test_lockdowns_and_what_was_forgiven_are_as_central_says_last(book: RuleBook) -> None:
    locked = ActiveLockdown(level="night", since=NOW)
    forgiven = ForgivenRecord(number=1, at=NOW)
    both = AccessRecord(version=0, lockdowns=(locked,), forgiven=(forgiven,))
    was_news = book.is_news(both)

    book.take(both)

    assert was_news
    assert not book.is_news(both)
    assert (book.lockdowns, book.forgiven) == (frozenset({"night"}), (forgiven,))
    book.take(AccessRecord(version=0))
    assert book.lockdowns == frozenset()


def test_a_central_without_rules_says_nothing_new(book: RuleBook) -> None:
    assert not book.is_news(None)


def test_all_that_is_known_can_be_kept(book: RuleBook) -> None:
    book.take(record(3).model_copy(update={"lockdowns": (ActiveLockdown(level="a", since=NOW),)}))
    again = RuleBook(POINTS.values())

    again.take(AccessRecord.model_validate_json(book.record().model_dump_json()))

    assert again.record() == book.record()
    assert is_two_person(again)
