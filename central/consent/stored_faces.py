"""How many faces a site stores, and the duty that follows.

Source: Measures for the Security Management of Face Recognition Technology Applications (CAC and
MPS Order No. 19, in force 1 June 2025): whoever stores the faces of 100,000 people files with the
provincial authority within 30 working days.
"""

from typing import Final, Literal

from sqlalchemy import exists, func, or_, select

from central.consent.schemas import StoredFaces
from central.consent.tables import terminal_faces
from central.database import Transaction
from central.tables import people, templates

WARNING_COUNT: Final = 80_000
FILING_COUNT: Final = 100_000
FILING_WORKING_DAYS: Final = 30


def level_of(count: int) -> Literal["none", "warning", "filing"]:
    """Return what so many people's stored faces ask for. Pure."""
    if count >= FILING_COUNT:
        return "filing"
    return "warning" if count >= WARNING_COUNT else "none"


async def stored_faces(transaction: Transaction) -> StoredFaces:
    """Return how many people have a face stored, and how many pass without one."""
    has_face = or_(
        exists().where(templates.c.holder_id == people.c.holder_id),
        exists().where(terminal_faces.c.holder_id == people.c.holder_id),
    )
    here = select(func.count()).select_from(people).where(~people.c.is_removed)
    count = int((await transaction.execute(here.where(has_face))).scalar_one())
    faceless = int((await transaction.execute(here.where(~has_face))).scalar_one())
    return StoredFaces(
        count=count,
        level=level_of(count),
        filing_working_days=FILING_WORKING_DAYS,
        faceless_count=faceless,
    )
