"""A copy of a terminal's whole disk, after one click at central: no face comes out of it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Update, update

from central.database import EVERYTHING
from central.tables import nodes
from config.contract.node_rotation import RotationTaken
from config.contract.nodes import HolderRecord
from config.contract.trust import (
    NodeToken,
    TrustError,
    from_text,
    public_text,
    to_text,
    unseal,
)
from edge.app import Ready
from edge.central_client import CentralClient, CentralRefusedError
from edge.clock import NodeClock
from edge.identity import Home, Identity, IdentityError
from edge.release import until_released
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from models.face.gallery import ExactGallery
from models.face.picture import decode_picture
from tests.central.audit.log import actions
from tests.central.bench import Bench, running_central
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import SeenFaces, photograph

CARD = "0006547886"


async def never(*, on_ready: Callable[[Ready], None]) -> None:
    """Stand for a terminal at work without people."""
    await asyncio.Event().wait()


def joined(bench: Bench, folder: Path) -> Identity:
    """Return a terminal that has joined, its keys released by central."""
    token = NodeToken.from_line(bench.token()).model_copy(update={"url": bench.url})

    async def join() -> Identity:
        home = Home(folder, with_release=True)
        identity = await home.enrol(token, site="test", node="gate-1")
        assert not (folder / "sealing.key").exists(), "it lies nowhere before it can be protected"
        await until_released(identity, home, run=never, on_ready=print)
        again = home.load(site="test", node="gate-1")
        assert again is not None
        return again

    return asyncio.run(join())


def gallery_of(
    identity: Identity, path: Path, *, fetch: bool = True
) -> tuple[Replica, ExactGallery]:
    """Return people and faces as a terminal has them."""
    gallery = ExactGallery(dimension=SeenFaces.dimension, measure="cosine")
    replica = Replica(
        path, sealing_key=identity.sealing_key, card_key=identity.card_key,
        network=SeenFaces.network, templates=gallery,
    )  # fmt: skip
    replica.load()

    async def catch_up() -> None:
        client = CentralClient(identity, NodeClock())
        await ReplicaSync(client, replica, on_change=lambda: None).catch_up()
        await client.close()

    if fetch:
        asyncio.run(catch_up())
    return replica, gallery


def files_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def keys_on(folder: Path) -> list[X25519PrivateKey]:
    """Return every 32 bytes of the small files that could be a key, read in every way."""
    found = list[bytes]()
    for path in folder.rglob("*"):
        if not path.is_file() or path.stat().st_size > 4_000:
            continue
        raw = path.read_bytes()
        text = raw.decode("ascii", "ignore")
        found += [raw[at : at + 32] for at in range(len(raw) - 31)]
        for at in range(len(text) - 42):
            try:
                found.append(from_text(text[at : at + 43]))
            except TrustError:
                continue
    return [X25519PrivateKey.from_private_bytes(each) for each in set(found) if len(each) == 32]


def records_on(folder: Path) -> list[HolderRecord]:
    with sqlite3.connect(folder / "replica.sqlite3") as connection:
        rows = connection.execute("SELECT document FROM holder").fetchall()
    connection.close()
    return [HolderRecord.model_validate_json(document) for (document,) in rows]


@pytest.fixture
def site(tmp_path: Path) -> Any:  # noqa: ANN401 - a generator
    """Central with one person, who has a face and a card."""
    with running_central(tmp_path / "central", pipeline_factory=SeenFaces) as bench:
        person = bench.person("A")
        assert enrol(bench.administrator, person, photograph(1)).status_code == 201
        card = {"number": CARD}
        assert bench.administrator.post(f"/api/v1/people/{person}/cards", json=card).is_success
        yield bench


def test_a_copied_disk_opens_nothing_after_one_click(site: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    identity = joined(site, folder)
    replica, gallery = gallery_of(identity, folder / "replica.sqlite3")
    assert (len(gallery), replica.holder_of_card(CARD) is not None) == (1, True)
    replica.close()
    stolen = shutil.copytree(folder, tmp_path / "stolen")

    assert site.administrator.delete("/api/v1/nodes/gate-1").status_code == 204

    secret = identity.sealing_key.private_bytes_raw()
    image = decode_picture(photograph(1), pixels_max=1_000_000)
    face = np.asarray(SeenFaces().embed(image, SeenFaces().detect(image)[0]), "<f4")
    for content in files_of(stolen):
        assert secret not in content
        assert to_text(secret).encode() not in content
        assert face.tobytes()[:64] not in content
        assert CARD.encode() not in content
    sealed = [template.sealed_key for record in records_on(stolen) for template in record.templates]
    assert len(sealed) == 1
    for key in keys_on(stolen):
        with pytest.raises(TrustError):
            unseal(key, sealed[0])


def test_a_stolen_terminal_is_refused_and_stays_without_people(site: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    replica, _ = gallery_of(joined(site, folder), folder / "replica.sqlite3")
    replica.close()
    site.administrator.delete("/api/v1/nodes/gate-1")

    locked = Home(folder, with_release=True).load(site="test", node="gate-1")
    assert locked is not None
    refused = asyncio.run(refusal(locked))
    replica, gallery = gallery_of(locked, folder / "replica.sqlite3", fetch=False)

    assert (locked.is_locked, refused.status) == (True, 401)
    assert (len(gallery), replica.holder_of_card(CARD)) == (0, None)
    replica.close()
    assert site.row("SELECT count(*) FROM nodes") == (0,)
    assert actions(site)[-1] == "nodes_delete"


async def refusal(identity: Identity) -> CentralRefusedError:
    client = CentralClient(identity, NodeClock())
    try:
        with pytest.raises(CentralRefusedError) as refused:
            await client.released_key()
    finally:
        await client.close()
    return refused.value


def test_a_terminal_that_starts_again_is_given_its_key(site: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    before = joined(site, folder)
    home = Home(folder, with_release=True)
    locked = home.load(site="test", node="gate-1")
    assert locked is not None
    assert locked.is_locked

    asyncio.run(until_released(locked, home, run=never, on_ready=print))

    again = home.load(site="test", node="gate-1")
    assert again is not None
    assert again.sealing_key.public_key() == before.sealing_key.public_key()
    assert again.card_key == before.card_key
    assert actions(site).count("nodes_current_release_post") == 2


def test_whose_keys_changed_without_its_hearing_is_given_its_key(
    site: Bench, tmp_path: Path
) -> None:
    """It died as central took its next keys, and the hour of the old ones is over."""
    before = joined(site, tmp_path / "edge")
    home = Home(tmp_path / "edge", with_release=True)
    locked = home.load(site="test", node="gate-1")
    assert locked is not None
    asyncio.run(until_released(locked, home, run=never, on_ready=print))
    home.ring.stage(site="test", node="gate-1")
    asyncio.run(told_of_next_keys(before, home))
    run_in(site, update(nodes).values(old_signing_key=None, old_key_until=None))

    again = Home(tmp_path / "edge", with_release=True)
    asyncio.run(until_released(locked, again, run=never, on_ready=print))

    assert not again.is_locked
    assert again.sealing_key().public_key() == before.sealing_key.public_key()


def test_a_central_that_was_restored_gives_a_terminal_its_key(site: Bench, tmp_path: Path) -> None:
    before = joined(site, tmp_path / "edge")
    home = Home(tmp_path / "edge", with_release=True)
    locked = home.load(site="test", node="gate-1")
    assert locked is not None
    asyncio.run(until_released(locked, home, run=never, on_ready=print))
    first = {
        "signing_key": public_text(before.signing_key.public_key()),
        "sealing_key": public_text(before.sealing_key.public_key()),
        "old_signing_key": None,
        "old_key_until": None,
    }
    home.ring.stage(site="test", node="gate-1")
    home.ring.take_over(asyncio.run(told_of_next_keys(before, home)))
    run_in(site, update(nodes).values(first))

    again = Home(tmp_path / "edge", with_release=True)
    identity = again.load(site="test", node="gate-1")
    assert identity is not None
    asyncio.run(until_released(identity, again, run=never, on_ready=print))

    assert not again.is_locked
    assert site.row("SELECT signing_key FROM nodes") == (
        public_text(again.signing_key().public_key()),
    )


async def told_of_next_keys(identity: Identity, home: Home) -> RotationTaken:
    """Bring a terminal's staged keys, which central takes."""
    rotation, key = home.ring.rotation, home.ring.staged_signing_key
    assert rotation is not None
    assert key is not None
    client = CentralClient(identity, NodeClock())
    try:
        return await client.change_keys(rotation, signing_key=key)
    finally:
        await client.close()


