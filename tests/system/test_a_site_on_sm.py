"""A whole site on SM2, SM3 and SM4: joined, at work, audited, backed up and restored."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.backup.records import Part
from central.backup.recovery import Passphrase
from config.command import main
from config.contract.commands import NodeCommand, read_command
from config.contract.trust import NodeToken, verifying_key
from config.crypto.suites import SUITES, split_mark
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home, IdentityError
from edge.sealing import KeySealer, sealed_by
from tests.central.audit.log import execute
from tests.central.backup.places import backed_up, restored
from tests.central.bench import Bench, Node, running_central
from tests.central.people.enrolling import enrol
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.system.test_stolen_terminal import CARD, gallery_of, joined

SM = SUITES["sm"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central with one person, who has a face and a card."""
    home = tmp_path_factory.mktemp("sm") / "central"
    with running_central(home, pipeline_factory=SeenFaces, crypto="sm") as bench:
        person = bench.person("A")
        assert enrol(bench.administrator, person, photograph(1)).status_code == 201
        card = {"number": CARD}
        assert bench.administrator.post(f"/api/v1/people/{person}/cards", json=card).is_success
        yield bench


def test_a_terminal_joins_knows_people_and_believes_commands(site: Bench, tmp_path: Path) -> None:
    identity = joined(site, tmp_path / "edge")
    replica, gallery = gallery_of(identity, tmp_path / "edge" / "replica.sqlite3")
    what = {"what": {"kind": "open_once", "access_point": "lane"}, "reason": "a delivery"}
    assert site.administrator.post("/api/v1/nodes/gate-1/commands", json=what).is_success

    async def fetched() -> object:
        client = CentralClient(identity, NodeClock())
        waiting = await client.commands()
        await client.close()
        key = verifying_key(identity.central_key)
        return read_command(waiting.commands[0], key=key, site="test", node="gate-1")

    assert isinstance(asyncio.run(fetched()), NodeCommand)
    assert (len(gallery), replica.holder_of_card(CARD) is not None) == (1, True)
    assert identity.suite is SM
    replica.close()


def test_everything_that_is_kept_sealed_names_the_suite(site: Bench) -> None:
    kept = [
        "SELECT wrapped_key FROM templates", "SELECT ciphertext FROM templates",
        "SELECT verifier FROM cards", "SELECT value FROM site_values WHERE name = 'central-key'",
        "SELECT hash FROM audit_log ORDER BY sequence DESC LIMIT 1",
    ]  # fmt: skip

    assert {split_mark(site.row(query)[0])[0] for query in kept} == {SM}
    assert site.administrator.get("/api/v1/keys").json()["crypto"] == "sm"


def test_the_audit_log_is_whole_until_somebody_changes_it(site: Bench, tmp_path: Path) -> None:
    home: Path = site.app.state.services.settings.home
    with (
        contextlib.closing(sqlite3.connect(home / "central.sqlite3")) as live,
        contextlib.closing(sqlite3.connect(tmp_path / "central.sqlite3")) as copy,
    ):
        live.backup(copy)
    execute(
        f"sqlite:///{tmp_path / 'central.sqlite3'}",
        "UPDATE audit_log SET objects = '' WHERE sequence = 3",
    )

    assert main(["audit", "verify", "--home", str(home)]) == 0
    assert main(["audit", "verify", "--home", str(tmp_path)]) == 1


def test_a_backup_comes_back_as_the_site_that_it_was(site: Bench, tmp_path: Path) -> None:
    home: Path = site.app.state.services.settings.home
    words, new = Passphrase("of the key-encryption key"), tmp_path / "new"
    file = backed_up(home, tmp_path / "b.menshen", parts=(Part.KEK,), keys_passphrase=words)

    proof = restored(file, new, keys_passphrase=words)

    assert (proof.problems, proof.has_keys) == ([], True)
    with running_central(new, pipeline_factory=SeenFaces) as again:
        assert again.app.state.services.suite is SM


def test_a_terminal_of_the_other_suite_does_not_join(site: Bench) -> None:
    node = Node(site.client(), "gate-2", site.clock)

    refused = node.enrol(site.token("gate-2"))

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_key")
    assert "--crypto sm" in refused.json()["detail"]


def test_a_terminals_folder_of_the_other_suite_is_refused_in_one_line(
    site: Bench, tmp_path: Path
) -> None:
    home = Home(tmp_path, sealer=KeySealer("credential", b"k" * 32))
    home.signing_key()
    token = NodeToken.from_line(site.token()).model_copy(update={"url": site.url})

    with pytest.raises(IdentityError, match="whose suite is not sm"):
        asyncio.run(home.enrol(token, site="test", node="gate-1"))


def test_a_terminals_keys_lie_sealed_with_the_suite(site: Bench, tmp_path: Path) -> None:
    home = Home(tmp_path, sealer=KeySealer("credential", b"k" * 32))
    token = NodeToken.from_line(site.token()).model_copy(update={"url": site.url})
    asyncio.run(home.enrol(token, site="test", node="gate-1"))

    for name in ("signing.key.sealed", "sealing.key.sealed"):
        assert split_mark(sealed_by((tmp_path / name).read_text())[1])[0] is SM
    again = Home(tmp_path, sealer=KeySealer("credential", b"k" * 32))
    found = again.load(site="test", node="gate-1")
    assert found is not None
    assert found.suite is SM
