"""A terminal's own replica, client and gallery before the real central."""

import asyncio
import dataclasses
from pathlib import Path
from uuid import UUID

from config.contract.trust import public_text
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Identity
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from models.face.gallery import ExactGallery
from tests.central.bench import Bench
from tests.central.people.seen_faces import SeenFaces


class Terminal:
    """What a terminal keeps of people, kept as the program keeps it."""

    def __init__(self, bench: Bench, folder: Path, name: str = "gate-1") -> None:
        self.bench, self.file = bench, folder / f"{name}.sqlite3"
        self.node = bench.node(name)
        services = bench.app.state.services
        self.identity = Identity(
            site="test",
            node=name,
            url=bench.url,
            signing_key=self.node.signing_key,
            sealing_key=self.node.sealing_key,
            central_key=public_text(services.central_key.public_key()),
            card_key=services.card_key,
            ca_certificate=None,
        )
        self.gallery = ExactGallery(dimension=SeenFaces.dimension, measure="cosine")
        self.replica = Replica(
            self.file,
            sealing_key=self.node.sealing_key,
            card_key=services.card_key,
            network=SeenFaces.network,
            templates=self.gallery,
        )
        self.replica.load()

    def moves_to(self, bench: Bench) -> None:
        """Find central again after it was started anew, at another port."""
        self.identity = dataclasses.replace(self.identity, url=bench.url)

    def catch_up(self) -> None:
        """Fetch what changed, and prove what was asked for, as the program does."""
        asyncio.run(self._catch_up())

    async def _catch_up(self) -> None:
        client = CentralClient(self.identity, NodeClock())
        try:
            await ReplicaSync(client, self.replica, on_change=lambda: None).catch_up()
        finally:
            await client.close()

    def held(self, holder_id: str) -> tuple[UUID, ...]:
        """Return which templates of a person lie here."""
        return self.replica.held_templates([holder_id])[holder_id]

    def recognises(self) -> int:
        """Return how many people the gallery compares faces with."""
        return len(self.gallery)


def bytes_of(*files: Path) -> bytes:
    """Return what lies in files and in SQLite's own files beside them."""
    beside = ("", "-wal", "-journal", ".damaged")
    paths = [Path(f"{file}{suffix}") for file in files for suffix in beside]
    return b"\n".join(path.read_bytes() for path in paths if path.exists())


def has_part_of(needle: bytes, file: Path) -> bool:
    """Return whether any piece of something lies in a file: SQLite cuts long values at pages."""
    lying = bytes_of(file)
    return any(needle[at : at + 48] in lying for at in range(0, len(needle) - 48, 16))
