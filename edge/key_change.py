"""A node's keys, changed while it works: when central wants it, and until central has said so.

Nothing stops meanwhile. Until central has taken the next keys the node signs with those that it
has, and both are good for an hour after; what was sealed for either opens.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from config.contract.node_rotation import RotationTaken, SignedRotation
from config.contract.trust import TrustError, public_text
from config.crypto.keys import SealingKey, SigningKey
from edge.backoff import BackOff, wait_until_set
from edge.central_answers import CentralError
from edge.identity import Identity
from edge.key_ring import KeyRing
from edge.replica import ReplicaError
from edge.sealing import SealError

_log = logging.getLogger("edge.keys")
LOOK_S: Final = 60.0
"""Between two looks whether the old keys are over."""


class Central(Protocol):
    """The part of central that is needed here."""

    async def change_keys(
        self, rotation: SignedRotation, *, signing_key: SigningKey
    ) -> RotationTaken:
        """See ``CentralClient.change_keys``."""
        ...


class KeyChange:
    """Changes one node's keys, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        ring: KeyRing,
        identity: Identity,
        central: Central,
        *,
        seal_anew: Callable[[SealingKey], None],
        on_change: Callable[[], None],
        now: Callable[[], datetime],
        back_off: Callable[[], BackOff] = BackOff,
    ) -> None:
        """Begin with the keys that are there.

        Args:
            ring: Of the node.
            identity: Gains the new keys.
            central: Takes them.
            seal_anew: Seals what lies here for the older keys for this one; may block for the disk.
            on_change: Called when other keys sign; quick.
            now: Wall clock, aware UTC.
            back_off: Waits while central does not answer.
        """
        self._ring, self._identity, self._central = ring, identity, central
        self._seal_anew, self._on_change, self._now = seal_anew, on_change, now
        self._back_off, self._is_due = back_off, asyncio.Event()
        self._is_wanted = self._is_refused = False
        self._complaint = ""

    def want(self, key: str) -> None:
        """Have this public key changed, if it is the one that signs; quick."""
        if key == public_text(self._identity.signing_key.public_key()):
            self._is_wanted = True
            self._is_due.set()

    def refused(self) -> None:
        """Take note that central does not know the key that signs; quick."""
        if self._ring.rotation is not None or self._ring.last_rotation is not None:
            self._is_refused = True
            self._is_due.set()

    async def run(self) -> None:
        """Change keys whenever it is time, for ever."""
        back_off = self._back_off()
        while True:
            self._is_due.clear()
            try:
                await self.turn()
            except (CentralError, TrustError, SealError, ReplicaError, OSError) as error:
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    _log.error("the keys are not changed yet: %s", error)
                await asyncio.sleep(back_off.next_s())
                continue
            back_off.reset()
            self._complaint = ""
            await wait_until_set(self._is_due, timeout_s=LOOK_S)

    async def turn(self) -> None:
        """Do what is to be done now; whatever fails is done again.

        Raises:
            CentralError: Central did not answer, or refused.
            TrustError: Its answer is for other keys.
            SealError: This machine cannot protect the next keys now.
            ReplicaError: What is sealed for the old keys cannot be sealed anew now.
            OSError: The disk refuses.
        """
        ring = self._ring
        if self._is_refused:
            await self._say_again()
        if self._is_wanted and ring.rotation is None:
            await asyncio.to_thread(ring.stage, site=self._identity.site, node=self._identity.node)
        self._is_wanted = False
        if ring.rotation is not None and ring.staged_signing_key is not None:
            taken = await self._central.change_keys(
                ring.rotation, signing_key=ring.staged_signing_key
            )
            await self._take_over(taken)
        until = ring.old_key_until
        if until is not None and self._now() >= until:
            await asyncio.to_thread(self._seal_anew, ring.sealing_key)
            await asyncio.to_thread(ring.retire)
            _log.info("the keys of before are destroyed")
            self._on_change()
        elif until is None and not ring.is_tidy:
            # Whoever was killed, or whose disk refused, half way.
            await asyncio.to_thread(ring.retire)

    async def _say_again(self) -> None:
        """Tell central of the last change, of which it does not know: it was restored, perhaps."""
        self._is_refused = False
        if self._ring.last_rotation is not None:
            await self._central.change_keys(
                self._ring.last_rotation, signing_key=self._ring.signing_key
            )

    async def _take_over(self, taken: RotationTaken) -> None:
        try:
            await asyncio.to_thread(self._ring.take_over, taken)
        finally:
            # Though the disk refuses: central knows these, and the next start finds them staged.
            self._identity.signing_key = self._ring.signing_key
            self._identity.sealing_key = self._ring.sealing_key
            self._on_change()
        _log.info("central has taken this node's new keys")
