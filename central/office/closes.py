"""Signing a day: of a merchant, or of the counter's cash. What is signed is known by its digest."""

import hashlib
from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import insert, select

from central.audit.chain import canonical
from central.database import Transaction
from central.office.tables import office_day_closes
from central.office.wishes import Reason
from central.problems import RefusedError
from central.security import Operator
from config.contract.identifiers import Sha256

DifferenceId = Annotated[str, StringConstraints(max_length=80)]
Explanations = Annotated[dict[DifferenceId, Reason], Field(max_length=500)]


class CloseView(BaseModel):
    """Who answers for a day. Attributes: is_current: the day is still as it was signed."""

    number: int
    signed_by_name: str
    signed_at: AwareDatetime
    explanations: dict[str, str]
    is_current: bool


class Signature(BaseModel):
    """Somebody signs a day.

    Attributes:
        sha256: Of the day as they have seen it.
        explanations: A sentence for every difference, by its ``id``.
    """

    model_config = ConfigDict(extra="forbid")

    day: date
    sha256: Sha256
    explanations: Explanations = {}


class Signable(Protocol):
    """A day as it stands."""

    sha256: str
    closes: list[CloseView]


def digest(view: BaseModel) -> str:
    """Return what a day is known by: of all of it but itself and its signatures."""
    said = view.model_dump(mode="json", exclude={"sha256", "closes"})
    return hashlib.sha256(canonical(said).encode()).hexdigest()


async def of(transaction: Transaction, place: str, day: date, *, sha256: str) -> list[CloseView]:
    """Return who signed a day, the first first."""
    columns = office_day_closes.c
    query = select(office_day_closes).where(columns.merchant == place, columns.day == day)
    return [
        CloseView(
            number=row.number,
            signed_by_name=row.signed_by_name,
            signed_at=row.signed_at,
            explanations=_Kept.model_validate_json(row.body).explanations,
            is_current=row.sha256 == sha256,
        )
        for row in await transaction.execute(query.order_by(columns.number))
    ]


class _Kept(BaseModel):
    explanations: dict[str, str]


async def sign(
    transaction: Transaction,
    place: str,
    wish: Signature,
    view: Signable,
    *,
    named: Collection[str],
    attended: Collection[str],
    operator: Operator,
    today: date,
    now: datetime,
) -> None:
    """Keep a signature.

    Args:
        transaction: A writing one in which nobody else moves money.
        place: A merchant, or ``cash_day.PLACE``.
        wish: What is signed.
        view: The same as it stands now.
        named: Differences that need a sentence.
        attended: Who took the money: none of them signs.
        operator: Who signs.
        today: Of the site.
        now: Aware UTC.

    Raises:
        RefusedError: 409: it is not as it was seen, is signed already, or must not be signed so.
    """
    if wish.day > today:
        raise RefusedError(409, "day_not_begun", "the day has not begun")
    if view.sha256 != wish.sha256:
        raise RefusedError(409, "preview_outdated", "it is another day by now: look again")
    if view.closes and view.closes[-1].is_current:
        raise RefusedError(409, "closed_already", "the day is signed as it is")
    if {operator.user_id, operator.username} & set(attended):
        raise RefusedError(409, "second_person_needed", "somebody else must sign this day")
    if missing := sorted(set(named) - wish.explanations.keys()):
        raise RefusedError(
            409, "difference_unexplained", "say what each difference is", missing=missing
        )
    said = {each: wish.explanations[each] for each in sorted(named)}
    await transaction.execute(
        insert(office_day_closes).values(
            merchant=place,
            day=wish.day,
            number=len(view.closes) + 1,
            sha256=view.sha256,
            body=wish.model_copy(update={"explanations": said}).model_dump_json(),
            signed_by=operator.user_id,
            signed_by_name=operator.username,
            signed_at=now,
        )
    )
