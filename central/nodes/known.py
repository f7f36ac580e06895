"""Keys of nodes in memory: whose they are is asked of the database once, and not at each request.

What is kept is dropped when a node's keys are announced to have changed: at once in the process
that changed them, elsewhere with the announcement. It is used only while announcements are heard.
"""

import dataclasses
from datetime import datetime

from central.database import EVERYTHING, Database
from central.nodes import repository
from central.nodes.repository import KeyRow
from config.contract.trust import recipient_key, verifying_key
from config.crypto.keys import RecipientKey, VerifyingKey


@dataclasses.dataclass(frozen=True, slots=True)
class NodeKeys:
    """Public keys of one node.

    Attributes:
        row: As they are kept.
        signing: Any of them may have signed a request; the newest first.
        sealing: Seals secrets for the node.
    """

    row: KeyRow
    signing: tuple[VerifyingKey, ...]
    sealing: RecipientKey

    @classmethod
    def of(cls, row: KeyRow) -> "NodeKeys":
        """Return the keys of a row."""
        texts = [row.signing_key, *([row.old_signing_key] if row.old_signing_key else [])]
        return cls(
            row,
            tuple(verifying_key(text) for text in texts),
            recipient_key(row.sealing_key),
        )

    def texts_at(self, now: datetime) -> tuple[str, ...]:
        """Return those that are good at a moment, as text; the newest first."""
        row = self.row
        is_overlap = row.old_key_until is not None and now < row.old_key_until
        old = row.old_signing_key if is_overlap else None
        return (row.signing_key,) if old is None else (row.signing_key, old)

    def signing_at(self, now: datetime) -> tuple[VerifyingKey, ...]:
        """Return those that are good at a moment; the newest first."""
        return self.signing[: len(self.texts_at(now))]


class KnownKeys:
    """The keys of the nodes of one site, for one event loop."""

    def __init__(self, database: Database) -> None:
        """Keep what a database says for as long as nothing else is announced there."""
        self._database = database
        self._known = dict[str, NodeKeys]()
        self._change_count = 0
        database.listen(self.heard, is_at_once=True)

    async def of(self, node: str, *, is_fresh: bool = False) -> NodeKeys | None:
        """Return a node's keys, or None where it has not joined or was removed.

        Args:
            node: Its identifier, as it claims.
            is_fresh: Asked of the database in any case: for what must not come too late.
        """
        if not is_fresh and self._database.is_heard and (keys := self._known.get(node)) is not None:
            return keys
        before = self._change_count
        found = await self._database.read_whole(
            lambda transaction: repository.keys_of(transaction, node)
        )
        if found is None:
            return None
        keys = NodeKeys.of(found)
        if self._change_count == before:  # else it may have been read before it changed
            self._known[node] = keys
        return keys

    def heard(self, topic: str) -> None:
        """Drop what an announcement is about."""
        kind, _, node = topic.partition(":")
        if topic == EVERYTHING:
            self._known.clear()
        elif kind in (repository.KEYS_TOPIC, repository.CHANGED_KEYS_TOPIC):
            self._known.pop(node, None)
        else:
            return
        self._change_count += 1
