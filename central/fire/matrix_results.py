"""Tests of the matrix in the database: what was seen, and who signed what."""

import json
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, select

from central.database import Transaction
from central.fire.gates import expected
from central.fire.schemas import WantedResult, Way
from central.fire.tables import fire_releases, fire_sightings, fire_tests, fires, matrix_results
from config.contract.identifiers import new_id
from config.contract.trust import sign, to_text
from config.crypto.keys import SigningKey
from config.site import Site

CONTEXT: Final = "menshen fire matrix v1"
_BESIDE: Final = timedelta(seconds=5)
"""A release of ours so close to what the gate said by itself may have been its cause."""


async def results(transaction: Transaction) -> list[Row[Any]]:
    """Return every signed test, the oldest first."""
    table = matrix_results.c
    query = select(matrix_results).order_by(table.tested_at, table.result_id)
    return list(await transaction.execute(query))


async def offers(
    transaction: Transaction, site: Site
) -> dict[tuple[str, str, Way], tuple[datetime, str]]:
    """Return the newest that central has seen itself of each cell, and by what."""
    found = dict[tuple[str, str, Way], tuple[datetime, str]]()
    answered = (
        select(fire_releases, fires.c.zone)
        .join(fires, fires.c.fire_id == fire_releases.c.fire_id)
        .where(fire_releases.c.confirmed_ms.is_not(None))
        .order_by(fire_releases.c.answered_at)
    )
    ours = list(await transaction.execute(answered))
    for row in ours:
        found[row.zone, row.subject, "ours"] = (row.answered_at, row.fire_id)
    tests = list(await transaction.execute(select(fire_tests)))
    seen = select(fire_sightings).order_by(fire_sightings.c.seen_at)
    for sighting in await transaction.execute(seen):
        at: datetime = sighting.seen_at
        zones = {test.zone for test in tests if _covers(test, at)}
        for zone in sorted(zones):
            for gate in expected(site, zone):
                if gate.device == sighting.device and not _is_ours(ours, gate.key, at):
                    found[zone, gate.key, "wired"] = (at, f"{sighting.device}@{at.isoformat()}")
    return found


def _covers(test: Row[Any], at: datetime) -> bool:
    """Return whether a test was under way then."""
    if test.began_at is None or at < test.began_at:
        return False
    return all(end is None or at <= end for end in (test.ended_at, test.until))


def _is_ours(ours: list[Row[Any]], subject: str, at: datetime) -> bool:
    """Return whether a release of ours may have opened a gate at that moment."""
    return any(
        row.subject == subject
        and row.answered_at - timedelta(milliseconds=row.confirmed_ms) - _BESIDE <= at
        and (row.closed_at is None or at <= row.closed_at + _BESIDE)
        and abs(at - row.answered_at) <= timedelta(hours=24)
        for row in ours
    )


async def add(
    transaction: Transaction,
    wish: WantedResult,
    *,
    seen: str | None,
    who: str,
    key: SigningKey,
    now: datetime,
) -> UUID:
    """Keep a result, signed by name and by central's key."""
    result_id = new_id()
    document = {
        "result_id": str(result_id),
        **wish.model_dump(mode="json"),
        "seen": seen,
        "tested_at": now.isoformat(),
        "tested_by": who,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    await transaction.execute(
        insert(matrix_results).values(
            **wish.model_dump(),
            result_id=str(result_id),
            seen=seen,
            tested_at=now,
            tested_by=who,
            signature=to_text(sign(key, text.encode(), context=CONTEXT)),
        )
    )
    return result_id
