"""What tills ask central over HTTP, signed by their node."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import ValidationError

from central.canteen import plans, till_page
from central.canteen.orders import Tills
from central.canteen.reservations import reserve
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.services import Given, Services
from config.contract.money import ReservationAnswer, ReservationWish, TillPage

router = APIRouter(prefix="/canteen", tags=["canteen"], responses=RESPONSES)
WISH_SIZE_BYTES_MAX: Final = 2_000
HOLDER_LENGTH_MAX: Final = 63
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ReservationWish.model_json_schema()},
        },
    }
}


@router.post("/reservations", openapi_extra=_BODY)
async def make_reservation(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=WISH_SIZE_BYTES_MAX))],
) -> ReservationAnswer:
    """Keep money for a charge that a till is about to make; the same wish again keeps it once."""
    try:
        wish = ReservationWish.model_validate_json(signed.body)
    except ValidationError as error:
        raise RefusedError(422, "invalid_request", "this is no wish of a till") from error
    if wish.till not in _tills(services, signed.node):
        raise RefusedError(404, "till_not_found", "this node has no such till")
    if len(wish.holder_id) > HOLDER_LENGTH_MAX or "\0" in wish.holder_id:
        return ReservationAnswer(outcome="closed")  # nobody can be called so
    # It has 150 ms: behind a batch of events the till would go by its offline limits.
    async with services.database.write(is_urgent=True) as transaction:
        return await reserve(
            transaction, wish, node=signed.node, zone=services.canteen.zone, now=services.now()
        )


@router.get("/till")
async def sync_till(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed())],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    plan: Annotated[int, Query(ge=-1, le=2**31)] = -1,
) -> TillPage:
    """Return whose money and which orders have changed, and the plan where it is another one."""
    tills = _tills(services, signed.node)
    if not tills:
        raise RefusedError(404, "till_not_found", "this node has no till")
    async with services.database.read() as transaction:
        kept = await plans.current(transaction)
        found = await till_page.changed(
            transaction,
            after=after,
            tills=Tills(
                merchants=frozenset(tills.values()),
                names={till.id: till.name for till in services.settings.site.till},
            ),
            now=services.now(),
        )
    return TillPage(
        plan=None if kept.version == plan else kept.plan,
        accounts=found.accounts,
        orders=found.orders,
        version=found.version,
        has_more=found.has_more,
    )


def _tills(services: Services, node: str) -> dict[str, str]:
    """Return the tills of a node, and who is paid at each."""
    return {till.id: till.merchant for till in services.settings.site.till if till.node == node}
