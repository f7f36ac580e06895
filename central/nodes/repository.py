"""Nodes and their one-time tokens in the database."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, delete, func, insert, select, update

from central.alarms import service as alarms
from central.consent.terminal_faces import forget_node
from central.database import Transaction
from central.events import repository as events
from central.keys import KeyEncryptionKey
from central.nodes.schemas import Gap, NodeView
from central.site_values import next_replica_version
from central.tables import UtcDateTime, node_tokens, nodes
from config.contract.events import EventClass
from config.contract.headers import CONTRACT_VERSION, STATUS_INTERVAL_S, silence_s_max
from config.contract.nodes import NodeStatus

KEYS_TOPIC: Final = "node-keys"
"""Announced, with the node, when a terminal is out: its keys were removed or replaced."""
HEARD_TOPIC: Final = "node-heard"
"""Of a node that was silent, or is heard for the first time."""
CHANGED_KEYS_TOPIC: Final = "node-keys-changed"
"""The same terminal has other keys, or is to have: nobody is out, and its stream goes on."""
_NOT_JOINED: Final[dict[str, Any]] = {"is_online": False, "last_seen_at": None, "status": None}
_NO_TIME: Final = datetime.min.replace(tzinfo=UTC)


def node_topic(node: str) -> str:
    """Return what is announced when a node's view changes."""
    return f"node:{node}"


async def add_token(
    transaction: Transaction, *, secret_hash: str, node: str, expires_at: datetime
) -> None:
    """Keep a token; an older one of the same node is not good any more."""
    await transaction.execute(delete(node_tokens).where(node_tokens.c.node == node))
    await transaction.execute(
        insert(node_tokens).values(secret_hash=secret_hash, node=node, expires_at=expires_at)
    )


async def use_token(
    transaction: Transaction, secret_hash: str, *, node: str, now: datetime
) -> bool:
    """Use up a token; returns whether it was good."""
    used = await transaction.execute(
        delete(node_tokens)
        .where(
            node_tokens.c.secret_hash == secret_hash,
            node_tokens.c.node == node,
            node_tokens.c.expires_at > now,
        )
        .returning(node_tokens.c.node)
    )
    return used.first() is not None


async def put_keys(
    transaction: Transaction, node: str, *, signing_key: str, sealing_key: str, now: datetime
) -> None:
    """Replace a node's keys: the terminal that had the old ones is out."""
    replaced = await transaction.execute(
        delete(nodes).where(nodes.c.node == node).returning(nodes.c.node)
    )
    is_replaced = replaced.first() is not None
    await forget_node(transaction, node)
    await transaction.execute(
        insert(nodes).values(
            node=node,
            signing_key=signing_key,
            sealing_key=sealing_key,
            enrolled_at=now,
            silent_at=now + timedelta(seconds=silence_s_max(STATUS_INTERVAL_S)),
        )
    )
    if is_replaced:
        # Who joins for the first time has a stream perhaps before this is heard, and keeps it.
        transaction.announce(f"{KEYS_TOPIC}:{node}")
    transaction.announce(node_topic(node))
    await next_replica_version(transaction)  # the others are told of its key


async def remove(transaction: Transaction, node: str) -> bool:
    """Forget a node's keys; returns whether there were any."""
    removed = await transaction.execute(
        delete(nodes).where(nodes.c.node == node).returning(nodes.c.node)
    )
    await forget_node(transaction, node)
    transaction.announce(f"{KEYS_TOPIC}:{node}")
    transaction.announce(node_topic(node))
    await next_replica_version(transaction)
    return removed.first() is not None


class KeyRow(NamedTuple):
    """The public keys of one node, as text.

    Attributes:
        since: It has them since then.
        old_signing_key: Good, too, before ``old_key_until``.
        wanted_at: When an operator asked for other keys.
    """

    signing_key: str
    sealing_key: str
    since: datetime
    old_signing_key: str | None
    old_key_until: datetime | None
    wanted_at: datetime | None


async def keys_of(transaction: Transaction, node: str, *, is_kept: bool = False) -> KeyRow | None:
    """Return a node's keys, or None where it has not joined.

    Args:
        transaction: A writing one, where ``is_kept``.
        node: Its identifier.
        is_kept: Nobody else changes them before this transaction ends.
    """
    query = select(
        nodes.c.signing_key,
        nodes.c.sealing_key,
        func.coalesce(nodes.c.keys_at, nodes.c.enrolled_at, type_=UtcDateTime()),
        nodes.c.old_signing_key,
        nodes.c.old_key_until,
        nodes.c.keys_wanted_at,
    ).where(nodes.c.node == node)
    row = (await transaction.execute(query.with_for_update() if is_kept else query)).first()
    return None if row is None else KeyRow._make(row)


async def release_key(
    transaction: Transaction, kek: KeyEncryptionKey, node: str, fresh: bytes
) -> bytes:
    """Return what opens a node's keys; it becomes ``fresh`` where there is none yet.

    It goes with the node's row, so who is shut out has nothing that opens a copied disk.
    """
    purpose = release_purpose(node)
    query = select(nodes.c.release_key).where(nodes.c.node == node).with_for_update()
    wrapped = (await transaction.execute(query)).scalar_one()
    if wrapped is None:
        wrapped = kek.wrap(fresh, purpose=purpose)
        await transaction.execute(
            update(nodes).where(nodes.c.node == node).values(release_key=wrapped)
        )
    return kek.unwrap(wrapped, purpose=purpose)


