"""Keeps one connector at work: in one process at a time, as it is set, again after a failure."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from central.connectors import repository
from central.connectors.repository import Kept
from central.database import EVERYTHING, DatabaseError
from central.due import FAR_S
from central.keys import KeysError
from central.services import Services

_log = logging.getLogger("central.connectors")
CHECK_S: Final = 5.0
"""So often another process is asked whether it still works."""
RENEW_S: Final = 5.0
PAUSE_FIRST_S: Final = 0.5
PAUSE_LAST_S: Final = 60.0
LEAVE_S: Final = 5.0
Work = Callable[[Kept], Awaitable[None]]


class NotToldError(Exception):
    """The other side did not take it; the message is a code of ``alarms.sending.FAILURES``."""


def first_of(error: BaseException) -> BaseException:
    """Return what went wrong first where several tasks of a connection ended together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class Connector:
    """One connector of one process."""

    def __init__(
        self, services: Services, name: str, work: Work, *, pause_first_s: float = PAUSE_FIRST_S
    ) -> None:
        """Keep ``work`` at work.

        Args:
            services: Of the application.
            name: Of the connector.
            work: Tells for ever what is to be told, as it is kept then. Raises ``NotToldError``.
            pause_first_s: After the first failure; doubles with each.
        """
        self._services, self._name, self._work = services, name, work
        self._pause_first_s = self._pause_s = pause_first_s
        self._process = str(uuid4())
        self._is_changed = asyncio.Event()
        self._may_have_turn = self._is_on = False
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        services.database.listen(self._heard)

    def _heard(self, topic: str) -> None:
        if topic in (repository.TOPIC, EVERYTHING):
            self._is_changed.set()

    async def run(self) -> None:
        """Work for ever."""
        try:
            while True:
                self._is_changed.clear()
                try:
                    kept = await self._take_turn()
                    if kept is not None:
                        await self._follow(kept)
                        continue
                except (SQLAlchemyError, DatabaseError, OSError) as error:
                    _log.warning("the database does not answer: %s", type(error).__name__)
                # That somebody turns it on is announced; that another process died is not.
                await self._wait(CHECK_S if self._is_on else FAR_S)
        finally:
            if self._may_have_turn:
                await self._give_turn()

    async def _give_turn(self) -> None:
        # The next process need not wait until this one's turn has run out.
        with contextlib.suppress(Exception):  # it runs out all the same
            async with asyncio.timeout(LEAVE_S), self._services.database.write() as transaction:
                await repository.give_turn(transaction, self._name, self._process)

    async def _take_turn(self) -> Kept | None:
        services = self._services
        async with services.database.read() as transaction:
            kept = await repository.find(transaction, self._name)
        self._is_on = kept is not None and kept.settings.is_on
        if kept is None or not self._is_on:
            return None
        self._may_have_turn = True
        async with services.database.write() as transaction:
            is_ours = await repository.take_turn(
                transaction, self._name, self._process, now=services.now()
            )
        return kept if is_ours else None

    async def _follow(self, kept: Kept) -> None:
        """Work as it is kept until that is another, or the turn somebody else's, or it fails."""
        working = asyncio.ensure_future(self._work(kept))
        try:
            while not working.done():
                self._is_changed.clear()
                now_kept = await self._take_turn()
                if now_kept is None or now_kept.wish != kept.wish:
                    return
                changed = asyncio.ensure_future(self._is_changed.wait())
                try:
                    await asyncio.wait(
                        (working, changed),
                        timeout=RENEW_S,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    changed.cancel()
            await working
        except NotToldError as error:
            await self._note_failure(str(error))
        except KeysError:
            await self._note_failure("keys")
        except ssl.SSLError:
            await self._note_failure("certificate")
        finally:
            working.cancel()
            await asyncio.wait([working])
            if not working.cancelled():
                working.exception()  # seen

    async def _note_failure(self, failure: str) -> None:
        services = self._services
        if self._pause_s == self._pause_first_s:
            _log.warning("%s is not told: %s", self._name, failure)
        services.counters.delivered(self._name, is_taken=False)
        async with services.database.write() as transaction:
            await repository.note_failed(transaction, self._name, failure, now=services.now())
        pause_s = self._pause_s * self._random.uniform(0.5, 1.0)
        self._pause_s = min(PAUSE_LAST_S, 2 * self._pause_s)
        await self._wait(pause_s)

    def goes_well(self) -> None:
        """Say that the other side took something: the next failure is the first again."""
        self._pause_s = self._pause_first_s

    async def _wait(self, time_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(time_s):
                await self._is_changed.wait()
