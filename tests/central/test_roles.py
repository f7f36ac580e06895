"""Who may what, and that no administrator can take another's duty."""

from itertools import product
from typing import get_args

import pytest

from central.roles import DUTIES, ROLES, duties_of, excluded, grantable, may_become, may_reset
from central.security import Requires
from config.contract.operators import ADMINISTRATIVE, Role
from tests.central.test_security import guards, routes

SEPARATE = ("auditor", "system_administrator", "security_administrator")


def asked(role: str) -> set[str]:
    """Return the operations that a role may ask for."""
    return {
        name
        for name, route in routes().items()
        for guard in guards(route)
        if isinstance(guard, Requires) and guard.permission in ROLES[role]
    }


def test_every_role_of_the_contract_has_its_permissions() -> None:
    assert tuple(ROLES) == get_args(Role)
    assert all("site.read" in permissions for permissions in ROLES.values())


def test_the_three_administrators_have_one_duty_each() -> None:
    assert [duties_of(role) for role in SEPARATE] == [{"audit"}, {"system"}, {"security"}]
    assert {role for role in ROLES if duties_of(role)} == set(ADMINISTRATIVE)


def test_nobody_who_changes_anything_reads_the_audit_log_as_an_auditor() -> None:
    both = [role for role in ROLES if "audit" in duties_of(role) and len(duties_of(role)) > 1]

    assert both == []
    assert "audit" not in duties_of("administrator")


def test_an_auditor_changes_nothing() -> None:
    changing = {name for name in asked("auditor") if not name.startswith("GET ")}

    assert changing == set()


def test_no_endpoint_of_an_administrator_is_the_auditors() -> None:
    audit = {name for name in routes() if "/audit" in name}

    assert audit <= asked("auditor")
    assert audit & (asked("administrator") | asked("security_administrator")) == set()


def test_the_separate_administrators_share_no_endpoint_that_changes_anything() -> None:
    changing = [{n for n in asked(role) if not n.startswith("GET ")} for role in SEPARATE]

    assert changing[0] & changing[1] == changing[1] & changing[2] == set()
    assert changing[1]
    assert changing[2]


@pytest.mark.parametrize(("before", "after"), list(product(ROLES, SEPARATE)))
def test_no_role_grows_into_an_administrators(before: str, after: str) -> None:
    gives_up_the_rest = before == "administrator" and after != "auditor"

    assert may_become(before, after) is (before == after or gives_up_the_rest)


def test_no_role_could_hide_its_own_theft_at_the_canteen() -> None:
    assert [role for role, permissions in ROLES.items() if excluded(permissions)] == []
    assert {"canteen.read", "canteen.sell"} <= ROLES["cashier"]
    assert {"canteen.manage", "canteen.refund", "canteen.close"} <= ROLES["canteen_manager"]


@pytest.mark.parametrize("other", ["canteen.refund", "canteen.close", "users.manage", "audit.read"])
def test_a_cashier_who_could_also_do_that_is_refused_as_a_role(other: str) -> None:
    assert excluded(ROLES["cashier"] | {other})


def test_a_duty_cannot_be_taken_in_two_steps() -> None:
    reached = {
        (a, c) for a, b, c in product(ROLES, repeat=3) if may_become(a, b) and may_become(b, c)
    }

    assert [pair for pair in reached if not duties_of(pair[1]) <= duties_of(pair[0])] == []


def test_an_administrator_resets_no_account_of_another_duty() -> None:
    assert may_reset("security_administrator", "guard")
    assert may_reset("administrator", "system_administrator")
    assert not may_reset("administrator", "auditor")
    assert not may_reset("security_administrator", "system_administrator")


def test_where_administrators_are_separate_nobody_is_both() -> None:
    assert "administrator" not in grantable(has_separate_administrators=True)
    assert set(grantable(has_separate_administrators=False)) == set(ROLES)
    assert set(DUTIES) == {"system", "security", "audit"}