def run_in(site: Bench, statement: Update) -> None:
    """Change central's tables behind its back."""
    services = site.app.state.services

    async def change() -> None:
        async with services.database.write() as transaction:
            await transaction.execute(statement)
            transaction.announce(EVERYTHING)

    asyncio.run_coroutine_threadsafe(change(), services.loop).result(60)


def test_while_central_is_down_the_terminal_works_without_people(
    site: Bench, tmp_path: Path
) -> None:
    folder, worked = tmp_path / "edge", list[bool]()
    joined(site, folder)
    home = Home(folder, with_release=True)
    locked = home.load(site="test", node="gate-1")
    assert locked is not None

    async def act() -> None:
        at_work, down = asyncio.Event(), locked_elsewhere(locked)

        async def run(*, on_ready: Callable[[Ready], None]) -> None:
            worked.append(True)
            at_work.set()
            await asyncio.Event().wait()

        waiting = asyncio.create_task(
            until_released(down, home, run=run, on_ready=print, first_answer_s=0.01)
        )
        await at_work.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    asyncio.run(act())

    assert (worked, home.is_locked) == ([True], True)


def locked_elsewhere(identity: Identity) -> Identity:
    """Return the same terminal, before a central that does not answer."""
    return Identity(
        site=identity.site, node=identity.node, url="http://127.0.0.1:1",
        signing_key=identity.signing_key, sealing_key=identity.sealing_key,
        central_key=identity.central_key, card_key=identity.card_key,
        ca_certificate=None, is_locked=True,
    )  # fmt: skip


def test_another_terminal_s_release_opens_nothing(site: Bench, tmp_path: Path) -> None:
    joined(site, tmp_path / "edge")

    with pytest.raises(IdentityError, match="enrol again"):
        Home(tmp_path / "edge", with_release=True).release(b"another terminal's key, 32 bytes")
