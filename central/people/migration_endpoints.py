"""A change of network over HTTP: how far it is, once more, and who must come again."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.people import repository
from central.people.endpoints import Reader, Writer
from central.people.schemas import FaceMigration, Person
from central.problems import RESPONSES
from central.services import Given
from central.spreadsheet import CSV_TYPE, UTF8_MARK, csv_line

router = APIRouter(tags=["faces"], responses=RESPONSES)
PAGE_LENGTH: Final = 1000
COLUMNS: Final = ("name", "number", "valid_until", "holder_id")


@router.get("/face-migration")
async def face_migration(_: Reader, services: Given) -> FaceMigration:
    """Return how far faces are on their way to the site's network."""
    return await services.migration.state()


@router.post("/face-migration", status_code=202)
async def migrate(_: Writer, services: Given) -> FaceMigration:
    """Make faces anew from kept pictures, at once; pictures that failed are tried again."""
    await services.migration.retry()
    return await services.migration.state()


@router.get(
    "/face-migration/people.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def outdated(
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
) -> Response:
    """Return who must come again as a table for a spreadsheet, newest first."""
    people, after = list[Person](), None
    while True:
        async with services.database.read() as transaction:
            page = await repository.page(
                transaction,
                query="",
                after=after,
                limit=PAGE_LENGTH,
                has_names=operator.may("people.names"),
                network=services.faces.known_network,
                is_outdated=True,
            )
        people += page
        if len(page) < PAGE_LENGTH:
            break
        after = page[-1].holder_id
    await looked(
        services,
        operator,
        "face_migration_people_csv_get",
        reason=reason,
        count=len(people),
    )
    headers = {"Content-Disposition": 'attachment; filename="must-come-again.csv"'}
    return Response(_table(people), media_type=CSV_TYPE, headers=headers)


def _table(people: list[Person]) -> str:
    lines = [csv_line(COLUMNS)]
    for person in people:
        until = "" if person.valid_until is None else person.valid_until.isoformat()
        lines.append(csv_line((person.name, person.number or "", until, person.holder_id)))
    return UTF8_MARK + "".join(lines)
