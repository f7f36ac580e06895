"""Look-alikes in the database: an enrolment that waits until a second person has looked."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from central.database import Transaction
from central.operator_tables import users
from central.people.masking import masked
from central.people.schemas import Resembled, Review
from central.people.templates import EncryptedTemplate
from central.tables import face_reviews, people
from models.face.types import Candidate


async def add(
    transaction: Transaction,
    *,
    review_id: str,
    holder_id: str,
    candidate: Candidate,
    template: EncryptedTemplate,
    requested_by: str,
    now: datetime,
) -> None:
    """Keep a question; an older one about the same person is void."""
    await transaction.execute(delete(face_reviews).where(face_reviews.c.holder_id == holder_id))
    await transaction.execute(
        insert(face_reviews).values(
            **template.model_dump(),
            review_id=review_id,
            holder_id=holder_id,
            resembles=candidate.key,
            similarity=candidate.similarity,
            requested_by=requested_by,
            requested_at=now,
        )
    )
    transaction.announce("people")


async def name_of(transaction: Transaction, holder_id: str) -> str:
    """Return a person's name; empty when the person is gone."""
    query = select(people.c.name).where(people.c.holder_id == holder_id)
    return str((await transaction.execute(query)).scalar_one_or_none() or "")


async def pending(transaction: Transaction, *, has_names: bool) -> list[Review]:
    """Return the open questions, oldest first."""
    other = people.alias("other")
    query = (
        select(
            face_reviews,
            people.c.name,
            other.c.name.label("other_name"),
            users.c.username,
        )
        .join(people, people.c.holder_id == face_reviews.c.holder_id)
        .join(other, other.c.holder_id == face_reviews.c.resembles)
        .outerjoin(users, users.c.user_id == face_reviews.c.requested_by)
        .order_by(face_reviews.c.review_id)
    )
    return [
        Review(
            review_id=row.review_id,
            holder_id=row.holder_id,
            name=row.name if has_names else masked(row.name),
            resembles=Resembled(holder_id=row.resembles, name=row.other_name)
            if has_names
            else None,
            similarity=row.similarity,
            requested_by=row.username or "",
            requested_at=row.requested_at,
        )
        for row in await transaction.execute(query)
    ]


async def find(transaction: Transaction, review_id: str) -> Row[Any] | None:
    """Return an open question."""
    query = select(face_reviews).where(face_reviews.c.review_id == review_id)
    return (await transaction.execute(query)).first()


async def remove(transaction: Transaction, review_id: str) -> None:
    """Forget a question and the template that waited with it."""
    await transaction.execute(delete(face_reviews).where(face_reviews.c.review_id == review_id))
    transaction.announce("people")
