"""Reports of the canteen over HTTP: on the page, as CSV, as a workbook."""

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Response

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.office import sales
from central.office.endpoints import Reader, zone_of
from central.office.report import HEAD, TABLES, Report, as_csv, as_xlsx
from central.problems import RESPONSES, RefusedError
from central.security import Operator
from central.services import Given, Services
from central.spreadsheet import CSV_TYPE
from config.contract.identifiers import Slug
from config.web.modules import all_words

router = APIRouter(prefix="/canteen/office", tags=["canteen office"], responses=RESPONSES)
DAYS_MAX: Final = 93
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Language = Literal["zh-CN", "en"]
First = Annotated[date, Query(description="First day, by the site's wall clock.")]
Last = Annotated[date, Query(description="Last day.")]


async def _found(services: Services, first: date, last: date, merchant: str | None) -> Report:
    if not timedelta() <= last - first <= timedelta(days=DAYS_MAX):
        raise RefusedError(422, "span_too_long", f"ask for 1 to {DAYS_MAX + 1} days")
    async with services.database.read() as transaction:
        return await sales.reported(
            transaction, first, last, merchant=merchant, zone=zone_of(services)
        )


@router.get("/report")
async def get_sales_report(
    _: Reader, services: Given, first: First, last: Last, merchant: Slug | None = None
) -> Report:
    """Return what was sold in some days, counted; nobody is named in it."""
    return await _found(services, first, last, merchant)


@router.get("/report.csv", response_class=Response)
async def get_sales_report_csv(
    operator: Reader,
    services: Given,
    first: First,
    last: Last,
    reason: Annotated[Reason, Depends(Purposeful())],
    merchant: Slug | None = None,
) -> Response:
    """Return the same for a spreadsheet."""
    await _taken(services, operator, "canteen_office_report_csv_get", reason, first, last)
    text = as_csv(await _found(services, first, last, merchant))
    return Response(text, media_type=CSV_TYPE, headers=_named(first, last, "csv"))


@router.get("/report.xlsx", response_class=Response)
async def get_sales_report_workbook(
    operator: Reader,
    services: Given,
    first: First,
    last: Last,
    reason: Annotated[Reason, Depends(Purposeful())],
    merchant: Slug | None = None,
    language: Language = "zh-CN",
) -> Response:
    """Return the same as a workbook with a sheet for each table."""
    await _taken(services, operator, "canteen_office_report_xlsx_get", reason, first, last)
    found = await _found(services, first, last, merchant)
    words = all_words(language)
    titles = {each: words.get(f"office.table_{each}", each) for each in TABLES}
    titles |= {each: words.get(f"office.column_{each}", each) for each in HEAD}
    content = as_xlsx(found, titles)
    return Response(content, media_type=XLSX_TYPE, headers=_named(first, last, "xlsx"))


async def _taken(
    services: Services,
    operator: Operator,
    action: str,
    reason: Reason,
    first: date,
    last: date,
) -> None:
    days = {"first": first.isoformat(), "last": last.isoformat()}
    await looked(services, operator, action, reason=reason, **days)


def _named(first: date, last: date, form: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="canteen-{first}-{last}.{form}"'}
