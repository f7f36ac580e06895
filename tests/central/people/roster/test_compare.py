"""What a file would change; nobody is deleted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.people.roster.compare import Change, Comparison, Existing, FieldChange, Known, compare
from tests.central.people.roster.files import roster

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def known(number: str, **more: object) -> Known:
    values = {
        "holder_id": f"h{number}",
        "number": number,
        "name": "A",
        "unit": None,
        "valid_from": None,
        "valid_until": None,
        "is_active": True,
        "access_points": None,
        "profiles": None,
        "cards": frozenset(),
        "in_roster": True,
        **more,
    }
    return Known(**values)  # type: ignore[arg-type]  # as given


def compared(*lines: str, people: tuple[Known, ...] = ()) -> Comparison:
    owners = {card: person.holder_id for person in people for card in person.cards}
    existing = Existing({person.number: person for person in people}, owners)
    return compare(existing, roster(*lines), now=NOW)


def only(comparison: Comparison) -> Change:
    (change,) = comparison.changes
    return change


def test_somebody_unknown_is_new() -> None:
    change = only(compared("工号,姓名,卡号", "1,A,7"))

    assert (change.kind, change.holder_id, change.values) == ("new", None, {"name": "A"})
    assert change.fields == (FieldChange("name", None, "A"), FieldChange("cards", 0, 1))


def test_a_change_is_told_field_by_field() -> None:
    change = only(compared("工号,姓名,部门", "1,A,安保", people=(known("1", unit="后勤"),)))

    assert (change.kind, change.holder_id) == ("changed", "h1")
    assert change.fields == (FieldChange("unit", "后勤", "安保"),)


def test_what_is_known_is_no_change() -> None:
    person = known("1", access_points=("east",), cards=frozenset({"verifier of 7"}))

    found = compared("工号,姓名,通行点,卡号", "1,A,东通道,7", people=(person,))

    assert (found.changes, found.unchanged) == ((), ("h1",))


def test_what_the_file_does_not_say_stays() -> None:
    person = known("1", unit="后勤", cards=frozenset({"verifier of 7"}))

    found = compared("工号,姓名,部门,卡号", "1,A,,", people=(person,))

    assert found.changes == ()


@pytest.mark.parametrize("line", ["1,离职,", "1,,2026-05-31"])
def test_a_leaver_is_switched_off_or_over(line: str) -> None:
    change = only(compared("工号,状态,有效期止", line, people=(known("1"),)))

    assert change.kind == "leaver"


def test_the_last_day_is_not_over() -> None:
    change = only(compared("工号,有效期止", "1,2026-06-01", people=(known("1"),)))

    assert change.kind == "changed"


def test_who_had_left_before_is_no_leaver_again() -> None:
    person = known("1", is_active=False)

    assert only(compared("工号,姓名,状态", "1,B,离职", people=(person,))).kind == "changed"


def test_who_left_before_anybody_knew_them_is_not_added() -> None:
    found = compared("工号,姓名,状态", "1,A,离职")

    assert (found.changes, found.left_already) == ((), (2,))


def test_somebody_new_needs_a_name() -> None:
    (refusal,) = compared("工号,部门", "1,安保").refusals

    assert (refusal.row, refusal.column, refusal.code) == (2, "name", "name_missing")


def test_a_card_of_somebody_else_is_refused() -> None:
    person = known("2", cards=frozenset({"verifier of 7"}))

    (refusal,) = compared("工号,姓名,卡号", "1,A,7", people=(person,)).refusals

    assert refusal.code == "card_taken"


def test_validity_that_would_end_before_it_begins_is_refused() -> None:
    person = known("1", valid_from=NOW + timedelta(days=90))

    (refusal,) = compared("工号,有效期止", "1,2026-06-30", people=(person,)).refusals

    assert refusal.code == "ends_before_it_begins"


def test_who_is_missing_is_said_and_changed_by_nobody() -> None:
    people = (known("1"), known("2"), known("3", in_roster=False), known("4", is_active=False))

    found = compared("工号,姓名", "1,A", people=people)

    assert [person.number for person in found.missing] == ["2"]
    assert (found.changes, found.roster_count) == ((), 2)


def test_who_stands_in_a_refused_row_is_not_missing() -> None:
    assert compared("工号,状态", "1,也许", people=(known("1"),)).missing == ()


@pytest.mark.parametrize(("missing", "unlikely"), [(1, False), (2, True)])
def test_more_than_a_tenth_missing_is_unlikely(missing: int, unlikely: bool) -> None:
    people = tuple(known(str(n)) for n in range(10))
    lines = [f"{n},A" for n in range(10 - missing)]

    assert compared("工号,姓名", *lines, people=people).is_missing_unlikely is unlikely


@pytest.mark.parametrize(
    "more",
    [{"name": "B"}, {"unit": "x"}, {"cards": frozenset({"c"})}, {"valid_until": NOW}],
)
def test_the_fingerprint_changes_with_what_is_compared(more: dict[str, object]) -> None:
    before, after = Existing({"1": known("1")}, {}), Existing({"1": known("1", **more)}, {})

    assert before.fingerprint != after.fingerprint
    assert before.fingerprint == Existing({"1": known("1")}, {}).fingerprint


@given(
    st.lists(st.sampled_from(["1", "2", "3", "4"]), unique=True),
    st.lists(st.sampled_from(["1", "2", "3", "4"]), unique=True),
)
def test_everybody_is_told_once(in_file: list[str], in_store: list[str]) -> None:
    people = tuple(known(number) for number in in_store)

    found = compared("工号,姓名", *(f"{number},B" for number in in_file), people=people)

    told = {change.number for change in found.changes} | {person.number for person in found.missing}
    assert told == {*in_file, *in_store}
    assert len(found.changes) + len(found.missing) == len(told)
