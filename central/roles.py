"""Roles, what each may, and which duties exclude each other. Pure.

One central is one site, so a role is a role at this site; who works at two has an account at each.
Duties follow from permissions, so a permission that is given to the wrong role is a failing test.
"""

from typing import Final, get_args

from config.contract.operators import EdgePermission, Role

_GUARD: Final = frozenset(
    {
        "site.read", "events.read", "events.crops", "nodes.read", "people.read",
        "access.read", "lockdown.set", "passback.forgive", "muster.read", "visits.read",
        "commands.send", "muster.call", "desk.keep", "shifts.read", "shifts.write",
        "assistance.read", "assistance.answer", "alarms.read", "alarms.act",
        "patrol.read",
        "video.watch", "video.clips", "fire.read", "fire.answer", "fire.close",
    }
)  # fmt: skip
_PERSONNEL: Final = frozenset(
    {
        "site.read", "people.read", "people.names", "people.write", "faces.review",
        "nodes.read", "recognition.read", "recognition.pairs", "access.read",
        "muster.read", "visits.read", "visits.write", "privacy.read",
        "people.record",
    }
)  # fmt: skip
_SYSTEM: Final = frozenset(
    {
        "site.read", "events.read", "nodes.read", "nodes.manage", "recognition.read",
        "recognition.manage", "keys.manage", "approvals.read", "approvals.decide",
        "firmware.read", "firmware.manage", "metrics.read", "connectors.manage",
        "integrations.manage",
    }
)  # fmt: skip
_SECURITY: Final = frozenset(
    {
        "site.read", "events.read", "events.crops", "events.candidates", "nodes.read",
        "people.read", "people.names", "recognition.read", "access.read", "access.write",
        "lockdown.set", "passback.forgive", "commands.send", "muster.read", "muster.call",
        "visits.read", "users.read", "users.manage", "approvals.read", "emergency.countersign",
        "consent.texts",
        "assistance.read", "assistance.answer", "alarms.read", "alarms.act", "alarms.manage",
        "video.watch", "video.clips", "video.playback", "video.hold",
        "patrol.read", "patrol.plan",
        "plans.write", "shifts.read", "shifts.write",
        "fire.read", "fire.answer", "fire.close", "fire.drill", "fire.test", "fire.supervise",
        "firmware.read", "commands.connect",
    }
)  # fmt: skip
ROLES: Final[dict[str, frozenset[str]]] = {
    "guard": _GUARD,
    "shift_leader": _GUARD | {
        "visits.write", "approvals.read", "emergency.countersign", "alarms.manage",
        "video.playback", "video.hold", "patrol.plan", "fire.drill", "fire.test", "fire.supervise",
    },
    "cashier": frozenset({"site.read", "canteen.read", "canteen.sell"}),
    "canteen_manager": frozenset(
        {
            "site.read", "people.names", "canteen.read", "canteen.manage", "canteen.refund",
            "canteen.close", "canteen.evidence", "approvals.read", "approvals.decide",
        }
    ),
    "personnel": _PERSONNEL,
    "technician": frozenset(
        {
            "site.read", "events.read", "nodes.read", "recognition.read", "alarms.read",
            "fire.read", "fire.test", "firmware.read", "metrics.read",
        }
    ),
    "auditor": frozenset(
        {
            "site.read", "events.read", "events.crops", "events.candidates", "nodes.read",
            "people.read", "people.names", "recognition.read", "access.read", "muster.read",
            "visits.read", "users.read", "audit.read", "approvals.read", "privacy.read",
            "alarms.read", "video.clips", "patrol.read", "fire.read", "shifts.read",
            "canteen.read", "canteen.evidence", "firmware.read",
        }
    ),
    "system_administrator": _SYSTEM,
    "security_administrator": _SECURITY,
    "administrator": _SYSTEM | _SECURITY | _PERSONNEL,
}  # fmt: skip
DESK: Final = frozenset({"site.read", "nodes.read", "alarms.read", "assistance.read"})
"""What a guard's desk goes on showing while nobody is signed in: no person, no passage, no picture.
"""
PERMISSIONS: Final = frozenset[str]().union(*ROLES.values())
DUTIES: Final[dict[str, frozenset[str]]] = {
    "system": frozenset({"nodes.manage", "recognition.manage", "keys.manage", "firmware.manage"}),
    "security": frozenset({"users.manage", "access.write"}),
    "audit": frozenset({"audit.read"}),
}
"""What makes a role one of the three administrators.

Source: GB/T 22239-2019, 8.1.5 (security management centre): system, audit and security management.
"""
EXCLUSIONS: Final[tuple[tuple[frozenset[str], frozenset[str]], ...]] = (
    (
        frozenset({"canteen.sell"}),
        frozenset({"canteen.manage", "canteen.refund", "canteen.close"}),
    ),
    (
        frozenset({"users.manage", "people.write", "audit.read"}),
        frozenset({"canteen.sell", "canteen.manage", "canteen.refund", "canteen.close"}),
    ),
)
"""No role may do something of both sides of a pair.

Whoever takes money at a till neither gives it back nor signs the day off. Whoever makes accounts or
people could make the second person, or the diner, that a theft needs; whoever reads the audit log
must find nothing of their own in it.
"""

_AT_TERMINALS: Final = {
    EdgePermission.COMMANDS_SEND: "commands.send",
    EdgePermission.STATUS_READ: "nodes.read",
    EdgePermission.CANTEEN_SELL: "canteen.sell",
}


def at_terminals(role: str) -> tuple[EdgePermission, ...]:
    """Return what a role may do at terminals themselves; mostly nothing."""
    permissions = ROLES.get(role, frozenset())
    return tuple(here for here, needed in _AT_TERMINALS.items() if needed in permissions)


def duties_of(role: str) -> frozenset[str]:
    """Return which of the three administrators' duties a role has; mostly none."""
    permissions = ROLES.get(role, frozenset())
    return frozenset(duty for duty, needed in DUTIES.items() if needed & permissions)


def excluded(permissions: frozenset[str]) -> bool:
    """Return whether permissions are of both sides of an exclusion: then no role has them."""
    return any(one & permissions and other & permissions for one, other in EXCLUSIONS)


def may_become(before: str, after: str) -> bool:
    """Return whether an account's role may change so: duties are given up, and never taken.

    Else an auditor could become an administrator in two steps. Who is to take a duty on gets a new
    account by an invitation, under a name of its own in the audit log.
    """
    return duties_of(after) <= duties_of(before)


def may_reset(role: str, other: str) -> bool:
    """Return whether a role may give another's account a new password or second factor.

    Whoever resets an account can use it, and so would take a duty of its holder.
    """
    return duties_of(other) <= duties_of(role)


def grantable(*, has_separate_administrators: bool) -> tuple[Role, ...]:
    """Return the roles that may be given at a site."""
    roles: tuple[Role, ...] = get_args(Role)
    return tuple(r for r in roles if not (has_separate_administrators and r == "administrator"))
