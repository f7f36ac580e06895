"""The files of a node's keys: whoever is killed at any moment comes back able to speak and read."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.trust import TrustError, private_text, public_text, seal
from config.crypto.keys import SealingKey
from edge.central_answers import CentralError
from edge.identity import Home, IdentityError
from edge.key_files import KeyFiles
from edge.key_ring import STATE, KeyRing
from edge.replica_faces import unsealed
from edge.sealing import KeySealer, Sealer, SealError
from tests.edge.central_stand_in import CARD_KEY, NODE, SITE, CentralStandIn
from tests.edge.conftest import enrolled
from tests.edge.killing import killed_after
from tests.edge.knowing import KnowingCentral, change_of

SEALER = KeySealer("test", b"s" * 32)
HOUR = timedelta(hours=1)
CHANGES_MAX = 20


def ring_of(folder: Path, sealer: Sealer | None = SEALER) -> KeyRing:
    """Return the keys as another process of the node finds them."""
    return KeyRing(KeyFiles(folder, sealer=sealer, with_release=False))


def begun(folder: Path, sealer: Sealer | None = SEALER) -> tuple[KeyRing, KnowingCentral]:
    """Return a node with its first keys, and a central that knows them."""
    ring = ring_of(folder, sealer)
    return ring, KnowingCentral(ring)


def changed(ring: KeyRing, central: KnowingCentral, kept: list[str] | None = None) -> None:
    """Change keys, from the wish to the end of the old ones; what is kept is sealed anew."""

    def seal_anew(key: SealingKey) -> None:
        for index, sealed in enumerate(kept or []):
            opened = unsealed(ring.sealing_keys, sealed)
            (kept or [])[index] = seal(key.public_key(), opened)

    change = change_of(ring, central, seal_anew=seal_anew)
    change.want(public_text(ring.signing_key.public_key()))
    asyncio.run(change.turn())
    central.pass_time(HOUR)
    asyncio.run(change.turn())


def can_speak(ring: KeyRing, central: KnowingCentral) -> bool:
    """Return whether central believes the node, at once or once it has brought its next keys."""
    return central.believes(ring.signing_key) or central.believes(ring.staged_signing_key)


def can_read(ring: KeyRing, sealed: str) -> bool:
    """Return whether the node opens what central sealed for it."""
    return unsealed(ring.sealing_keys, sealed) == b"template"


@pytest.mark.parametrize("sealer", [None, SEALER])
@pytest.mark.parametrize("count", range(CHANGES_MAX))
def test_whoever_is_killed_before_any_change_of_a_file_speaks_and_reads_after(
    tmp_path: Path, count: int, sealer: Sealer | None
) -> None:
    ring, central = begun(tmp_path, sealer)
    kept = [central.sealed(b"template")]

    with killed_after(count, tmp_path):
        changed(ring, central, kept)

    again = ring_of(tmp_path, sealer)
    assert can_speak(again, central)
    assert can_read(again, central.sealed(b"template"))
    assert can_read(again, kept[0])
    changed(again, central, kept)
    assert can_read(again, kept[0])
    assert central.believes(ring_of(tmp_path, sealer).signing_key)


def test_so_many_changes_of_files_are_all_that_there_are(tmp_path: Path) -> None:
    ring, central = begun(tmp_path)

    with killed_after(CHANGES_MAX, tmp_path) as deaths:
        changed(ring, central)

    assert deaths == []


def test_keys_that_are_over_lie_nowhere(tmp_path: Path) -> None:
    ring, central = begun(tmp_path, None)

    changed(ring, central)
    changed(ring, central)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "boards.key",
        "clips.key",
        "keys.json",
        "sealing-3.key",
        "signing-3.key",
    ]


@pytest.mark.parametrize("count", range(CHANGES_MAX))
def test_whoever_is_killed_leaves_no_key_that_is_over_once_it_is_back(
    tmp_path: Path, count: int
) -> None:
    ring, central = begun(tmp_path, None)
    first = private_text(ring.signing_key)
    ring.stage(site=SITE, node=NODE)
    with killed_after(count, tmp_path):
        changed(ring, central)

    again = ring_of(tmp_path, None)
    change = change_of(again, central)
    for _ in range(2):
        asyncio.run(change.turn())
        central.pass_time(HOUR)

    left = {path.name for path in tmp_path.iterdir() if path.read_bytes() == first.encode()}
    assert private_text(again.signing_key) != first
    assert left == {"boards.key"}


def test_boards_and_clips_go_on_with_the_first_keys(tmp_path: Path) -> None:
    ring, central = begun(tmp_path)
    board, clips = public_text(ring.board_key().public_key()), ring.clips_secret()

    changed(ring, central)
    changed(ring, central)

    again = ring_of(tmp_path)
    assert public_text(again.board_key().public_key()) == board
    assert again.clips_secret() == clips
    assert public_text(again.signing_key.public_key()) != board


def test_next_keys_are_sealed_for_this_machine_as_the_first_ones_were(tmp_path: Path) -> None:
    ring, _ = begun(tmp_path)

    ring.stage(site=SITE, node=NODE)

    names = {path.name for path in tmp_path.iterdir()} - {STATE}
    assert "signing-2.key.sealed" in names
    assert all(name.endswith(".sealed") for name in names)


def test_a_node_that_changed_its_keys_is_the_same_after_a_restart(
    tmp_path: Path, central: CentralStandIn
) -> None:
    enrolled(tmp_path, central)
    ring = Home(tmp_path).ring
    changed(ring, KnowingCentral(ring))

    loaded = Home(tmp_path).load(site=SITE, node=NODE)

    assert loaded is not None
    assert loaded.card_key == CARD_KEY
    assert public_text(loaded.signing_key.public_key()) == public_text(
        ring.signing_key.public_key()
    )


def test_a_node_that_joins_anew_begins_with_what_it_has(
    tmp_path: Path, central: CentralStandIn
) -> None:
    enrolled(tmp_path, central)
    ring = Home(tmp_path).ring
    changed(ring, KnowingCentral(ring))
    (tmp_path / "node.json").unlink()

    enrolled(tmp_path, central)

    loaded = Home(tmp_path).load(site=SITE, node=NODE)
    assert loaded is not None
    assert loaded.signing_key.public_key() == central.signing_key
    assert Home(tmp_path).ring.last_rotation is None


def test_a_damaged_list_of_keys_says_what_to_do(tmp_path: Path, central: CentralStandIn) -> None:
    enrolled(tmp_path, central)
    (tmp_path / STATE).write_text("{")

    with pytest.raises(IdentityError, match=r"keys.json is damaged.*enrol the node again"):
        Home(tmp_path).load(site=SITE, node=NODE)


def test_an_answer_for_other_keys_changes_nothing(tmp_path: Path) -> None:
    ring, central = begun(tmp_path)
    rotation = ring.stage(site=SITE, node=NODE)
    before = public_text(ring.signing_key.public_key())
    sealed_for_before = central.sealed(CARD_KEY)
    assert ring.staged_signing_key is not None
    answer = central.change_keys(rotation, signing_key=ring.staged_signing_key)
    taken = asyncio.run(answer).model_copy(update={"sealed_card_key": sealed_for_before})

    with pytest.raises(TrustError):
        ring.take_over(taken)

    assert public_text(ring.signing_key.public_key()) == before
    assert ring.rotation == rotation


def test_central_that_does_not_answer_is_no_reason_to_stage_twice(tmp_path: Path) -> None:
    ring, central = begun(tmp_path)
    central.is_down = True
    change = change_of(ring, central)
    change.want(public_text(ring.signing_key.public_key()))
    for _ in range(2):
        with pytest.raises(CentralError):
            asyncio.run(change.turn())
    first = ring.rotation

    assert ring_of(tmp_path).stage(site=SITE, node=NODE) == first


def test_no_keys_are_made_that_central_has_not_released_the_protection_of(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path, sealer=SEALER, with_release=True)
    ring = KeyRing(files)
    central = KnowingCentral(ring)
    change = change_of(ring, central)
    change.want(public_text(ring.signing_key.public_key()))

    with pytest.raises(SealError, match="not released"):
        asyncio.run(change.turn())
    files.release(b"r" * 32)
    asyncio.run(change.turn())

    assert central.taken == 1
    assert (tmp_path / "sealing-2.key.sealed").exists()
