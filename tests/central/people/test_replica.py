"""What nodes are told: read once for all of them, and never a record that no node could read."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, event, literal, select
from sqlalchemy.engine import Engine, Row

from central.people.replica import KEPT_ANSWERS_MAX, refuse_unreadable
from central.problems import RefusedError
from central.tables import PERSON_MARKS
from config.contract.nodes import ReplicaPage
from tests.central.bench import Bench, Node

GOOD: dict[str, Any] = {
    "holder_id": "anna", "version": 1, "is_active": True, "name": "Anna", "valid_from": None,
    "valid_until": None, "access_points": None, "profiles": None, "pin_verifier": None,
    "duress_verifier": None, **dict.fromkeys(PERSON_MARKS, False),
}  # fmt: skip


def row(**values: str) -> Row[Any]:
    columns = [literal(value).label(name) for name, value in {**GOOD, **values}.items()]
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(select(*columns)).one()


def test_a_record_that_nodes_can_read_is_let_be() -> None:
    refuse_unreadable(row())


@pytest.mark.parametrize("values", [{"access_points": "Ü"}, {"profiles": "B"}, {"version": "x"}])
def test_a_record_that_no_node_can_read_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="422 unreadable_record"):
        refuse_unreadable(row(**values))


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What the database is asked, of whatever engine."""
    asked = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def page(node: Node, *, after: int) -> ReplicaPage:
    reply = node.request("GET", f"/api/v1/replica?after={after}&pairs=true&access=0")
    assert reply.status_code == 200, reply.text
    return ReplicaPage.model_validate_json(reply.content)


def test_what_every_node_asks_after_a_change_is_read_once(
    bench: Bench, statements: list[str]
) -> None:
    first, second = bench.node("gate-1"), bench.node("gate-2")
    before = page(first, after=0).version
    bench.person("Anna")
    statements.clear()

    pages = [page(node, after=before) for node in (first, second, first)]

    assert sum("people.version > " in statement for statement in statements) == 1
    assert pages[0] == pages[1] == pages[2]
    assert len(pages[0].holders) == 1


def test_a_node_never_gets_the_answer_of_an_older_version(bench: Bench) -> None:
    node = bench.node()
    before = page(node, after=0).version
    assert page(node, after=before).holders == ()

    holder_id = bench.person("Anna")

    assert [str(told.holder_id) for told in page(node, after=before).holders] == [holder_id]


def test_more_different_questions_than_are_kept_are_answered_all_the_same(bench: Bench) -> None:
    node = bench.node()
    for number in range(KEPT_ANSWERS_MAX + 4):
        bench.person(f"Person {number}")
    last = page(node, after=0).version

    counts = [len(page(node, after=last - count).holders) for count in range(KEPT_ANSWERS_MAX + 4)]

    assert counts == list(range(KEPT_ANSWERS_MAX + 4))
