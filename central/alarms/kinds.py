"""What can be raised, how urgent it is as shipped, and how it ends. Pure.

To add a kind: one line here, its words (``alarm.KIND`` in both languages), a procedure in
``procedures`` and, where a node's event raises it, one line in ``sources``.
"""

import dataclasses
from typing import Final, Literal

Priority = Literal[1, 2, 3, 4]
"""1 is the most urgent."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of alarm.

    Attributes:
        priority: As shipped; a site may set another (``PUT /alarms/procedures``).
        is_latched: Life is at stake: it can be neither shelved nor suppressed nor taken out of
            service, flood control does not gather it, and it leaves the list only when a person
            acknowledges it after its cause has gone.
        is_momentary: It happens and is over; nothing returns, and it stands until acknowledged.
    """

    priority: Priority
    is_latched: bool = False
    is_momentary: bool = False


def _state(priority: Priority) -> Kind:
    return Kind(priority=priority)


def _happening(priority: Priority) -> Kind:
    return Kind(priority=priority, is_momentary=True)


KINDS: Final[dict[str, Kind]] = {
    "fire": Kind(priority=1, is_latched=True),
    "fire_point": Kind(priority=1, is_latched=True),
    "fire_release": _state(1),
    "panic": Kind(priority=1, is_latched=True),
    "duress": Kind(priority=1, is_latched=True, is_momentary=True),
    "intrusion": _state(1),
    "forced_open": _state(2),
    "unauthorised": _happening(2),
    "tamper": _state(2),
    "fire_path": _state(2),
    "fire_panel": _state(2),
    "duty": _state(2),
    "node_lost": _state(2),
    "node_revoked": _happening(2),
    "neighbour_lost": _state(2),
    "board_safe": _state(2),
    "journal": _state(2),
    "journal_dropped": _happening(2),
    "journal_conflict": _happening(2),
    "ingest_limited": _state(3),
    "emergency": _happening(2),
    "held_open": _state(3),
    "tailgating": _happening(3),
    "wrong_way": _happening(3),
    "refusals": _happening(3),
    "gate_fault": _state(3),
    "device_lost": _state(3),
    "board_health": _state(3),
    "board_update": _happening(3),
    "rollout_halted": _state(3),
    "queue": _state(3),
    "clock": _state(3),
    "disk": _state(3),
    "replica": _state(3),
    "recognition": _state(3),
    "gallery": _state(3),
    "fire_test": _state(4),
    "fire_drill": _state(3),
    "patrol_missed": _happening(3),
    "patrol_guard": _happening(3),
    "patrol_late": _happening(4),
    "patrol_early": _happening(4),
    "patrol_order": _happening(4),
    "camera_retention": _state(4),
    "wallet_float": _state(3),
    "canteen_exception": _state(3),
    "top_up_question": _state(3),
    "bill_difference": _state(3),
    "channel": _state(3),
    "backup": _state(3),
    "certificate": _state(3),
    "partition": _state(3),
    "webhook": _state(3),
    "outside": _happening(2),
}
"""Every kind by its name."""
UNRAISED: Final = frozenset[str]()
"""Kinds that nothing raises yet: they wait for the part that will, and pages do not show them."""
