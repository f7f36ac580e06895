"""A node changes its keys while it works: answers are lost, disks are full, central is restored."""

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.contract.nodes import TemplateRecord
from config.contract.trust import public_text, seal
from config.settings import private_folder
from edge.central_answers import CentralError, CentralRefusedError
from edge.key_change import KeyChange
from edge.key_files import KeyFiles
from edge.key_ring import KeyRing
from edge.replica import Replica
from tests.edge.central_stand_in import CARD_KEY
from tests.edge.killing import killed_after
from tests.edge.knowing import KnowingCentral, change_of
from tests.edge.test_replica import NETWORK, Templates, holder, page, template

HOUR = timedelta(hours=1)


def ring_of(folder: Path) -> KeyRing:
    return KeyRing(KeyFiles(folder, sealer=None, with_release=False))


def key_of(ring: KeyRing) -> str:
    return public_text(ring.signing_key.public_key())


def turned(change: KeyChange) -> None:
    """Do what is to be done now; what fails is left for the next time."""
    with contextlib.suppress(CentralError):
        asyncio.run(change.turn())


def sealed_for(ring: KeyRing, holder_id: str) -> TemplateRecord:
    sealed_key = seal(ring.sealing_key.public_key(), b"k" * 32)
    return template(holder_id, [1.0, 0.0]).model_copy(update={"sealed_key": sealed_key})


def replica_of(folder: Path, ring: KeyRing, templates: Templates | None = None) -> Replica:
    replica = Replica(
        folder / "replica.sqlite3",
        sealing_key=ring.sealing_key,
        card_key=CARD_KEY,
        network=NETWORK,
        templates=templates,
        other_keys=lambda: ring.sealing_keys,
    )
    replica.load()
    return replica


def test_a_wish_is_carried_out_once_though_it_is_told_twice(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    change, first = change_of(ring, central), key_of(ring)

    change.want(first)
    asyncio.run(change.turn())
    change.want(first)
    asyncio.run(change.turn())

    assert (central.taken, key_of(ring) != first) == (1, True)


def test_nothing_is_changed_that_nobody_wants(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    change = change_of(ring, central)

    change.want("the key of somebody else")
    asyncio.run(change.turn())

    assert (central.taken, ring.rotation) == (0, None)


def test_a_lost_answer_is_asked_for_again_though_the_old_key_is_over(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    central.lost_answers = 1
    change = change_of(ring, central)
    change.want(key_of(ring))

    with pytest.raises(CentralError):
        asyncio.run(change.turn())
    central.pass_time(99 * HOUR)
    assert not central.believes(ring.signing_key)
    asyncio.run(change.turn())

    assert (central.taken, central.believes(ring.signing_key)) == (1, True)


def test_a_full_disk_keeps_a_node_from_no_word(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    change = change_of(ring, central)
    change.want(key_of(ring))
    ring.stage(site="demo", node="gate-1")

    with killed_after(0, tmp_path):
        asyncio.run(change.turn())
    central.pass_time(HOUR)

    assert central.believes(ring.signing_key)
    again = ring_of(tmp_path)
    asyncio.run(change_of(again, central).turn())
    assert (central.taken, central.believes(again.signing_key)) == (1, True)


def test_a_central_that_was_restored_is_told_of_the_last_change(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    before = central.row
    change = change_of(ring, central)
    change.want(key_of(ring))
    asyncio.run(change.turn())
    central.pass_time(HOUR)
    asyncio.run(change.turn())

    central.row = before
    assert not central.believes(ring.signing_key)
    change.refused()
    asyncio.run(change.turn())

    assert central.believes(ring.signing_key)


def test_who_is_shut_out_is_refused_and_keeps_what_it_has(tmp_path: Path) -> None:
    ring, other = (ring_of(private_folder(tmp_path / name)) for name in ("a", "b"))
    central = KnowingCentral(other)
    change, first = change_of(ring, central), key_of(ring)
    change.want(first)

    with pytest.raises(CentralRefusedError):
        asyncio.run(change.turn())

    assert (key_of(ring), central.taken) == (first, 0)


def test_other_keys_are_told_to_whoever_signs_with_them(tmp_path: Path) -> None:
    ring, told = ring_of(tmp_path), list[tuple[str, bool]]()
    central = KnowingCentral(ring)
    change = change_of(
        ring, central, on_change=lambda: told.append((key_of(ring), bool(ring.old_signing_key)))
    )
    change.want(key_of(ring))

    asyncio.run(change.turn())
    central.pass_time(HOUR)
    asyncio.run(change.turn())

    assert told == [(key_of(ring), True), (key_of(ring), False)]


def test_templates_are_sealed_anew_before_the_old_key_is_destroyed(tmp_path: Path) -> None:
    ring = ring_of(tmp_path)
    central = KnowingCentral(ring)
    first = ring.sealing_key
    replica = replica_of(tmp_path, ring)
    people = [
        holder(f"h{n}").model_copy(update={"templates": (sealed_for(ring, f"h{n}"),)})
        for n in range(450)
    ]
    replica.apply(page(*people, version=1))
    change = change_of(ring, central, seal_anew=replica.seal_anew)
    change.want(key_of(ring))

    asyncio.run(change.turn())
    central.pass_time(HOUR)
    asyncio.run(change.turn())
    replica.close()

    templates = Templates()
    again = replica_of(tmp_path, ring_of(tmp_path), templates)
    again.close()
    assert first not in ring.sealing_keys
    assert all(templates.held[f"h{n}"] == [[1.0, 0.0]] for n in range(450))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.sampled_from(["wish", "turn", "lost", "down", "up", "hour", "restart"]), max_size=25
    )
)
def test_whatever_happens_in_any_order_a_node_can_speak(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("node")
    ring = ring_of(folder)
    central = KnowingCentral(ring)
    change = change_of(ring, central)

    for step in steps:
        if step == "wish":
            change.want(central.row.signing_key)
        elif step == "turn":
            turned(change)
        elif step == "lost":
            central.lost_answers += 1
        elif step in ("down", "up"):
            central.is_down = step == "down"
        elif step == "hour":
            central.pass_time(HOUR)
        else:
            ring = ring_of(folder)
            change = change_of(ring, central)
        assert central.believes(ring.signing_key) or central.believes(ring.staged_signing_key)
