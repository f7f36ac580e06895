"""Whether what was restored is a central: it opens, and every chain in it is whole.

It is also where a restored past is brought in line with what must not come back: who was erased
since is erased again, and whoever was signed in then is not any more.
"""

import asyncio
import contextlib
import dataclasses
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import delete, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from central.audit import repository as audit
from central.audit.chain import START, Mark
from central.audit.notes import CENTRAL, Note
from central.backup.container import BackupError
from central.backup.records import Manifest
from central.backup.sources import Progress
from central.consent.erasures import ErasureFile
from central.database import Database, DatabaseError, Transaction
from central.keys import KeysError, load_key_encryption_key
from central.ledger.verify import verified
from central.operator_tables import invitations, sessions
from central.site_values import EPOCH, read_value, write_value, write_value_once
from central.tables import event_ranges, events, node_tokens
from config.crypto.keys import SigningKey


@dataclasses.dataclass(slots=True)
class Proof:
    """What was found.

    Attributes:
        problems: One line each; none means that all is proved.
        has_keys: The key-encryption key was there and fits; without it nothing was erased again
            yet, which central does when it starts.
        erased_again: People and faces.
        audit_entries: Of the audit log.
        ledger_transfers: Of the ledger.
        events: Of all terminals.
    """

    problems: list[str] = dataclasses.field(default_factory=list)
    has_keys: bool = False
    erased_again: int = 0
    audit_entries: int = 0
    ledger_transfers: int = 0
    events: int = 0


def prove(url: str, home: Path, manifest: Manifest, *, now: datetime, progress: Progress) -> Proof:
    """Open a restored database, bring it up to date and in line, and follow its chains.

    Raises:
        BackupError: It cannot be used at all.
    """
    progress("proving", 0, None)
    if url.startswith("sqlite"):
        _check_file(Path(make_url(url).database or ""))
    try:
        return asyncio.run(_proved(url, home, manifest, now=now))
    except (DatabaseError, SQLAlchemyError, LookupError) as error:
        line = (str(getattr(error, "orig", None) or error).splitlines() or [""])[0]
        raise BackupError(f"what was restored is not the database of a central: {line}") from error


def _check_file(path: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"what was restored is not a database: {error}") from error
    if problem != "ok" or orphan is not None:
        raise BackupError(f"what was restored is damaged: {orphan or problem}")


async def _proved(url: str, home: Path, manifest: Manifest, *, now: datetime) -> Proof:
    proof, database = Proof(), Database(url)
    await database.open()
    database.before_commit = audit.recorder(lambda: now)
    try:
        key = await _central_key(database, home, proof)
        async with database.write() as transaction:
            await _bring_in_line(transaction, manifest)
        if key is not None:
            file = ErasureFile(home)
            proof.erased_again = await file.erase_again(database, key=key, now=now)
            await file.settle(database)
        async with database.read() as transaction:
            await _follow(transaction, manifest, key, proof)
    finally:
        await database.close()
    return proof


async def _central_key(database: Database, home: Path, proof: Proof) -> SigningKey | None:
    if not (home / "kek").exists() and "CREDENTIALS_DIRECTORY" not in os.environ:
        return None
    async with database.read() as transaction:
        wrapped = await read_value(transaction, "central-key")
    try:
        kek = load_key_encryption_key(home)
        raw = kek.unwrap(wrapped, purpose="central-key")
    except KeysError as error:
        proof.problems.append(str(error))
        return None
    proof.has_keys = True
    return kek.suite.signing_key(raw)


async def _bring_in_line(transaction: Transaction, manifest: Manifest) -> None:
    """Let nobody in who was let in then, and let consoles see that this is another history."""
    for table in (sessions, invitations, node_tokens):
        await transaction.execute(delete(table))
    await write_value_once(transaction, EPOCH, "")
    await write_value(transaction, EPOCH, str(uuid4()))
    await write_value_once(transaction, audit.HEAD, str(START))
    detail = {"made_at": manifest.made_at.isoformat(), "made_by": manifest.made_by}
    transaction.note(Note(actor=CENTRAL, action="restored", objects=(), detail=detail))


async def _follow(
    transaction: Transaction, manifest: Manifest, key: SigningKey | None, proof: Proof
) -> None:
    known = Mark.parse(manifest.audit_head) if manifest.audit_head else None
    public = None if key is None else key.public_key()
    verdict = await audit.verified(transaction, known=known, key=public)
    proof.audit_entries = verdict.entries
    if not verdict.ok:
        proof.problems.append(f"the audit log is broken at entry {verdict.broken_at}")
    known = Mark.parse(manifest.ledger_head) if manifest.ledger_head else None
    ledger = await verified(transaction, known=known)
    proof.ledger_transfers = ledger.transfers
    if not ledger.ok:
        first = ledger.broken[0]
        proof.problems.append(
            f"the ledger is broken in {ledger.broken_count} places,"
            f" first {first.what} {first.where}"
        )
    proof.events = (
        await transaction.execute(select(func.count()).select_from(events))
    ).scalar_one()
    if (count := await events_outside(transaction)) != 0:
        proof.problems.append(f"{count} events are in no range that their terminals were told of")


async def events_outside(transaction: Transaction) -> int:
    """Return how many events central would take in a second time."""
    covering = (
        select(event_ranges.c.first)
        .where(
            event_ranges.c.node == events.c.node,
            event_ranges.c.epoch == events.c.epoch,
            event_ranges.c.event_class == events.c.event_class,
            event_ranges.c.first <= events.c.sequence,
            event_ranges.c.last >= events.c.sequence,
        )
        .exists()
    )
    query = select(func.count()).select_from(events).where(~covering)
    return int((await transaction.execute(query)).scalar_one())
