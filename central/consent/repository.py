"""Consents and their texts in the database."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, insert, select, update

from central.consent.schemas import (
    Consent,
    ConsentPurpose,
    ConsentText,
    EndReason,
    NewConsent,
    NewConsentText,
)
from central.consent.tables import consent_texts, consents
from central.database import Transaction
from central.operator_tables import users
from central.tables import people, templates
from config.contract.identifiers import new_id


async def ship_texts(transaction: Transaction, *, now: datetime) -> None:
    """Give each purpose without a text the one that came with the program."""
    shipped = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
    query = select(consent_texts.c.purpose).distinct()
    known = set((await transaction.execute(query)).scalars())
    rows = [
        {
            "purpose": purpose,
            "version": 1,
            "zh_cn": words["zh-CN"].strip(),
            "en": words["en"].strip(),
            "made_by": None,
            "made_at": now,
        }
        for purpose, words in shipped.items()
        if purpose not in known
    ]
    await transaction.execute_many(insert(consent_texts), rows)


async def list_texts(transaction: Transaction) -> list[ConsentText]:
    """Return every version, newest first of each purpose."""
    query = select(consent_texts).order_by(
        consent_texts.c.purpose.desc(), consent_texts.c.version.desc()
    )
    return [
        ConsentText(**{**row, "is_shipped": row["made_by"] is None})
        for row in (await transaction.execute(query)).mappings()
    ]


async def add_text(
    transaction: Transaction, wish: NewConsentText, *, by: str, now: datetime
) -> int:
    """Add the next version of a text; returns it."""
    newest = select(func.max(consent_texts.c.version)).where(
        consent_texts.c.purpose == wish.purpose
    )
    version = int((await transaction.execute(newest)).scalar_one() or 0) + 1
    await transaction.execute(
        insert(consent_texts).values(**wish.model_dump(), version=version, made_by=by, made_at=now)
    )
    return version


async def has_text(transaction: Transaction, purpose: ConsentPurpose, version: int) -> bool:
    """Return whether there is such a text."""
    query = select(consent_texts.c.version).where(
        consent_texts.c.purpose == purpose, consent_texts.c.version == version
    )
    return (await transaction.execute(query)).first() is not None


async def standing(
    transaction: Transaction, holder_id: str, purpose: ConsentPurpose
) -> Row[Any] | None:
    """Return the person's consent that stands for a purpose."""
    query = select(consents).where(
        consents.c.holder_id == holder_id,
        consents.c.purpose == purpose,
        consents.c.ended_at.is_(None),
    )
    return (await transaction.execute(query)).first()


def stands_for(purpose: ConsentPurpose) -> ColumnElement[bool]:
    """Return the condition: a row of ``people`` with a standing consent."""
    return exists().where(
        consents.c.holder_id == people.c.holder_id,
        consents.c.purpose == purpose,
        consents.c.ended_at.is_(None),
    )


def may_lie(*, everywhere: bool) -> ColumnElement[bool]:
    """Return the condition: a row of ``templates`` that terminals may be given.

    Its holder consented to the gates and has not left; ``everywhere`` leaves out those that are
    for named terminals alone.
    """
    condition = exists().where(
        people.c.holder_id == templates.c.holder_id,
        people.c.is_active,
        people.c.face_withheld_at.is_(None),
        consents.c.holder_id == templates.c.holder_id,
        consents.c.purpose == "gate",
        consents.c.ended_at.is_(None),
    )
    return condition.where(consents.c.place == "central") if everywhere else condition


async def add(
    transaction: Transaction, holder_id: str, wish: NewConsent, *, by: str, now: datetime
) -> str:
    """Record a consent; the one that stood for this purpose is replaced. Returns its id."""
    await end(transaction, holder_id, purpose=wish.purpose, reason="replaced", by=by, now=now)
    consent_id = str(new_id())
    await transaction.execute(
        insert(consents).values(
            **{**wish.model_dump(), "given_at": wish.given_at or now},
            consent_id=consent_id,
            holder_id=holder_id,
            taken_by=by,
        )
    )
    return consent_id


async def end(
    transaction: Transaction,
    holder_id: str,
    *,
    purpose: ConsentPurpose | None,
    reason: EndReason,
    by: str | None,
    now: datetime,
) -> None:
    """End the person's consents that stand, of one purpose or all."""
    mine = consents.c.holder_id == holder_id
    ending = update(consents).where(mine, consents.c.ended_at.is_(None))
    if purpose is not None:
        ending = ending.where(consents.c.purpose == purpose)
    await transaction.execute(ending.values(ended_at=now, ended_by=by, end_reason=reason))


async def forget_guardians(transaction: Transaction, holder_id: str) -> None:
    """Take what names somebody out of a person's consents."""
    await transaction.execute(
        update(consents)
        .where(consents.c.holder_id == holder_id)
        .values(guardian_name=None, guardian_relation=None)
    )


async def find(transaction: Transaction, holder_id: str, consent_id: str) -> Row[Any] | None:
    """Return a consent of this person."""
    query = select(consents).where(
        consents.c.holder_id == holder_id, consents.c.consent_id == consent_id
    )
    return (await transaction.execute(query)).first()


async def of_holder(
    transaction: Transaction, holder_id: str, *, has_names: bool
) -> Sequence[Consent]:
    """Return a person's consents, newest first; guardians for those who may see names."""
    query = (
        select(consents, users.c.username)
        .outerjoin(users, users.c.user_id == consents.c.taken_by)
        .where(consents.c.holder_id == holder_id)
        .order_by(consents.c.consent_id.desc())
    )
    hidden = {} if has_names else {"guardian_name": None, "guardian_relation": None}
    return [
        Consent.model_validate({**row, "taken_by": row["username"] or "", **hidden})
        for row in (await transaction.execute(query)).mappings()
    ]
