"""Evidence over HTTP: the report of a fire or drill, for machines and as a page to print."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from sqlalchemy import Row

from central.assessment.schemas import Language
from central.audit.endpoints import looked
from central.database import Transaction
from central.fire import views
from central.fire.document import CONTENT_SECURITY_POLICY, document
from central.fire.evidence import SignedReport
from central.fire.report_sources import signed_report
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["fire"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("fire.read"))]


@router.get("/fire/reports/{fire_id}.html", response_class=HTMLResponse)
async def get_fire_report_page(
    fire_id: UUID, operator: Viewer, services: Given, language: Language = "zh-CN"
) -> HTMLResponse:
    """Return the report as a page to print, which carries what central signed."""
    page = document(await _signed(fire_id, operator, services), language)
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.get("/fire/reports/{fire_id}.json")
async def get_fire_report(fire_id: UUID, operator: Viewer, services: Given) -> SignedReport:
    """Return the report as central signs it; `menshen fire verify` checks it without central."""
    return await _signed(fire_id, operator, services)


async def _signed(fire_id: UUID, operator: Operator, services: Given) -> SignedReport:
    async with services.database.read() as transaction:
        row = await _found(transaction, fire_id)
        found = await signed_report(transaction, services, row, operator)
    await looked(services, operator, "fire_reports_get", f"fire:{fire_id}")
    return found


async def _found(transaction: Transaction, fire_id: UUID) -> Row[Any]:
    row = await views.find_fire(transaction, fire_id)
    if row is None:
        raise RefusedError(404, "fire_not_found", "there is no such fire or drill")
    return row
