"""Keys of nodes in memory: whose they are is asked of the database once, and not at each request.

What is kept is dropped when a node's keys are announced to have changed: at once in the process
that changed them, elsewhere with the announcement. It is used only while announcements are heard.
"""

import dataclasses

from central.database import EVERYTHING, Database
from central.nodes import repository
from config.contract.trust import recipient_key, verifying_key
from config.crypto.keys import RecipientKey, VerifyingKey


@dataclasses.dataclass(frozen=True, slots=True)
class NodeKeys:
    """Public keys of one node.

    Attributes:
        signing: Any of them may have signed a request; the newest first.
        sealing: Seals secrets for the node.
    """

    signing: tuple[VerifyingKey, ...]
    sealing: RecipientKey


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
        async with self._database.read() as transaction:
            found = await repository.keys_of(transaction, node)
        if found is None:
            return None
        signing, sealing = found
        keys = NodeKeys((verifying_key(signing),), recipient_key(sealing))
        if self._change_count == before:  # else it may have been read before it changed
            self._known[node] = keys
        return keys

    def heard(self, topic: str) -> None:
        """Drop what an announcement is about."""
        kind, _, node = topic.partition(":")
        if topic == EVERYTHING:
            self._known.clear()
        elif kind == repository.KEYS_TOPIC:
            self._known.pop(node, None)
        else:
            return
        self._change_count += 1
