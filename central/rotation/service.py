"""The rotation of one site's keys, in the background: small batches, resumed after any kill.

What says that a rotation is under way is the old key itself: as long as it is there, whatever it
wrapped is looked for and made anew, then nobody needs it and it is destroyed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from central.audit.notes import CENTRAL, Note
from central.database import FACES_LOCK, Database, DatabaseError
from central.keys import KeyFolder
from central.rotation.places import PLACES, old_count, renew_batch, total_count
from central.rotation.schemas import KeysView, PlaceView
from central.site_values import next_replica_version

_log = logging.getLogger("central.keys")
BATCH_LENGTH: Final = 50
SETTLE_S: Final = 30.0
"""So long after the last one was made anew it is looked again: longer than any request takes that
had wrapped with the old key and not written yet."""
RETRY_S: Final = 60.0


class KeyRotation:
    """The keys of one central."""

    def __init__(
        self,
        database: Database,
        kek: KeyFolder,
        *,
        now: Callable[[], datetime],
        settle_s: float = SETTLE_S,
        batch_length: int = BATCH_LENGTH,
    ) -> None:
        """Rotate ``kek``; nothing happens before somebody begins."""
        self._database, self._kek, self._now = database, kek, now
        self._settle_s, self._batch_length = settle_s, batch_length
        self._woken = asyncio.Event()
        self._unreadable: dict[str, frozenset[str]] = {}

    async def begin(self) -> None:
        """Let a new key wrap from now on; the rest follows in the background.

        Raises:
            KeysError: One is under way, or only whoever installs the service can begin.
        """
        await asyncio.to_thread(self._kek.begin_rotation)
        self._woken.set()

    async def run(self) -> None:
        """Work for ever: a moment where there is nothing to do."""
        while True:
            self._woken.clear()
            try:
                await self.work()
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("the rotation of keys waits: %s", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._woken.wait()

    async def work(self) -> None:
        """Make everything anew that an older key wrapped, then destroy that key."""
        while self._kek.is_rotating:
            await self._renew_all()
            # Whoever had read what the old key wrapped reads again.
            async with self._database.write() as transaction:
                await next_replica_version(transaction)
            await asyncio.sleep(self._settle_s)
            if await self._is_done():
                break

    async def _renew_all(self) -> None:
        for place in PLACES:
            is_last = False
            while not is_last:
                known = self._unreadable.get(place.name, frozenset())
                async with self._database.write() as transaction:
                    done = await renew_batch(
                        transaction, place, self._kek, limit=self._batch_length, besides=known
                    )
                if done.unreadable:
                    _log.error("%d of %s are opened by no key", len(done.unreadable), place.name)
                    self._unreadable[place.name] = known | set(done.unreadable)
                is_last = done.is_last

    async def _is_done(self) -> bool:
        """Destroy the old key if nothing is wrapped by it, while nobody can add anything."""
        async with self._database.write() as transaction:
            await transaction.take_turn(FACES_LOCK)
            for place in PLACES:
                left = await old_count(transaction, place, self._kek.mark)
                if left > len(self._unreadable.get(place.name, ())):
                    return False
            if not self._kek.is_credential:
                await asyncio.to_thread(self._kek.destroy_retiring)
                detail = {"key": self._kek.key_id}
                transaction.note(Note(actor=CENTRAL, action="keys_rotated", detail=detail))
        if self._kek.is_credential:
            _log.warning(
                "everything is wrapped by the next key: make menshen-kek-next the credential"
                " menshen-kek, destroy the old one and start central again"
            )
        return True

    async def state(self) -> KeysView:
        """Return which key wraps, and how far a rotation is."""
        async with self._database.read() as transaction:
            places = [
                PlaceView(
                    name=place.name,
                    count=await total_count(transaction, place),
                    old_count=await old_count(transaction, place, self._kek.mark),
                    unreadable_count=len(self._unreadable.get(place.name, ())),
                )
                for place in PLACES
            ]
        return KeysView(
            key_id=self._kek.key_id,
            crypto=self._kek.suite.name,
            is_rotating=self._kek.is_rotating,
            is_credential=self._kek.is_credential,
            places=places,
        )
