"""When the site changes its network: faces made anew from kept pictures, one person at a time.

Nobody loses a face by it. The new template is added beside the old one, which nodes that still
compare with the earlier network go on using; it goes once no node needs it. See
``docs/decisions/0011-a-change-of-network.md``.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from central.database import Database
from central.keys import KeyEncryptionKey, KeysError
from central.nodes import repository as nodes
from central.people import networks, pictures, repository, templates
from central.people.faces import FaceReader, RecognitionUnavailableError, Template
from central.people.schemas import FaceMigration
from config.contract.nodes import NodeStatus

_log = logging.getLogger("central.people")
CHECK_INTERVAL_S: Final = 60.0
"""Until nodes are looked at again, and what another central process may have left."""
BATCH_LENGTH: Final = 50


class Migration:
    """The one task of a central process that brings faces to the site's network."""

    def __init__(
        self,
        database: Database,
        faces: FaceReader,
        kek: KeyEncryptionKey,
        *,
        pipeline: str,
        installed: frozenset[str],
        now: Callable[[], datetime],
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            database: An open one.
            faces: Makes templates of the site's network.
            kek: Wraps their keys.
            pipeline: The site's.
            installed: Nodes of the site file; others need nothing.
            now: The wall clock, aware UTC.
        """
        self._database, self._faces, self._kek = database, faces, kek
        self._pipeline, self._installed, self._now = pipeline, installed, now
        self._woken = asyncio.Event()
        self._told: str | None = None

    def wake(self) -> None:
        """Look for work at once."""
        self._woken.set()

    async def run(self) -> None:
        """Work for ever: a moment where there is nothing to do."""
        while True:
            self._woken.clear()
            await self._work()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_INTERVAL_S):
                    await self._woken.wait()

    async def retry(self) -> None:
        """Try kept pictures again in which no face was found, and work at once."""
        async with self._database.write() as transaction:
            await pictures.forget_failures(transaction)
        self.wake()

    async def state(self) -> FaceMigration:
        """Return how far it is; opens the network where anybody has a face."""
        network, detail = self._faces.known_network, ""
        async with self._database.read() as transaction:
            has_faces = await networks.has_templates(transaction)
        if network is None and has_faces:
            try:
                network = await self._faces.network()
            except RecognitionUnavailableError as error:
                detail = str(error)
        async with self._database.read() as transaction:
            counts = await networks.counts(transaction, network=network)
            statuses = await nodes.statuses(transaction)
        return FaceMigration(
            pipeline=self._pipeline,
            network=network,
            detail=detail,
            nodes_behind=self._behind(statuses, network),
            **counts,
        )

    async def _work(self) -> None:
        async with self._database.read() as transaction:
            if not await networks.has_templates(transaction):
                return
        try:
            network = await self._faces.network()
        except RecognitionUnavailableError as error:
            self._say(f"faces are not compared with the site's network: {error}")
            return
        renewed_count = 0
        while await self._renew_next(network):
            renewed_count += 1
        if renewed_count:
            _log.info("%d faces were looked at again for the site's network", renewed_count)
        await self._remove_superseded(network)
        await self._say_who_must_come(network)

    async def _renew_next(self, network: str) -> bool:
        """Make one person's face anew; returns False when there is nobody left."""
        async with self._database.read() as transaction:
            holder_id = await networks.next_renewable(transaction, network=network)
            if holder_id is None:
                return False
            rows = await pictures.of_holder(transaction, holder_id)
            before = await networks.template_ids(transaction, holder_id)
        try:
            template = await self._faces.renew(rows)
        except KeysError as error:
            _log.error("pictures of holder %s cannot be used: %s", holder_id, error)
            template = None
        async with self._database.write() as transaction:
            await templates.take_turn(transaction)
            if await networks.template_ids(transaction, holder_id) != before:
                # Enrolled again, removed, or renewed by another process: that stands.
                return True
            if template is None:
                await pictures.mark_failed(transaction, holder_id, network=network)
                transaction.announce("people")
                return True
            sealed = self._sealed(template, holder_id)
            await templates.add(transaction, holder_id, sealed, now=self._now())
            await repository.change(transaction, holder_id, {})
        return True

    def _sealed(self, template: Template, holder_id: str) -> templates.EncryptedTemplate:
        return templates.encrypted(
            self._kek,
            template.values,
            holder_id=holder_id,
            network=template.network,
            picture_count=template.picture_count,
        )

    async def _remove_superseded(self, network: str) -> None:
        while True:
            async with self._database.write() as transaction:
                if self._behind(await nodes.statuses(transaction), network):
                    return
                await templates.take_turn(transaction)
                holder_ids = await networks.superseded(
                    transaction, network=network, limit=BATCH_LENGTH
                )
                for holder_id in holder_ids:
                    if await networks.remove_superseded(transaction, holder_id, network=network):
                        await repository.change(transaction, holder_id, {})
            if len(holder_ids) < BATCH_LENGTH:
                return

    async def _say_who_must_come(self, network: str) -> None:
        async with self._database.read() as transaction:
            counts = await networks.counts(transaction, network=network)
        if count := counts["must_come_again_count"]:
            self._say(
                f"{count} people must be enrolled again: their faces are of another network,"
                " and no pictures are kept; `menshen people outdated` lists them"
            )

    def _say(self, problem: str) -> None:
        if problem != self._told:
            _log.warning("%s", problem)
            self._told = problem

    def _behind(self, statuses: Mapping[str, NodeStatus | None], network: str | None) -> list[str]:
        if network is None:
            return []
        return [
            node
            for node, status in sorted(statuses.items())
            if node in self._installed and is_behind(status, network)
        ]


def is_behind(status: NodeStatus | None, network: str) -> bool:
    """Return whether a node may still compare faces with another network.

    Args:
        status: As it was last reported; None where the node has joined and never reported.
        network: The site's.
    """
    if status is None:
        return True
    if status.network is None:
        # An older version does not say; one without faces needs none.
        return status.gallery_size > 0
    return status.network != network
