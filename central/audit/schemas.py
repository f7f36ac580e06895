"""What is said about the audit log."""

from typing import Any

from pydantic import AwareDatetime, BaseModel


class AuditEntry(BaseModel):
    """One entry.

    Attributes:
        actor_name: User name of the operator, who is still there.
        objects: On what, each as ``kind:identifier``.
    """

    sequence: int
    at: AwareDatetime
    actor: str
    actor_name: str | None
    address: str
    action: str
    objects: list[str]
    purpose: str
    detail: dict[str, Any]
    hash: str


class AuditPage(BaseModel):
    """Entries, newest first. Attributes: next: give it as ``before``. head: to note down."""

    items: list[AuditEntry]
    next: int | None
    head: str


class AuditActor(BaseModel):
    """Somebody who can be chosen in the filter."""

    actor: str
    name: str
