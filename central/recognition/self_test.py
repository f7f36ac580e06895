"""The gallery self-test: the site's people against each other, weekly and when it is asked for.

It works beside everything else in a thread of its own: 10,000 people take seven seconds of one core
and 170 MB. Whom it finds too alike are kept apart at once, until somebody says what they are.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Final

import numpy as np
from pydantic import JsonValue
from sqlalchemy import select

from central.alarms.service import raise_alarm, return_alarm
from central.database import EVERYTHING, Transaction
from central.keys import KeysError
from central.people.templates import decrypted
from central.recognition import pairs, repository
from central.recognition.pairs import FoundPair
from central.recognition.schemas import SelfTestResult, Stray
from central.recognition.thresholds import Allowed, Thresholds, thresholds_now
from central.services import Services
from central.tables import people, templates
from config.contract.trust import TrustError
from models.face.calibration import Confusable, Enrolled, Floats, GalleryReport, gallery_report
from models.face.demand import accept_lowest, network_in_force, rates_of
from models.face.types import Embedding

_log = logging.getLogger("central.recognition")
CHECK_INTERVAL_S: Final = 60.0
"""How often it is looked whether a self-test is due."""
PROGRESS_INTERVAL_S: Final = 0.5
PAGE_LENGTH: Final = 1_000
PAIRS_MAX: Final = 1_000
"""Pairs that are kept apart; a gallery with more is at fault, and said to be."""
STRAYS_MAX: Final = 200
PEOPLE_MIN: Final = 2

PicturesOf = Callable[[str, Collection[str]], Coroutine[Any, Any, Mapping[str, Floats]]]
"""Gives, for a network's hash and holder ids, embeddings of kept pictures, shape (k, d)."""


async def no_pictures(_network: str, _holder_ids: Collection[str]) -> Mapping[str, Floats]:
    """Return nothing: this site keeps no enrolment pictures."""
    return {}


class _StoppedError(Exception):
    """The process ends; the comparison is given up."""


@dataclasses.dataclass(slots=True)
class _Progress:
    """Shared with the thread that compares."""

    share: float = 0.0
    is_stopped: bool = False

    def note(self, share: float) -> None:
        """Take how far the thread is; ends it where nobody waits any more."""
        if self.is_stopped:
            raise _StoppedError
        self.share = share


@dataclasses.dataclass(frozen=True, slots=True)
class _Person:
    holder_id: str
    template: Embedding
    allowed: Allowed


class SelfTests:
    """Makes the self-tests of this process; the database sees to it that only one does."""

    def __init__(self, services: Services, *, pictures_of: PicturesOf = no_pictures) -> None:
        """Listen for what is asked for.

        Args:
            services: Of the application.
            pictures_of: Gives embeddings of kept enrolment pictures.
        """
        self._services, self._pictures_of = services, pictures_of
        self._is_wanted = asyncio.Event()
        services.database.listen(self._hear)

    async def run(self) -> None:
        """Make what is wanted or due, for ever."""
        while True:
            self._is_wanted.clear()
            await self.make_one()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_INTERVAL_S):
                    await self._is_wanted.wait()

    async def make_one(self) -> bool:
        """Make the self-test that is wanted or due now; returns whether there was one."""
        services = self._services
        async with services.database.write() as transaction:
            limits = await thresholds_now(transaction, services.settings.site)
            test_id = await repository.claim(
                transaction,
                is_worthwhile=limits.gallery_size >= PEOPLE_MIN,
                now=services.now(),
            )
        if test_id is None:
            return False
        try:
            async with self._renewed(test_id) as progress:
                await self._make(test_id, progress)
        except (KeysError, TrustError) as error:
            _log.error("the gallery cannot be compared with itself: %s", error)
            async with services.database.write() as transaction:
                await repository.fail(
                    transaction, test_id, failure="templates_unreadable", now=services.now()
                )
        return True

    def _hear(self, topic: str) -> None:
        if topic in (repository.WANTED_TOPIC, EVERYTHING):
            self._is_wanted.set()

    @contextlib.asynccontextmanager
    async def _renewed(self, test_id: str) -> AsyncIterator[_Progress]:
        """Say how far it is, and keep the lease, while inside."""
        progress, services = _Progress(), self._services

        async def renew() -> None:
            while True:
                await asyncio.sleep(PROGRESS_INTERVAL_S)
                async with services.database.write() as transaction:
                    await repository.renew(
                        transaction, test_id, progress=progress.share, now=services.now()
                    )

        task = asyncio.create_task(renew())
        try:
            yield progress
        finally:
            progress.is_stopped = True
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _make(self, test_id: str, progress: _Progress) -> None:
        services, site = self._services, self._services.settings.site
        network = network_in_force(site.recognition)
        known = await self._read(network)
        pictures = await self._pictures_of(network, [person.holder_id for person in known])
        async with services.database.read() as transaction:
            limits = await thresholds_now(transaction, site)
            same = Confusable.of(await pairs.same_person(transaction))
        report = await asyncio.to_thread(_compare, known, pictures, limits, same, progress)
        limits = dataclasses.replace(limits, pairs=report.pairs)
        found = _too_alike(report, known, limits)
        result = _result(report, found)
        async with services.database.write() as transaction:
            if await repository.finish(
                transaction, test_id, result, network=network, now=services.now()
            ):
                await pairs.record_found(
                    transaction,
                    found[:PAIRS_MAX],
                    compared={person.holder_id for person in known},
                    now=services.now(),
                )
                await self._tell_result(transaction, result)

    async def _tell_result(self, transaction: Transaction, result: SelfTestResult) -> None:
        """Alarm where the gallery is at fault; end it where it is not any more."""
        now = self._services.now()
        if result.is_complete and not result.strays:
            await return_alarm(transaction, kind="gallery", now=now)
            return
        detail: dict[str, JsonValue] = {
            "pair_count": result.pair_count,
            "stray_count": len(result.strays),
        }
        await raise_alarm(transaction, kind="gallery", now=now, detail=detail)

    async def _read(self, network: str) -> list[_Person]:
        """Return everybody whom the network knows, page by page: rows are larger than templates."""
        found, after = dict[str, _Person](), ""
        while True:
            async with self._services.database.read() as transaction:
                rows = await _page(transaction, network, after)
            for person in await asyncio.to_thread(self._opened, rows):
                found[person.holder_id] = person
            if len(rows) < PAGE_LENGTH:
                return list(found.values())
            after = rows[-1]["template_id"]

    def _opened(self, rows: Sequence[Mapping[str, Any]]) -> list[_Person]:
        kek = self._services.kek
        return [_Person(r["holder_id"], decrypted(kek, r), r["access_points"]) for r in rows]


