"""Erasing people and faces for ever: a backup that is restored does not bring them back.

Every erasure is a line that central signed, in the database and in ``erasures.jsonl`` in its state
folder, which no backup of the database holds. Terminals keep those of people, too. What the
database has forgotten is erased again at the next start, or when a terminal says so.
"""

import asyncio
import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from sqlalchemy import delete, insert, select

from central.audit.notes import CENTRAL, Note
from central.consent import deletions
from central.consent import repository as consent
from central.consent.tables import erasures
from central.database import Database, Transaction
from central.people import repository, templates
from central.tables import blobs, events, people
from central.tables import templates as template_table
from config.contract.erasures import Erasure, read_erasure, sign_erasure
from config.contract.face_statements import SignedStatement
from config.contract.trust import TrustError
from config.crypto.keys import SigningKey

FILE_NAME: Final = "erasures.jsonl"
SETTLE_INTERVAL_S: Final = 60.0
CROP_AGE_MAX: Final = timedelta(days=14)
"""No picture of a passage is older: a week, and what a terminal was late by."""


async def forget_face(
    transaction: Transaction,
    holder_id: str,
    *,
    reason: deletions.Reason,
    key: SigningKey,
    by: str | None,
    now: datetime,
) -> str | None:
    """Delete a person's face for ever, everywhere; returns the order's id, or None for no face.

    The caller has taken its turn (``templates.take_turn``).
    """
    await repository.change(transaction, holder_id, {})
    deletion_id = await deletions.remove_face(transaction, holder_id, reason=reason, by=by, now=now)
    if deletion_id is not None:
        await _forget_crops(transaction, holder_id, now=now)
        await _sign(transaction, key, Erasure(kind="face", holder_id=holder_id, erased_at=now))
    return deletion_id


async def finish_face(
    transaction: Transaction, holder_id: str, *, key: SigningKey, now: datetime
) -> None:
    """Delete central's own copy of a leaver's face, which terminals were told to delete before."""
    await templates.remove(transaction, holder_id)
    await deletions.finish_left(transaction, holder_id, now=now)
    await _forget_crops(transaction, holder_id, now=now)
    await _sign(transaction, key, Erasure(kind="face", holder_id=holder_id, erased_at=now))


async def erase_person(
    transaction: Transaction,
    holder_id: str,
    *,
    key: SigningKey,
    by: str | None,
    now: datetime,
) -> str | None:
    """Erase a person; the identifier stays in events and in the audit log, and is nobody's.

    Returns the id of the order to delete the face; None where there was none. The caller has
    taken its turn (``templates.take_turn``).
    """
    await repository.change(transaction, holder_id, {})
    deletion_id = await deletions.remove_face(
        transaction, holder_id, reason="erased", by=by, now=now
    )
    await deletions.finish_left(transaction, holder_id, now=now)
    await _forget_crops(transaction, holder_id, now=now)
    await consent.end(transaction, holder_id, purpose=None, reason="erased", by=by, now=now)
    await consent.forget_guardians(transaction, holder_id)
    await repository.remove(transaction, holder_id)
    await _sign(transaction, key, Erasure(kind="person", holder_id=holder_id, erased_at=now))
    return deletion_id


async def _forget_crops(transaction: Transaction, holder_id: str, *, now: datetime) -> None:
    """Delete the pictures of a person's passages that have not expired yet."""
    query = select(events.c.body).where(
        events.c.holder_id == holder_id, events.c.received_at > now - CROP_AGE_MAX
    )
    bodies = [json.loads(body) for body in (await transaction.execute(query)).scalars()]
    crops = {crop for body in bodies if (crop := body.get("data", {}).get("crop"))}
    if crops:
        await transaction.execute(delete(blobs).where(blobs.c.sha256.in_(crops)))


async def _sign(transaction: Transaction, key: SigningKey, erasure: Erasure) -> None:
    await _keep(transaction, erasure, sign_erasure(key, erasure))


async def _keep(transaction: Transaction, erasure: Erasure, signed: SignedStatement) -> None:
    await transaction.execute(
        delete(erasures).where(
            erasures.c.holder_id == erasure.holder_id, erasures.c.kind == erasure.kind
        )
    )
    await transaction.execute(
        insert(erasures).values(
            holder_id=erasure.holder_id,
            kind=erasure.kind,
            erased_at=erasure.erased_at,
            document=signed.document,
            signature=signed.signature,
        )
    )
    transaction.announce("erased")