def release_purpose(node: str) -> str:
    """Return what a node's release key is bound to."""
    return f"release|{node}"


async def signing_keys(transaction: Transaction) -> dict[str, str]:
    """Return the signing key of every node that has joined."""
    rows = await transaction.execute(select(nodes.c.node, nodes.c.signing_key))
    return {row.node: row.signing_key for row in rows}


async def put_status(
    transaction: Transaction,
    node: str,
    status: NodeStatus,
    *,
    now: datetime,
    interval_s: float = STATUS_INTERVAL_S,
    contract: int = CONTRACT_VERSION,
) -> None:
    """Replace what a node says of itself; who looks is told where it says something else.

    Args:
        transaction: A writing one.
        node: That reports.
        status: What it says.
        now: Aware UTC.
        interval_s: How often it is to report.
        contract: Version that it speaks.
    """
    query = select(nodes.c.status, nodes.c.silent_at).where(nodes.c.node == node)
    before = (await transaction.execute(query)).first()
    await transaction.execute(
        update(nodes)
        .where(nodes.c.node == node)
        .values(
            status=status.model_dump_json(by_alias=True),
            last_seen_at=now,
            silent_at=now + timedelta(seconds=silence_s_max(interval_s)),
            contract=contract,
        )
    )
    was_heard = before is not None and before.silent_at is not None and before.silent_at >= now
    if not was_heard:
        transaction.announce(f"{HEARD_TOPIC}:{node}")
    if not was_heard or before is None or _said(_status(before.status)) != _said(status):
        transaction.announce(node_topic(node))
    await alarms.take_status(transaction, node, status, now=now)


async def statuses(transaction: Transaction) -> dict[str, NodeStatus | None]:
    """Return what every node that has joined last said of itself."""
    rows = await transaction.execute(select(nodes.c.node, nodes.c.status))
    return {row.node: _status(row.status) for row in rows}


def _missing(
    gaps: list[tuple[str, str, int, int]], status: NodeStatus | None
) -> list[tuple[str, str, int, int]]:
    """Return gaps without those that are being filled: the node has what lies in them, and waits.

    A node that catches up tells what happens now beside it, and so before it.
    """
    if status is None:
        return gaps
    here = [gap for gap in gaps if gap[0] == str(status.epoch)]
    if sum(last - first + 1 for _, _, first, last in here) > status.unsent_count:
        return gaps
    return [gap for gap in gaps if gap not in here]


def _gaps(found: Iterable[tuple[str, str, int, int]]) -> list[Gap]:
    return [
        Gap(epoch=epoch, event_class=EventClass(event_class), first=first, last=last)
        for epoch, event_class, first, last in found
    ]


def _said(status: NodeStatus | None) -> NodeStatus | None:
    """Return what is worth telling of a status: without what changes with every report."""
    return status and status.model_copy(update={"at": _NO_TIME, "last_sequences": {}})


async def views(
    transaction: Transaction,
    installed: Iterable[str],
    *,
    now: datetime,
    only: Collection[str] | None = None,
) -> list[NodeView]:
    """Return every node that is installed or has joined, by name; or ``only`` these of them."""
    query = select(nodes) if only is None else select(nodes).where(nodes.c.node.in_(only))
    rows = {row.node: row for row in await transaction.execute(query)}
    gaps = await events.gaps_of(transaction, only=only)
    losses = await events.losses_of(transaction, only=only)
    return [
        NodeView(
            node=node,
            **(_joined(rows[node], now=now) if node in rows else _NOT_JOINED),
            gaps=_gaps(
                _missing(gaps.get(node, []), _status(rows[node].status if node in rows else None))
            ),
            losses=_gaps(losses.get(node, [])),
        )
        for node in sorted({*installed, *rows})
        if only is None or node in only
    ]


def _joined(row: Row[Any], *, now: datetime) -> dict[str, Any]:
    """Return what a view says of a node that has joined."""
    is_overlap = row.old_key_until is not None and now < row.old_key_until
    return {
        "is_online": _is_online(row, now=now),
        "last_seen_at": row.last_seen_at,
        "status": _status(row.status),
        "contract": row.contract,
        "keys_at": row.keys_at or row.enrolled_at,
        "keys_wanted_at": row.keys_wanted_at,
        "old_key_until": row.old_key_until if is_overlap else None,
    }


async def online(transaction: Transaction, *, now: datetime) -> set[str]:
    """Return the nodes that are heard."""
    return set(await heard_until(transaction, now=now))


async def heard_until(transaction: Transaction, *, now: datetime) -> dict[str, datetime]:
    """Return the nodes that are heard, and until when where they say nothing more."""
    query = select(nodes.c.node, nodes.c.silent_at).where(
        nodes.c.silent_at >= now, nodes.c.last_seen_at.is_not(None)
    )
    return {row.node: row.silent_at for row in await transaction.execute(query)}


def _is_online(row: Row[Any], *, now: datetime) -> bool:
    is_silent = row.silent_at is None or row.silent_at < now
    return row.last_seen_at is not None and not is_silent


def _status(text: str | None) -> NodeStatus | None:
    return None if text is None else NodeStatus.model_validate_json(text)
