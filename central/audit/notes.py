"""What is to be recorded, before it is an entry: notes, and who acts in this request."""

import dataclasses
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any, Final, Literal

Purpose = Literal[
    "",
    "monitoring",
    "incident",
    "subject_request",
    "recognition_error",
    "investigation",
    "maintenance",
    "personnel",
    "compliance",
    "integration",
]
"""Why somebody looks at pictures or passages; empty where it goes without saying."""
ANYBODY: Final = "anybody"
CENTRAL: Final = "central"
KINDS: Final[Mapping[str, str]] = {
    "holder_id": "person",
    "one": "person",
    "other": "person",
    "user_id": "user",
    "card_id": "card",
    "code_id": "code",
    "review_id": "review",
    "import_id": "import",
    "token_id": "token",
    "link_id": "link",
    "approval_id": "approval",
    "act_id": "act",
    "call_id": "call",
    "alarm_id": "alarm",
    "handover_id": "handover",
    "visit_id": "visit",
    "top_up_id": "top_up",
    "charge_id": "charge",
    "drawer_id": "drawer",
    "roll_call_id": "roll_call",
    "consent_id": "consent",
    "plan_id": "plan",
    "deletion_id": "deletion",
    "sha256": "picture",
    "image": "image",
    "rollout_id": "rollout",
    "position": "event",
    "webhook_id": "webhook",
    "source_id": "source",
}
"""Parameters of paths whose name is not what they identify."""
UNRECORDED: Final = frozenset({"number"})
"""Parameters of paths that say more of a person than an identifier does."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is to be recorded.

    Attributes:
        actor: ``user:ID``, ``node:NAME``, ``central`` or ``anybody``.
        address: From where, as the connection says; empty for central itself.
        action: Stable word, ``audit_action.WORD`` in the dictionaries.
        objects: On what, each as ``kind:identifier``.
        detail: JSON values: counts, names of fields; never names or numbers of people.
    """

    actor: str
    action: str
    address: str = ""
    objects: tuple[str, ...] = ()
    purpose: Purpose = ""
    detail: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Acting:
    """An operator's request that may change something."""

    actor: str
    address: str
    action: str
    objects: tuple[str, ...]

    def note(self, objects: Iterable[str], detail: Mapping[str, Any]) -> Note:
        """Return what is recorded of what the request writes."""
        return Note(
            actor=self.actor,
            address=self.address,
            action=self.action,
            objects=tuple(dict.fromkeys((*self.objects, *objects))),
            detail=detail,
        )


ACTING: Final[ContextVar[Acting | None]] = ContextVar("acting", default=None)
"""Who acts in this request; None where nobody does, or nothing can be changed."""


def action_of(method: str, path: str) -> str:
    """Return the word of an operation: ``POST /people/{holder_id}/cards`` is people_cards_post."""
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    words = "_".join((*parts, method.lower()))
    return "".join(sign if sign.isalnum() else "_" for sign in words)


def objects_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the parameters of a path identify."""
    return tuple(
        f"{KINDS.get(name, name)}:{value}"
        for name, value in parameters.items()
        if name not in UNRECORDED
    )
