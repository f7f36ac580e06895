"""Guards' desks: opened with a session, kept after it, taken over by whoever signs in next."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from central.audit.notes import Note
from central.database import Database, Transaction
from central.duty import repository
from central.duty.schemas import DeskView
from central.duty.tables import guard_desks
from central.people.masking import masked
from central.problems import RefusedError
from central.security import Operator, hashed, new_secret
from central.users import sessions
from config.contract.identifiers import new_id

LIFETIME: Final = timedelta(hours=24)
"""After the last guard signed in there: two shifts, so that one who is late finds it watching."""


class Desks:
    """The desks of one site."""

    def __init__(self, database: Database) -> None:
        """Keep desks in ``database``."""
        self._database = database

    async def find_operator(
        self, transaction: Transaction, secret_hash: str, *, now: datetime
    ) -> Operator | None:
        """Return whom a browser without a session is taken for: a desk, which may only watch."""
        return repository.watcher(
            await repository.find(transaction, secret_hash=secret_hash, now=now)
        )

    async def view(
        self, transaction: Transaction, secret: str | None, *, now: datetime
    ) -> DeskView | None:
        """Return the desk of a browser; None where it is none."""
        row = await self._desk(transaction, secret, now=now)
        return None if row is None else await self._view(transaction, row, now=now)

    async def open(
        self, operator: Operator, secret: str | None, *, now: datetime
    ) -> tuple[str, DeskView]:
        """Make a desk of the browser of a session, or go on with the one it is.

        Returns:
            What the browser keeps, and the desk.
        """
        async with self._database.write() as transaction:
            row = await self._desk(transaction, secret, now=now)
            if row is None or secret is None:
                secret, desk_id = new_secret(), str(new_id())
                await repository.add(
                    transaction,
                    desk_id=desk_id,
                    secret_hash=hashed(secret),
                    user_id=operator.user_id,
                    session=operator.session,
                    now=now,
                    expires_at=now + LIFETIME,
                )
                await repository.note_change(
                    transaction, desk_id, "opened", username=operator.username, now=now
                )
                transaction.concerns(f"desk:{desk_id}")
            elif row.session != operator.session:
                await self.give_over(transaction, row, operator, now=now)
            row = await self._desk(transaction, secret, now=now)
            if row is None:
                raise LookupError("a desk that was just kept")
            return secret, await self._view(transaction, row, now=now)

    async def take_over(
        self, transaction: Transaction, secret: str | None, operator: Operator, *, now: datetime
    ) -> None:
        """Let whoever has just signed in be on duty, where their browser is a desk."""
        row = await self._desk(transaction, secret, now=now)
        if row is not None:
            await self.give_over(transaction, row, operator, now=now)

    async def give_over(
        self, transaction: Transaction, row: Row[Any], operator: Operator, *, now: datetime
    ) -> None:
        """End the session of before, and note in both logs who is on duty now."""
        if row.session != operator.session:
            await sessions.remove_session(transaction, row.session)
        if repository.KEEPER not in operator.permissions:
            # An administrator at the guard's desk: it is no desk of theirs to leave watching.
            await repository.remove(transaction, guard_desks.c.desk_id == row.desk_id)
        else:
            await repository.give_over(
                transaction,
                row.desk_id,
                user_id=operator.user_id,
                session=operator.session,
                now=now,
                expires_at=now + LIFETIME,
            )
        before = row.username if row.user_id != operator.user_id else ""
        await repository.note_change(
            transaction, row.desk_id, "taken_over", username=operator.username, before=before,
            now=now,
        )  # fmt: skip
        transaction.note(
            Note(
                actor=operator.actor,
                address=operator.address,
                action="desk_taken_over",
                objects=(f"desk:{row.desk_id}", f"user:{row.user_id}"),
            )
        )

    async def lock(self, operator: Operator, secret: str | None, *, now: datetime) -> DeskView:
        """End the session of a desk; the desk goes on watching."""
        async with self._database.write() as transaction:
            row = await self._desk(transaction, secret, now=now)
            if row is None:
                raise RefusedError(409, "no_desk", "this browser is not a guard's desk")
            await sessions.remove_session(transaction, operator.session)
            await repository.note_change(
                transaction, row.desk_id, "locked", username=operator.username, now=now
            )
            transaction.concerns(f"desk:{row.desk_id}")
            return await self._view(transaction, row, now=now)

    async def leave(self, transaction: Transaction, secret: str | None, *, now: datetime) -> None:
        """Let a browser be no desk any more."""
        row = await self._desk(transaction, secret, now=now)
        if row is not None:
            await repository.remove(transaction, guard_desks.c.desk_id == row.desk_id)
            await repository.note_change(
                transaction, row.desk_id, "left", username=row.username, now=now
            )
            transaction.concerns(f"desk:{row.desk_id}")

    async def _desk(
        self, transaction: Transaction, secret: str | None, *, now: datetime
    ) -> Row[Any] | None:
        if not secret:
            return None
        return await repository.find(transaction, secret_hash=hashed(secret), now=now)

    async def _view(self, transaction: Transaction, row: Row[Any], *, now: datetime) -> DeskView:
        session = await sessions.find_operator(transaction, row.session or "", now=now)
        return DeskView(
            desk_id=row.desk_id,
            on_duty=masked(row.username),
            since=row.since,
            is_locked=session is None,
            expires_at=row.expires_at,
        )
