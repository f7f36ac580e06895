"""The impact assessment over HTTP: for machines, and as a page to print."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from central.assessment.composition import compose
from central.assessment.document import CONTENT_SECURITY_POLICY, document
from central.assessment.facts import facts_of
from central.assessment.schemas import Assessment, Language
from central.assessment.words import Words
from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["privacy"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("privacy.read"))]


@router.get(
    "/privacy/assessment",
    response_model=Assessment,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_assessment(
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
    language: Language = "zh-CN",
    form: Annotated[
        Literal["json", "html"], Query(alias="format", description="html is a page to print.")
    ] = "json",
) -> Assessment | Response:
    """Return what is processed of people, where, how long, who may see it, and how well."""
    words = Words(language)
    found = compose(await facts_of(services), words)
    await looked(services, operator, "privacy_assessment_get", reason=reason, format=form)
    if form == "json":
        return found
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return HTMLResponse(document(found, words), headers=headers)
