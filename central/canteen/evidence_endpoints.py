"""What a charge paid by face rests on, for whoever looks into a dispute; each look is recorded."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.canteen import repository
from central.canteen.state import Charge
from central.database import Transaction
from central.events import reading
from central.events.schemas import StoredEvent
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from central.tables import events
from config.contract.events import AccessGranted, PayerIdentified

router = APIRouter(prefix="/canteen", tags=["canteen"], responses=RESPONSES)
Investigator = Annotated[Operator, Depends(Requires("canteen.evidence"))]
Looking = Annotated[Reason, Depends(Purposeful())]
AROUND: Final = timedelta(minutes=10)
"""A decision and its charge are of one clock; in a lane the charge follows the passage."""
TYPES: Final = (PayerIdentified.type_name, AccessGranted.type_name)


@router.get("/charges/{charge_id}/decision")
async def read_decision(
    charge_id: UUID, operator: Investigator, services: Given, reason: Looking
) -> StoredEvent:
    """Return the decision about a face that a charge rests on, of a till or of a lane's gate."""
    async with services.database.read() as transaction:
        charge = (await repository.charges(transaction, [str(charge_id)])).get(str(charge_id))
        if charge is None or charge.content_hash is None:
            raise RefusedError(404, "charge_not_found", "there is no such charge")
        found = await _decision(transaction, charge, operator)
    if found is None:
        raise RefusedError(
            404,
            "decision_not_found",
            "no face paid this, or what was seen of it has been deleted since",
        )
    await looked(
        services, operator, "canteen_charges_decision_get", f"charge:{charge_id}", reason=reason
    )
    return found


async def _decision(
    transaction: Transaction, charge: Charge, operator: Operator
) -> StoredEvent | None:
    if charge.decision_id is None or charge.charged_at is None:
        return None
    query = reading.stored_query(hidden=()).where(
        events.c.holder_id == charge.holder_id,
        events.c.occurred_at.between(charge.charged_at - AROUND, charge.charged_at + AROUND),
        events.c.type.in_(TYPES),
        events.c.node == charge.node,
    )
    for row in await transaction.execute(query):
        stored = reading.stored_view(
            row,
            has_names=operator.may("people.names"),
            has_candidates=operator.may("events.candidates"),
        )
        data = stored.event.data
        if data.get("decision_id") == charge.decision_id and data.get("face") is not None:
            return stored
    return None
