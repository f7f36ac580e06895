"""The timer: empties each class of data when it is due, in small batches between other writers."""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from central.audit import repository as audit
from central.audit.notes import CENTRAL, Note
from central.consent import leavers
from central.database import AUDIT_LOCK, RETENTION_LOCK, Database, Transaction
from central.retention import repository
from central.retention.classes import CLASSES, DataClass, next_run
from central.retention.repository import Run
from central.retention.rule import Forgotten, Rule
from central.retention.rules import RULES, leaver_rules, note_leavers
from config.contract.trust import sign, to_text
from config.crypto.keys import SigningKey
from config.site import Site

_log = logging.getLogger("central.retention")
CHECK_INTERVAL_S: Final = 30.0
BATCH_LENGTH: Final = 500


class Retention:
    """The timers of one central process; with several processes, whoever comes first does it."""

    def __init__(
        self,
        database: Database,
        site: Site,
        *,
        audit_key: SigningKey,
        now: Callable[[], datetime],
        batch_length: int = BATCH_LENGTH,
    ) -> None:
        """Enforce the limits of a site.

        Args:
            database: Central's.
            site: Whose limits they are.
            audit_key: Central's own: signs erasures, and what takes the place of old entries of
                the audit log.
            now: The wall clock, aware UTC.
            batch_length: Of items in one transaction.
        """
        self._database, self._site, self._now = database, site, now
        self._batch_length = batch_length
        self._key = audit_key
        self.rules: Mapping[str, Rule] = {
            **RULES,
            **leaver_rules(audit_key, now),
            "audit_log": _audit_rule(site, audit_key),
        }

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.run_due()
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def run_due(self) -> None:
        """Empty every class whose timer is due; one that fails holds up no other."""
        async with self._database.read() as transaction:
            known = await repository.runs(transaction)
        for data_class in CLASSES:
            if data_class.name not in self.rules:
                continue
            last_run_at = known.get(data_class.name, repository.NEVER).last_run_at
            try:
                if not self._is_due(data_class, last_run_at):
                    continue
                # Between two batches whoever waits for the database has a turn.
                while await self._batch(data_class):
                    pass
            except Exception:
                # A supervisor: its timer stays due and is shown as overdue.
                _log.exception("what is due of %s was not deleted", data_class.name)

    def _is_due(self, data_class: DataClass, last_run_at: datetime | None) -> bool:
        if data_class.every is None:
            raise ValueError(f"{data_class.name} has a rule and no limit")
        now = self._now()
        return next_run(last_run_at, data_class.every, now=now) <= now

    async def _batch(self, data_class: DataClass) -> bool:
        """Delete a batch; returns whether there may be more."""
        kept, every, now = data_class.kept(self._site), data_class.every, self._now()
        if kept is None or every is None:
            raise ValueError(f"{data_class.name} has a rule and no limit")
        name, until = data_class.name, now - kept
        async with self._database.write() as transaction:
            await transaction.take_turn(RETENTION_LOCK)
            run = await repository.run_of(transaction, name)
            if next_run(run.last_run_at, every, now=now) > now:
                return False
            if data_class.ending == "leaving":
                await note_leavers(transaction, now=now)
                await leavers.look_after(transaction, key=self._key, now=now)
            done = await self.rules[name].forget(transaction, until, self._batch_length)
            if done.items:
                run = _counted(run, done.items, now=now)
            if not done.has_more:
                run = dataclasses.replace(run, last_run_at=now)
            await repository.note(transaction, name, run)
            # What merely expires is counted alone, and the audit log notes what it retires itself.
            if done.items and data_class.ending != "expiry" and name != "audit_log":
                transaction.note(_note(name, done.items, until))
        return done.has_more


def _counted(run: Run, count: int, *, now: datetime) -> Run:
    is_begun = run.last_deleted_at is not None and (
        run.last_run_at is None or run.last_deleted_at > run.last_run_at
    )
    return dataclasses.replace(
        run,
        last_deleted_at=now,
        last_count=count + (run.last_count if is_begun else 0),
        deleted_count=run.deleted_count + count,
    )


def _note(name: str, count: int, until: datetime) -> Note:
    detail = {"count": count, "until": until.isoformat(timespec="seconds")}
    return Note(actor=CENTRAL, action="retention", objects=(f"data:{name}",), detail=detail)


def _audit_rule(site: Site, key: SigningKey) -> Rule:
    kept_days = site.policy.audit_kept_days

    def signed(mark: str) -> str:
        return to_text(sign(key, mark.encode(), context=audit.ANCHOR_CONTEXT))

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        await transaction.take_turn(AUDIT_LOCK)
        now = until + timedelta(days=kept_days)
        count = await audit.retire(transaction, kept_days=kept_days, now=now, sign=signed)
        return Forgotten(count, has_more=False)

    return Rule(audit.oldest, forget)