async def of_people(
    transaction: Transaction, holder_ids: Iterable[str]
) -> dict[str, SignedStatement]:
    """Return the signed erasures of removed people."""
    query = select(erasures).where(
        erasures.c.kind == "person", erasures.c.holder_id.in_(list(holder_ids))
    )
    return {
        row.holder_id: SignedStatement(document=row.document, signature=row.signature)
        for row in await transaction.execute(query)
    }


async def apply_again(
    transaction: Transaction,
    lines: Iterable[SignedStatement],
    *,
    key: SigningKey,
    now: datetime,
) -> int:
    """Erase what these lines say and the database does not know; returns how much that was.

    Lines that central did not sign are passed over.
    """
    await templates.take_turn(transaction)
    known = {
        (row.holder_id, row.kind): row.erased_at
        for row in await transaction.execute(select(erasures))
    }
    count = 0
    for signed in lines:
        try:
            erasure = read_erasure(signed, key.public_key())
        except TrustError:
            continue
        before = known.get((erasure.holder_id, erasure.kind))
        if before is not None and before >= erasure.erased_at:
            continue
        known[(erasure.holder_id, erasure.kind)] = erasure.erased_at
        if await _again(transaction, erasure, key=key, now=now):
            count += 1
            transaction.note(
                Note(
                    actor=CENTRAL,
                    action="erased_again",
                    objects=(f"person:{erasure.holder_id}",),
                    detail={"kind": erasure.kind},
                )
            )
        await _keep(transaction, erasure, signed)
    return count


async def _again(
    transaction: Transaction, erasure: Erasure, *, key: SigningKey, now: datetime
) -> bool:
    holder_id = erasure.holder_id
    query = select(people.c.holder_id).where(people.c.holder_id == holder_id, ~people.c.is_removed)
    if (await transaction.execute(query)).first() is None:
        return False
    if erasure.kind == "person":
        await erase_person(transaction, holder_id, key=key, by=None, now=now)
        return True
    query = select(template_table.c.template_id).where(
        template_table.c.holder_id == holder_id, template_table.c.created_at <= erasure.erased_at
    )
    if (await transaction.execute(query)).first() is None:
        return False
    standing = await consent.standing(transaction, holder_id, "gate")
    if standing is not None and standing.given_at <= erasure.erased_at:
        await consent.end(
            transaction, holder_id, purpose="gate", reason="withdrawn", by=None, now=now
        )
    await repository.change(transaction, holder_id, {})
    await deletions.remove_face(transaction, holder_id, reason="withdrawn", by=None, now=now)
    return True


class ErasureFile:
    """The erasures beside the database: lines are added, and none is ever taken away."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME
        self._known = set[str]()

    async def erase_again(self, database: Database, *, key: SigningKey, now: datetime) -> int:
        """Erase what the database brought back; returns how many people and faces."""
        lines = await asyncio.to_thread(self._read)
        self._known = {line.document for line in lines}
        async with database.write() as transaction:
            return await apply_again(transaction, lines, key=key, now=now)

    async def run(self, database: Database) -> None:
        """Settle for ever what timers and other central processes erased."""
        while True:
            await self.settle(database)
            await asyncio.sleep(SETTLE_INTERVAL_S)

    async def settle(self, database: Database) -> None:
        """Make what was just erased final: in the file, and out of SQLite's own log."""
        await self.add_new(database)
        await database.scrub()

    async def add_new(self, database: Database) -> None:
        """Add what the database has and the file has not."""
        async with database.read() as transaction:
            rows = (await transaction.execute(select(erasures))).all()
        new = [row for row in rows if row.document not in self._known]
        if new:
            lines = [SignedStatement(document=r.document, signature=r.signature) for r in new]
            await asyncio.to_thread(self._append, lines)
            self._known |= {line.document for line in lines}

    def _read(self) -> list[SignedStatement]:
        if not self._path.exists():
            return []
        found = list[SignedStatement]()
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(SignedStatement.model_validate_json(line))
            except ValidationError:
                # A line that a power cut left half written: its erasure is in the database.
                continue
        return found

    def _append(self, lines: Iterable[SignedStatement]) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # A half-written line before must not swallow the first of these.
            file.write("".join(f"\n{line.model_dump_json()}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
