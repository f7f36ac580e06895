"""Which role the groups of a provider give. Pure.

An account has one role, and duties that exclude each other are never of one person (decision 17):
whoever is in groups of both gets neither, until the provider's groups are put right.
"""

from collections.abc import Collection, Sequence

from central.oidc.schemas import MappedGroup
from central.roles import ROLES, duties_of, excluded, grantable
from config.contract.operators import Role


class ExcludedRolesError(Exception):
    """Somebody's groups give duties that exclude each other."""


def role_of(
    groups: Collection[str], roles: Sequence[MappedGroup], *, has_separate_administrators: bool
) -> Role | None:
    """Return the role of somebody in these groups: the first that fits; None where none does.

    Raises:
        ExcludedRolesError: The roles of all their groups are not for one person.
    """
    allowed = grantable(has_separate_administrators=has_separate_administrators)
    given = [each.role for each in roles if each.group in groups and each.role in allowed]
    duties = frozenset[str]().union(*(duties_of(role) for role in given))
    apart = {"system", "security"} <= duties and has_separate_administrators
    audits_itself = "audit" in duties and len(duties) > 1
    permissions = frozenset[str]().union(*(ROLES[role] for role in given))
    if apart or audits_itself or excluded(permissions):
        raise ExcludedRolesError(", ".join(sorted(set(given))))
    return given[0] if given else None
