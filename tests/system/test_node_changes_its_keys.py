"""A terminal and the real central, over HTTP: keys are changed while faces are known and told."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.events import ClockQuality
from config.contract.identifiers import new_id
from config.contract.nodes import NodeStatus
from config.contract.trust import NodeToken, public_text
from edge.central_client import CentralClient, CentralRefusedError
from edge.clock import NodeClock
from edge.identity import Home, Identity
from edge.key_change import KeyChange
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from models.face.gallery import ExactGallery
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.edge.conftest import NOW

STATUS = NodeStatus(
    at=NOW, version="1", epoch=new_id(), replica_version=0, last_sequences={}, unsent_count=0,
    is_journal_writable=True, pipeline="builtin", clockquality=ClockQuality.SYNCHRONISED,
)  # fmt: skip


class Terminal:
    """A terminal in a folder; made again, it is another process of it."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.home, self.later = Home(folder), timedelta(0)
        identity = self.home.load(site="test", node="gate-1")
        assert identity is not None
        self.identity: Identity = identity
        self.central = CentralClient(identity, NodeClock())
        self.gallery = ExactGallery(dimension=SeenFaces.dimension, measure="cosine")
        self.replica = Replica(
            self.home.replica, sealing_key=identity.sealing_key, card_key=identity.card_key,
            network=SeenFaces.network, templates=self.gallery,
            other_keys=lambda: self.home.ring.sealing_keys,
        )  # fmt: skip
        self.replica.load()
        self.change = KeyChange(
            self.home.ring, identity, self.central, seal_anew=self.replica.seal_anew,
            on_change=lambda: None, now=lambda: bench.clock() + self.later,
        )  # fmt: skip
        self.central.when_key_is_to_change(self.change.want)

    async def catch_up(self) -> None:
        await ReplicaSync(self.central, self.replica, on_change=lambda: None).catch_up()

    async def close(self) -> None:
        await self.central.close()
        self.replica.close()

    @property
    def key(self) -> str:
        return public_text(self.identity.signing_key.public_key())


async def join(bench: Bench, folder: Path) -> None:
    token = NodeToken.from_line(bench.token()).model_copy(update={"url": bench.url})
    await Home(folder).enrol(token, site="test", node="gate-1")


def face(bench: Bench, number: int) -> None:
    person = bench.person(f"P{number}")
    assert enrol(bench.administrator, person, photograph(number)).status_code == 201


def test_faces_are_known_before_while_and_after_a_terminal_changes_its_keys(tmp_path: Path) -> None:
    folder = tmp_path / "edge"

    async def act(bench: Bench) -> list[int]:
        known = list[int]()
        await join(bench, folder)
        terminal = Terminal(bench, folder)
        await terminal.catch_up()
        known.append(len(terminal.gallery))
        first = terminal.key
        await asyncio.to_thread(bench.administrator.post, "/api/v1/nodes/gate-1/keys")
        await terminal.central.put_status(STATUS)
        await terminal.change.turn()
        assert terminal.key != first
        await asyncio.to_thread(face, bench, 2)
        await terminal.catch_up()
        known.append(len(terminal.gallery))
        terminal.later = timedelta(hours=1)
        await terminal.change.turn()
        await terminal.close()
        again = Terminal(bench, folder)
        known.append(len(again.gallery))
        await again.catch_up()
        await again.close()
        assert again.home.ring.old_signing_key is None
        return known

    with running_central(tmp_path / "central", pipeline_factory=SeenFaces) as bench:
        face(bench, 1)
        assert asyncio.run(act(bench)) == [1, 2, 2]


def test_a_terminal_that_is_shut_out_changes_no_key(tmp_path: Path) -> None:
    async def act(bench: Bench) -> None:
        await join(bench, tmp_path / "edge")
        terminal, refused = Terminal(bench, tmp_path / "edge"), list[bool]()
        terminal.central.when_refused(lambda: refused.append(True))
        terminal.change.want(terminal.key)
        removed = await asyncio.to_thread(bench.administrator.delete, "/api/v1/nodes/gate-1")
        assert removed.status_code == 204
        with pytest.raises(CentralRefusedError, match="bad_signature"):
            await terminal.change.turn()
        with pytest.raises(CentralRefusedError, match="bad_signature"):
            await terminal.central.put_status(STATUS)
        assert refused == [True]
        await terminal.close()

    with running_central(tmp_path / "central") as bench:
        asyncio.run(act(bench))
