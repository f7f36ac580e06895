"""Keys of a node that it changes by itself: when it is to, and what central takes.

The node makes its next keys and signs for them with the key that it has; see
``config.contract.node_rotation`` and ``docs/decisions/0051-keys-of-a-node-change.md``.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update

from central.consent.tables import face_deletion_nodes
from central.database import Transaction
from central.nodes.repository import CHANGED_KEYS_TOPIC, KeyRow, keys_of, node_topic
from central.site_values import next_replica_version
from central.tables import nodes
from config.contract.node_rotation import NodeRotation

OVERLAP: Final = timedelta(hours=1)
"""So long a node's key before is good: what is under way, and other nodes that hear of it late."""
SLOT_S: Final = 300
"""Twice as long as the longest time between two reports, and more."""
_SLOT_COUNT: Final = 86_400 // SLOT_S


class OutOfTurnError(Exception):
    """A rotation is from another key than the one that the node has: a recorded one, perhaps."""


def is_wanted(node: str, keys: KeyRow, *, days: int, now: datetime) -> bool:
    """Return whether a node is to change its keys, as it is told with each report.

    Keys that are too old are changed in the node's five minutes of the day, so that a city whose
    terminals all joined in one week does not change all of them at once. They are others each day:
    a terminal that is off at night has its turn, too.

    Args:
        node: Its identifier.
        keys: That it has.
        days: Keys that are older are changed; 0 changes none for their age.
        now: Aware UTC.
    """
    if keys.wanted_at is not None:
        return True
    if not days or now - keys.since < timedelta(days=days):
        return False
    slot = (
        int.from_bytes(hashlib.sha256(f"{node} {now.date()}".encode()).digest()[:4]) % _SLOT_COUNT
    )
    return (now.hour * 3600 + now.minute * 60 + now.second) // SLOT_S == slot


def is_taken(rotation: NodeRotation, known: KeyRow | None) -> bool:
    """Return whether these next keys are known already: the answer was lost.

    Args:
        rotation: Both of its keys have signed it.
        known: Keys of its node; None where it has not joined, or was shut out.

    Raises:
        LookupError: There is no such node.
        OutOfTurnError: The node has another key than the one that signed for the next.
    """
    if known is None:
        raise LookupError(rotation.node)
    if (known.signing_key, known.sealing_key) == (rotation.signing_key, rotation.sealing_key):
        return True
    if known.signing_key != rotation.old_key:
        raise OutOfTurnError(rotation.node)
    return False


async def want(transaction: Transaction, node: str, *, now: datetime) -> bool:
    """Note that a node is to change its keys; returns whether it has joined."""
    wanted = await transaction.execute(
        update(nodes).where(nodes.c.node == node).values(keys_wanted_at=now).returning(nodes.c.node)
    )
    transaction.announce(f"{CHANGED_KEYS_TOPIC}:{node}")
    transaction.announce(node_topic(node))
    return wanted.first() is not None


async def take(transaction: Transaction, rotation: NodeRotation, *, now: datetime) -> datetime:
    """Take a node's next keys, once; returns until when the key before is good.

    Args:
        transaction: A writing one.
        rotation: Both of its keys have signed it.
        now: Aware UTC.

    Raises:
        LookupError: See ``is_taken``.
        OutOfTurnError: Likewise.
    """
    known = await keys_of(transaction, rotation.node, is_kept=True)
    if is_taken(rotation, known):
        return now if known is None or known.old_key_until is None else known.old_key_until
    until = now + OVERLAP
    await transaction.execute(
        update(nodes)
        .where(nodes.c.node == rotation.node)
        .values(
            signing_key=rotation.signing_key,
            sealing_key=rotation.sealing_key,
            keys_at=now,
            old_signing_key=rotation.old_key,
            old_key_until=until,
            keys_wanted_at=None,
        )
    )
    # It is the same terminal that is to prove what it no longer holds.
    await transaction.execute(
        update(face_deletion_nodes)
        .where(
            face_deletion_nodes.c.node == rotation.node,
            face_deletion_nodes.c.confirmed_at.is_(None),
            face_deletion_nodes.c.signing_key == rotation.old_key,
        )
        .values(signing_key=rotation.signing_key)
    )
    transaction.announce(f"{CHANGED_KEYS_TOPIC}:{rotation.node}")
    transaction.announce(node_topic(rotation.node))
    await next_replica_version(transaction)  # the others are told of its key
    return until
