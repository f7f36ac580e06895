"""Groups of the provider give one role, and never duties that exclude each other. Pure."""

from itertools import combinations

import pytest

from central.oidc.mapping import ExcludedRolesError, role_of
from central.oidc.schemas import MappedGroup
from central.roles import ROLES, duties_of
from config.contract.operators import Role

ROLE_OF_GROUP: tuple[tuple[str, Role], ...] = (
    ("leaders", "shift_leader"),
    ("guards", "guard"),
    ("audit", "auditor"),
    ("system", "system_administrator"),
    ("security", "security_administrator"),
    ("all", "administrator"),
    ("till", "cashier"),
    ("canteen", "canteen_manager"),
)
ORDER = tuple(MappedGroup(group=group, role=role) for group, role in ROLE_OF_GROUP)


def given(*groups: str, separate: bool = False) -> str | None:
    return role_of(groups, ORDER, has_separate_administrators=separate)


def test_the_first_that_fits_is_the_role() -> None:
    assert given("guards", "leaders") == "shift_leader"
    assert given("guards", "unheard") == "guard"
    assert given("system", "security") == "system_administrator"
    assert given("unheard") is None
    assert given() is None


@pytest.mark.parametrize(
    ("groups", "separate"),
    [
        (("audit", "system"), False),
        (("audit", "all"), False),
        (("till", "canteen"), False),
        (("till", "security"), False),
        (("system", "security"), True),
    ],
)
def test_what_excludes_each_other_is_nobodys(groups: tuple[str, ...], separate: bool) -> None:
    with pytest.raises(ExcludedRolesError):
        given(*groups, separate=separate)


def test_a_role_that_the_site_does_not_have_is_not_given() -> None:
    assert given("all", separate=True) is None


def test_nobody_audits_what_they_do_whatever_their_groups() -> None:
    for groups in combinations([group for group, _ in ROLE_OF_GROUP], 2):
        try:
            role = given(*groups)
        except ExcludedRolesError:
            continue
        duties = {duty for group, r in ROLE_OF_GROUP if group in groups for duty in duties_of(r)}
        assert role in ROLES
        assert not ("audit" in duties and len(duties) > 1)
