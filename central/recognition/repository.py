"""Self-tests in the database: one at a time, whichever central process makes it.

A self-test is wanted, then claimed by one process for ``LEASE``, which it renews while it works;
whose lease is over has been interrupted. On SQLite there is one process alone, so a self-test that
somebody else seems to make is one that this process made before it was started again.
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from central.database import SELF_TEST_LOCK, Transaction
from central.recognition.pairs import TOPIC
from central.recognition.schemas import Failure, SelfTestResult
from central.site_values import next_replica_version
from central.tables import self_tests
from config.contract.identifiers import new_id
from config.contract.nodes import SitePairsRecord
from models.face.calibration import LEVELS, SitePairs

WANTED_TOPIC: Final = "self-test"
INTERVAL: Final = timedelta(days=7)
RETRY: Final = timedelta(hours=1)
"""After a failure."""
LEASE: Final = timedelta(minutes=2)
KEPT_COUNT: Final = 60
"""A year of weekly ones and some made by hand."""
_TEST: Final = self_tests.c


@dataclasses.dataclass(frozen=True, slots=True)
class DoneTest:
    """A self-test with a result."""

    network: str
    wanted_at: datetime
    started_at: datetime
    finished_at: datetime
    result: SelfTestResult

    @property
    def site_pairs(self) -> SitePairs:
        """The site's own pairs."""
        return SitePairs(
            people_count=self.result.people_count,
            comparison_count=self.result.comparison_count,
            counts=self.result.counts,
            design_effects=self.result.design_effects,
        )

    @property
    def record(self) -> SitePairsRecord:
        """The same for nodes."""
        return SitePairsRecord(
            network=self.network,
            tested_at=self.finished_at,
            people_count=self.result.people_count,
            comparison_count=self.result.comparison_count,
            levels=LEVELS,
            counts=self.result.counts,
            design_effects=self.result.design_effects,
        )


def next_at(last: datetime | None, failed: datetime | None, *, now: datetime) -> datetime:
    """Return when a self-test is due: weekly, a first one at once, an hour after a failure.

    Args:
        last: When the last one with a result started.
        failed: When one ended without a result since; None where none did.
        now: Any time.
    """
    due = now if last is None else last + INTERVAL
    return due if failed is None else max(due, failed + RETRY)


async def last_done(transaction: Transaction) -> DoneTest | None:
    """Return the newest self-test with a result."""
    query = select(self_tests).where(_TEST.state == "done").order_by(_TEST.test_id.desc()).limit(1)
    row = (await transaction.execute(query)).first()
    if row is None:
        return None
    result = SelfTestResult.model_validate_json(row.result)
    return DoneTest(row.network, row.wanted_at, row.started_at, row.finished_at, result)


async def newest(transaction: Transaction) -> Row[Any] | None:
    """Return the newest self-test, whatever became of it."""
    query = select(self_tests).order_by(_TEST.test_id.desc()).limit(1)
    return (await transaction.execute(query)).first()


async def due_at(transaction: Transaction, *, now: datetime) -> datetime:
    """Return when the next self-test is due."""
    last, row = await last_done(transaction), await newest(transaction)
    failed = row.finished_at if row is not None and row.state == "failed" else None
    return next_at(None if last is None else last.started_at, failed, now=now)


async def want(transaction: Transaction, *, by: str, now: datetime) -> None:
    """Ask for a self-test; one that waits or runs is enough."""
    await transaction.take_turn(SELF_TEST_LOCK)
    await _end_interrupted(transaction, now=now)
    open_ones = select(_TEST.test_id).where(_TEST.state.in_(("wanted", "running")))
    if (await transaction.execute(open_ones)).first() is None:
        await _insert(transaction, state="wanted", wanted_by=by, wanted_at=now)
    transaction.announce(WANTED_TOPIC)
    transaction.announce(TOPIC)


async def claim(transaction: Transaction, *, is_worthwhile: bool, now: datetime) -> str | None:
    """Begin the self-test that is wanted or due.

    Args:
        transaction: A writing one.
        is_worthwhile: Whether there is anything to compare; one that is wanted is made anyway.
        now: When.

    Returns:
        Its identifier; None where there is none to be made, or another process makes it.
    """
    await transaction.take_turn(SELF_TEST_LOCK)
    await _end_interrupted(transaction, now=now, is_everybody=not transaction.is_postgresql)
    row = await newest(transaction)
    if row is not None and row.state == "running":
        return None
    claimed = {"state": "running", "started_at": now, "claimed_until": now + LEASE}
    if row is not None and row.state == "wanted":
        test_id = str(row.test_id)
        mine = update(self_tests).where(_TEST.test_id == test_id)
        await transaction.execute(mine.values(**claimed))
    elif is_worthwhile and await due_at(transaction, now=now) <= now:
        test_id = await _insert(transaction, wanted_at=now, **claimed)
    else:
        return None
    transaction.announce(TOPIC)
    return test_id


async def renew(transaction: Transaction, test_id: str, *, progress: float, now: datetime) -> None:
    """Say how far a self-test is, and go on with it."""
    await transaction.execute(
        update(self_tests)
        .where(_TEST.test_id == test_id, _TEST.state == "running")
        .values(progress=progress, claimed_until=now + LEASE)
    )
    transaction.announce(TOPIC)


async def finish(
    transaction: Transaction, test_id: str, result: SelfTestResult, *, network: str, now: datetime
) -> bool:
    """Keep a result and let nodes fetch it; returns whether the self-test was still ours."""
    # Nodes ask again when the version of people is another one.
    await next_replica_version(transaction)
    if not await _end(
        transaction, test_id, now=now, state="done", progress=1.0, network=network,
        result=result.model_dump_json(),
    ):  # fmt: skip
        return False
    kept = select(_TEST.test_id).order_by(_TEST.test_id.desc()).limit(KEPT_COUNT)
    ids = [row.test_id for row in await transaction.execute(kept)]
    await transaction.execute(delete(self_tests).where(_TEST.test_id < min(ids)))
    return True


async def fail(transaction: Transaction, test_id: str, *, failure: Failure, now: datetime) -> None:
    """End a self-test without a result."""
    await _end(transaction, test_id, now=now, state="failed", failure=failure)


async def _end(transaction: Transaction, test_id: str, *, now: datetime, **values: object) -> bool:
    ended = await transaction.execute(
        update(self_tests)
        .where(_TEST.test_id == test_id, _TEST.state == "running")
        .values(finished_at=now, claimed_until=None, **values)
        .returning(_TEST.test_id)
    )
    transaction.announce(TOPIC)
    return ended.first() is not None


async def _end_interrupted(
    transaction: Transaction, *, now: datetime, is_everybody: bool = False
) -> None:
    ended = update(self_tests).where(_TEST.state == "running")
    if not is_everybody:
        ended = ended.where(_TEST.claimed_until <= now)
    await transaction.execute(
        ended.values(state="failed", failure="interrupted", finished_at=now, claimed_until=None)
    )


async def _insert(transaction: Transaction, **values: object) -> str:
    test_id = str(new_id())
    await transaction.execute(
        insert(self_tests).values(
            **{"state": "wanted", "progress": 0.0, **values, "test_id": test_id}
        )
    )
    return test_id
