import asyncio
import stat
from pathlib import Path

import pytest

from config.contract.trust import NodeToken
from edge.identity import Home, IdentityError
from tests.edge.central_stand_in import CARD_KEY, NODE, SITE, CentralStandIn
from tests.edge.conftest import enrolled


def enrol(folder: Path, token: NodeToken, *, node: str = NODE, site: str = SITE) -> None:
    asyncio.run(Home(folder).enrol(token, site=site, node=node))


def test_a_node_that_joined_is_the_same_after_a_restart(
    tmp_path: Path, central: CentralStandIn
) -> None:
    joined = enrolled(tmp_path, central)

    loaded = Home(tmp_path).load(site=SITE, node=NODE)

    assert loaded is not None
    assert loaded.card_key == CARD_KEY
    assert loaded.signing_key.public_key() == joined.signing_key.public_key()
    assert loaded.signing_key.public_key() == central.signing_key


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path, central: CentralStandIn) -> None:
    folder = tmp_path / "edge-gate-1"
    enrolled(folder, central)
    Home(folder).local_key()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [
        "local.key",
        "node.json",
        "sealing.key",
        "signing.key",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_node_that_has_not_joined_is_nobody(tmp_path: Path) -> None:
    assert Home(tmp_path).load(site=SITE, node=NODE) is None


def test_another_node_s_folder_is_refused(tmp_path: Path, central: CentralStandIn) -> None:
    enrolled(tmp_path, central)

    with pytest.raises(IdentityError, match="another --home"):
        Home(tmp_path).load(site=SITE, node="gate-2")


def test_a_damaged_identity_says_what_to_do(tmp_path: Path, central: CentralStandIn) -> None:
    enrolled(tmp_path, central)
    (tmp_path / "signing.key").write_text("AAAA")

    with pytest.raises(IdentityError, match="enrol the node again"):
        Home(tmp_path).load(site=SITE, node=NODE)


def test_a_token_of_another_node_is_not_sent(tmp_path: Path, central: CentralStandIn) -> None:
    with pytest.raises(IdentityError, match="for node 'gate-1'"):
        enrol(tmp_path, central.token(), node="gate-2")


def test_a_token_of_another_site_is_refused(tmp_path: Path, central: CentralStandIn) -> None:
    with pytest.raises(IdentityError, match="site 'demo'"):
        enrol(tmp_path, central.token(), site="office")


def test_a_used_token_is_refused_in_one_line(tmp_path: Path, central: CentralStandIn) -> None:
    token = central.token().model_copy(update={"secret": "used"})

    with pytest.raises(IdentityError, match="make a new one"):
        enrol(tmp_path, token)


def test_no_plain_http_beyond_this_machine(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="on this machine only"):
        enrol(tmp_path, NodeToken(url="http://192.0.2.1:8080", node=NODE, secret="once"))


def test_a_fingerprint_is_never_asked_for_without_tls(
    tmp_path: Path, central: CentralStandIn
) -> None:
    token = central.token().model_copy(update={"ca_fingerprint": "0" * 64})

    with pytest.raises(IdentityError, match="https"):
        enrol(tmp_path, token)


def test_a_central_that_is_not_there_is_one_line(tmp_path: Path, central: CentralStandIn) -> None:
    central.stop()

    with pytest.raises(IdentityError, match="does not answer"):
        enrol(tmp_path, central.token())


def test_an_identity_does_not_print_its_keys(tmp_path: Path, central: CentralStandIn) -> None:
    identity = enrolled(tmp_path, central)

    assert "card_key" not in repr(identity)