async def _page(transaction: Transaction, network: str, after: str) -> list[Mapping[str, Any]]:
    query = (
        select(templates, people.c.access_points)
        .join(people, people.c.holder_id == templates.c.holder_id)
        .where(templates.c.network == network, templates.c.template_id > after)
        .order_by(templates.c.template_id)
        .limit(PAGE_LENGTH)
    )
    return [dict(row) for row in (await transaction.execute(query)).mappings()]


def _compare(
    known: Sequence[_Person],
    pictures: Mapping[str, Floats],
    limits: Thresholds,
    same: Confusable,
    progress: _Progress,
) -> GalleryReport:
    """Compare everybody; what counts as too alike is known only once the rates are.

    So pairs are sought from the lowest similarity that can come out, and sorted out after it.
    """
    lowest = dict[int, float]()
    for size in {limits.size_for(person.allowed) for person in known}:
        lowest[size] = accept_lowest(limits.recognition, size)
    return gallery_report(
        [
            Enrolled(p.holder_id, p.template, pictures.get(p.holder_id, _none(p.template)))
            for p in known
        ],
        measure=rates_of(limits.recognition).measure,
        accept=[lowest[limits.size_for(person.allowed)] for person in known],
        own_similarity_min=limits.whole.step_up,
        same_person=same,
        on_progress=progress.note,
    )


def _none(template: Embedding) -> Floats:
    return np.empty((0, len(template)), np.float32)


def _too_alike(
    report: GalleryReport, known: Sequence[_Person], limits: Thresholds
) -> list[FoundPair]:
    """Return who is taken for whom somewhere, the most alike first."""
    allowed = {person.holder_id: person.allowed for person in known}
    found = list[FoundPair]()
    for pair in report.confusable:
        one, other = pairs.ordered(*pair.keys)
        if pair.similarity >= limits.accept_between(allowed[one], allowed[other]):
            found.append(FoundPair(one, other, pair.similarity))
    return found


def _result(report: GalleryReport, found: Sequence[FoundPair]) -> SelfTestResult:
    return SelfTestResult(
        people_count=report.pairs.people_count,
        comparison_count=report.pairs.comparison_count,
        counts=report.pairs.counts,
        design_effects=report.pairs.design_effects,
        pair_count=len(found),
        is_complete=report.is_complete and len(found) <= PAIRS_MAX,
        strays=tuple(
            Stray(holder_id=s.key, picture=s.picture_index + 1, similarity=s.similarity)
            for s in report.strays[:STRAYS_MAX]
        ),
        uncheckable_count=report.uncheckable_count,
    )
