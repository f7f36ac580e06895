"""Central as far as keys of one node go: it takes a change by the very rule of central."""

from collections.abc import Callable
from datetime import datetime, timedelta

from central.nodes.key_change import OVERLAP, OutOfTurnError, is_taken
from central.nodes.repository import KeyRow
from config.contract.node_rotation import RotationTaken, SignedRotation, read_rotation
from config.contract.trust import public_text, recipient_key, seal
from config.crypto.keys import SealingKey, SigningKey
from edge.central_answers import CentralRefusedError, CentralUnreachableError
from edge.identity import Identity
from edge.key_change import KeyChange
from edge.key_ring import KeyRing
from tests.edge.central_stand_in import CARD_KEY, NODE, SITE
from tests.edge.conftest import NOW


class KnowingCentral:
    """What central knows of one node.

    Attributes:
        row: Its keys.
        now: Central's time.
        lost_answers: So many of its next answers do not arrive.
        is_down: Nothing arrives there.
        taken: How often it took a change.
    """

    def __init__(self, ring: KeyRing) -> None:
        self.row = KeyRow(
            public_text(ring.signing_key.public_key()),
            public_text(ring.sealing_key.public_key()),
            NOW,
            None,
            None,
            None,
        )
        self.now, self.lost_answers, self.is_down, self.taken = NOW, 0, False, 0

    def believes(self, key: SigningKey | None) -> bool:
        """Return whether a request that this key signed is taken."""
        if key is None:
            return False
        text, row = public_text(key.public_key()), self.row
        is_old = row.old_key_until is not None and self.now < row.old_key_until
        return text == row.signing_key or (is_old and text == row.old_signing_key)

    def sealed(self, secret: bytes) -> str:
        """Return a secret as central seals it for the node."""
        return seal(recipient_key(self.row.sealing_key), secret)

    def pass_time(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by

    def clock(self) -> datetime:
        """Return central's time."""
        return self.now

    async def change_keys(
        self, rotation: SignedRotation, *, signing_key: SigningKey
    ) -> RotationTaken:
        """See ``CentralClient.change_keys``."""
        if self.is_down:
            raise CentralUnreachableError("nobody is there")
        wanted = read_rotation(rotation)
        if public_text(signing_key.public_key()) != wanted.signing_key:
            raise CentralRefusedError(401, "bad_signature")
        try:
            if not is_taken(wanted, self.row):
                until, self.taken = self.now + OVERLAP, self.taken + 1
                self.row = KeyRow(
                    wanted.signing_key, wanted.sealing_key, self.now, wanted.old_key, until, None
                )
        except OutOfTurnError as error:
            raise CentralRefusedError(409, "other_key") from error
        if self.lost_answers:
            self.lost_answers -= 1
            raise CentralUnreachableError("the answer is lost")
        return RotationTaken(
            old_key_until=self.row.old_key_until or self.now, sealed_card_key=self.sealed(CARD_KEY)
        )


def change_of(
    ring: KeyRing,
    central: KnowingCentral,
    *,
    seal_anew: Callable[[SealingKey], None] = lambda _: None,
    on_change: Callable[[], None] = lambda: None,
) -> KeyChange:
    """Return what changes the keys of a node that is at work."""
    identity = Identity(
        site=SITE, node=NODE, url="", signing_key=ring.signing_key, sealing_key=ring.sealing_key,
        central_key="", card_key=CARD_KEY, ca_certificate=None,
    )  # fmt: skip
    return KeyChange(
        ring, identity, central, seal_anew=seal_anew, on_change=on_change, now=central.clock
    )
