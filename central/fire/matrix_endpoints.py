"""The cause-and-effect matrix over HTTP: shown, printed, and signed cell by cell."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from central.assessment.schemas import Language
from central.database import Transaction
from central.fire.document import CONTENT_SECURITY_POLICY
from central.fire.gates import expected
from central.fire.matrix import matrix
from central.fire.matrix_document import matrix_document
from central.fire.matrix_results import add, offers, results
from central.fire.repository import TOPIC
from central.fire.schemas import Matrix, WantedResult
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services

router = APIRouter(tags=["fire"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("fire.read"))]
Tester = Annotated[Operator, Depends(Requires("fire.test"))]


@router.get("/fire/matrix")
async def get_matrix(_: Viewer, services: Given) -> Matrix:
    """Return what each zone does to each output, and who tested it when, both ways."""
    async with services.database.read() as transaction:
        return await _matrix(transaction, services)


@router.get("/fire/matrix.html", response_class=HTMLResponse)
async def get_matrix_page(_: Viewer, services: Given, language: Language = "zh-CN") -> HTMLResponse:
    """Return the matrix as a page to print."""
    async with services.database.read() as transaction:
        found = await _matrix(transaction, services)
    page = matrix_document(found, services.settings.site.site, language)
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.post("/fire/matrix/results", status_code=201)
async def add_result(wish: WantedResult, operator: Tester, services: Given) -> Matrix:
    """Sign the test of one cell by name, with what central has seen of it."""
    site = services.settings.site
    known = {gate.key for gate in expected(site, wish.zone)}
    if wish.zone not in {zone.id for zone in site.fire_zone} or wish.output not in known:
        raise RefusedError(404, "matrix_cell_not_found", "no zone does anything to that output")
    async with services.database.write() as transaction:
        seen = (await offers(transaction, site)).get((wish.zone, wish.output, wish.way))
        result_id = await add(
            transaction,
            wish,
            seen=None if seen is None or not wish.is_passed else seen[1],
            who=operator.username,
            key=services.central_key,
            now=services.now(),
        )
        transaction.announce(TOPIC)
        transaction.concerns(f"matrix_result:{result_id}", **wish.model_dump(mode="json"))
        return await _matrix(transaction, services)


async def _matrix(transaction: Transaction, services: Services) -> Matrix:
    site = services.settings.site
    seen = await offers(transaction, site)
    return matrix(site, await results(transaction), seen, now=services.now())
