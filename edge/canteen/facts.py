"""What tills tell, each fact under a key of its own: twice is once. Pure."""

from typing import Literal
from uuid import UUID

from config.contract.event_base import EventData
from config.contract.events import FaceEvidence, PayerIdentified
from config.contract.money_events import (
    ChargePending,
    ChargeRecorded,
    ChargeReleased,
    ChargeVoided,
    TillClosed,
    TillOpened,
)
from edge.canteen.book import Charge, Session, Sums


def key_of(data: EventData) -> str | None:
    """Return under which key a fact is told; None of what is none of tills.

    The key of a paid charge is the charge's own.
    """
    match data:
        case ChargeRecorded(charge_id=charge_id):
            return str(charge_id)
        case PayerIdentified(charge_id=charge_id):
            return face_key(charge_id)
        case ChargePending(charge_id=charge_id):
            return f"pending:{charge_id}"
        case ChargeReleased(charge_id=charge_id):
            return f"released:{charge_id}"
        case ChargeVoided(charge_id=charge_id):
            return f"void:{charge_id}"
        case TillOpened(session_id=session_id):
            return f"opened:{session_id}"
        case TillClosed(session_id=session_id):
            return f"closed:{session_id}"
        case _:
            return None


def face_key(charge_id: UUID) -> str:
    """Return under which key it is told what a charge paid by face rests on."""
    return f"face:{charge_id}"


def identified(charge: Charge, face: FaceEvidence) -> PayerIdentified | None:
    """Return what a charge rests on; None of one that was not found by a face."""
    if charge.decision_id is None:
        return None
    return PayerIdentified(
        decision_id=charge.decision_id,
        charge_id=charge.charge_id,
        till=charge.till,
        holder_id=charge.holder_id,
        credential=charge.credential,
        face=face,
        confirmed=charge.confirmed,
    )


def pending(charge: Charge) -> ChargePending:
    """Return that a lane has granted."""
    return ChargePending(
        charge_id=charge.charge_id,
        till=charge.till,
        merchant=charge.merchant,
        holder_id=charge.holder_id,
        amount_fen=charge.amount_fen,
    )


def released(
    charge: Charge, reason: Literal["not_passed", "not_me", "cancelled", "interrupted"]
) -> ChargeReleased:
    """Return that a charge did not come about."""
    return ChargeReleased(charge_id=charge.charge_id, till=charge.till, reason=reason)


def voided(charge: Charge, *, void_id: UUID, by: str) -> ChargeVoided:
    """Return that a charge was taken back."""
    return ChargeVoided(
        void_id=void_id,
        charge_id=charge.charge_id,
        session_id=charge.session_id,
        till=charge.till,
        amount_fen=charge.amount_fen,
        by=by,
    )


def opened(session: Session) -> TillOpened:
    """Return that a till is open."""
    return TillOpened(
        session_id=session.session_id, till=session.till, merchant=session.merchant, by=session.by
    )


def closed(
    session: Session,
    sums: Sums,
    *,
    counted_charges: int | None,
    counted_fen: int | None,
    by: str,
) -> TillClosed:
    """Return that a session is over, with what the till has and what was counted."""
    return TillClosed(
        session_id=session.session_id,
        till=session.till,
        merchant=session.merchant,
        charge_count=sums.charge_count,
        charge_fen=sums.charge_fen,
        void_count=sums.void_count,
        void_fen=sums.void_fen,
        charge_ids_sha256=sums.digest,
        counted_charges=counted_charges,
        counted_fen=counted_fen,
        by=by,
    )
