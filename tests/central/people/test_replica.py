"""A record that no node could read is refused when it is made, not when a node asks."""

from typing import Any

import pytest
from sqlalchemy import create_engine, literal, select
from sqlalchemy.engine import Row

from central.people.replica import refuse_unreadable
from central.problems import RefusedError
from central.tables import PERSON_MARKS

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
