"""What tills record about money. Each is written before the display says so, and told until held.

Central posts ``ChargeRecorded`` once, whatever order these come in and however often.
"""

import hashlib
from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from config.contract.access import CredentialKind
from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Slug
from config.contract.money import ChargeLine, ChargeMode, Fen


class ChargePending(
    EventData, type_name="menshen.money.charge_pending.v1", event_class=EventClass.MONEY
):
    """A canteen lane has granted: the meal is not paid before the person has passed."""

    charge_id: UUID
    till: Slug
    merchant: Slug
    holder_id: str
    amount_fen: Fen


class ChargeReleased(
    EventData, type_name="menshen.money.charge_released.v1", event_class=EventClass.MONEY
):
    """A charge did not come about: nobody passed, or *not me*. Nothing is owed.

    Attributes:
        reason: ``interrupted``: the till ended in between and finds it unfinished when it starts.
    """

    charge_id: UUID
    till: Slug
    reason: Literal["not_passed", "not_me", "cancelled", "interrupted"]


class ChargeRecorded(
    EventData, type_name="menshen.money.charge_recorded.v1", event_class=EventClass.MONEY
):
    """A meal is paid. This is the charge; all else is about it.

    Attributes:
        session_id: Of the till, from its opening to its close.
        period: Meal period; empty outside of all.
        is_reserved: Central had said that it keeps the money.
        is_repeat: The same person again within the period, and somebody has said yes to it.
        decision_id: Of the identification that it rests on.
    """

    charge_id: UUID
    session_id: UUID
    till: Slug
    merchant: Slug
    holder_id: str
    amount_fen: Fen
    mode: ChargeMode
    period: str = ""
    lines: tuple[ChargeLine, ...] = ()
    credential: CredentialKind
    decision_id: UUID | None = None
    is_reserved: bool = False
    is_repeat: bool = False


class ChargeVoided(
    EventData, type_name="menshen.money.charge_voided.v1", event_class=EventClass.MONEY
):
    """The cashier took a charge of the same session back at the till.

    Attributes:
        void_id: Key of this deed.
        by: Operator; empty is whoever stood at the till.
    """

    void_id: UUID
    charge_id: UUID
    session_id: UUID
    till: Slug
    amount_fen: Fen
    by: str = ""


class TillOpened(EventData, type_name="menshen.money.till_opened.v1", event_class=EventClass.MONEY):
    """A till began a session. Attributes: by: operator; empty is a till that nobody attends."""

    session_id: UUID
    till: Slug
    merchant: Slug
    by: str = ""


class TillClosed(EventData, type_name="menshen.money.till_closed.v1", event_class=EventClass.MONEY):
    """A till ended a session, with its own sums; the cashier counted before seeing them.

    Attributes:
        charge_count, charge_fen: Of the charges that are not void.
        void_count, void_fen: Of those that are.
        charge_ids_sha256: Of the charges that are not void: ``charges_digest``.
        counted_charges: What the cashier counted (receipts or diners); None where nobody counts.
        counted_fen: The same for the money.
    """

    session_id: UUID
    till: Slug
    merchant: Slug
    charge_count: Annotated[int, Field(ge=0)]
    charge_fen: Annotated[int, Field(ge=0)]
    void_count: Annotated[int, Field(ge=0)]
    void_fen: Annotated[int, Field(ge=0)]
    charge_ids_sha256: str
    counted_charges: Annotated[int, Field(ge=0)] | None = None
    counted_fen: Annotated[int, Field(ge=0)] | None = None
    by: str = ""


def charges_digest(charge_ids: Iterable[UUID]) -> str:
    """Return what a till and central compare: SHA-256 (hex) of the ids, sorted, one a line.

    Each line is the id in its usual form and a line feed.
    """
    lines = "".join(f"{charge_id}\n" for charge_id in sorted(map(str, charge_ids)))
    return hashlib.sha256(lines.encode()).hexdigest()
