"""Second persons over HTTP: what waits for an approval, and what for a signature."""

from typing import Annotated

from fastapi import APIRouter, Depends

from central.approvals import countersigning, permits
from central.approvals.schemas import ApprovalList, Countersign, CountersignatureList
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["approvals"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("approvals.read"))]
Decider = Annotated[Operator, Depends(Requires("approvals.decide"))]
Signer = Annotated[Operator, Depends(Requires("emergency.countersign"))]


@router.get("/approvals")
async def list_approvals(operator: Reader, services: Given) -> ApprovalList:
    """Return what needs or needed a second person."""
    async with services.database.read() as transaction:
        items = await permits.latest(transaction, operator, now=services.now())
    return ApprovalList(items=items)


@router.post("/approvals/{approval_id}/approve", status_code=204)
async def approve(approval_id: str, operator: Decider, services: Given) -> None:
    """Approve what somebody else asked for; this needs the permission of the deed, too."""
    async with services.database.write() as transaction:
        await permits.decide(
            transaction, approval_id, operator, is_approved=True, now=services.now()
        )


@router.post("/approvals/{approval_id}/refuse", status_code=204)
async def refuse(approval_id: str, operator: Decider, services: Given) -> None:
    """Refuse what somebody else asked for."""
    async with services.database.write() as transaction:
        await permits.decide(
            transaction, approval_id, operator, is_approved=False, now=services.now()
        )


@router.get("/countersignatures")
async def list_countersignatures(operator: Reader, services: Given) -> CountersignatureList:
    """Return what one person did alone, and who signed it."""
    async with services.database.read() as transaction:
        items = await countersigning.listed(transaction, operator, now=services.now())
    return CountersignatureList(items=items)


@router.post("/countersignatures/{act_id}/sign", status_code=204)
async def sign(act_id: str, wish: Countersign, operator: Signer, services: Given) -> None:
    """Sign what somebody else did in an emergency."""
    async with services.database.write() as transaction:
        await countersigning.sign(
            transaction, act_id, operator, reason=wish.reason, now=services.now()
        )
