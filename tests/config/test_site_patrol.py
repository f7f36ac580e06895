"""Checkpoints and patrol readers of a site file, and its mistakes, a line each."""

from pathlib import Path

import pytest

from config.site import Site, SiteError
from config.site_patrol import tag_key
from tests.config.test_site import SMALL, load

READERS = (
    SMALL
    + """
[[device]]
id = "wall"
driver = "rdm6300"
bus = "b"
[[device]]
id = "carried"
driver = "rdm6300"
bus = "b"
[[access_point]]
id = "east"
node = "n"
device = "d"
"""
)
TAG = '[[checkpoint]]\nid = "roof"\ncredential = "04:a1:b2:c3"\n'
FIXED = '[[checkpoint]]\nid = "plant"\ndevice = "wall"\n'


GATE = '[[checkpoint]]\nid = "hall"\naccess_point = "east"\n'
GUARDS = '[patrol]\nguard_profiles = ["guards"]\n'


def patrolled(*more: str, folder: Path) -> Site:
    return load(READERS + "\n".join(more), folder)


def test_a_checkpoint_is_a_tag_or_a_reader(tmp_path: Path) -> None:
    reader = '[[patrol_reader]]\ndevice = "carried"\n'

    site = patrolled(TAG, FIXED, reader, folder=tmp_path)

    assert [(c.credential, c.device) for c in site.checkpoint] == [
        ("04:a1:b2:c3", None),
        (None, "wall"),
    ]
    assert site.patrol_reader[0].guard_kept_min == 720


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ('[[checkpoint]]\nid = "x"', "has one of: a credential .* a device .* an access_point"),
        (TAG + 'device = "wall"', "has one of: a credential .* a device .* an access_point"),
        (FIXED + 'access_point = "east"', "has one of"),
        (GUARDS + GATE.replace("east", "y"), "'hall' names no access_point of this file: 'y'"),
        (GUARDS + GATE + GATE.replace("hall", "lobby"), "have the same access_point: 'east'"),
        (GATE, "access_point needs patrol.guard_profiles"),
        ('[[checkpoint]]\nid = "x"\ndevice = "y"', "names no device of this file: 'y'"),
        ('[[checkpoint]]\nid = "x"\ndevice = "d"', "'d' is a gate, so name its access_point"),
        (FIXED + '[[checkpoint]]\nid = "x"\ndevice = "wall"', "have the same device: 'wall'"),
        (TAG + '[[checkpoint]]\nid = "x"\ncredential = "04A1B2C3"', "have the same tag"),
        ('[[patrol_reader]]\ndevice = "y"', "'y' names no device of this file"),
        (FIXED + '[[patrol_reader]]\ndevice = "wall"', "nobody carries it"),
        ('[[patrol_reader]]\ndevice = "d"', "nobody carries it"),
        ('[[patrol_reader]]\ndevice = "carried"\naccess_point = "y"', "names no access_point"),
        (
            '[[patrol_reader]]\ndevice = "carried"\naccess_point = "east"',
            "access_point needs patrol.guard_profiles",
        ),
        ('[[patrol_reader]]\ndevice = "carried"\n' * 2, "patrol_reader 'carried' stands twice"),
    ],
)
def test_a_mistake_names_its_place(addition: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=message):
        patrolled(addition, folder=tmp_path)


def test_a_node_has_every_tag_and_its_own_readers(tmp_path: Path) -> None:
    other = '[[node]]\nid = "far"\n'
    reader = '[[patrol_reader]]\ndevice = "carried"\n'
    site = patrolled(TAG, FIXED, GATE, GUARDS, reader, other, folder=tmp_path)

    here, far = site.for_node("n"), site.for_node("far")

    assert [c.id for c in here.checkpoint] == ["roof", "plant", "hall"]
    assert [c.id for c in far.checkpoint] == ["roof"]
    assert (len(here.patrol_reader), len(far.patrol_reader)) == (1, 0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" 04:a1-b2 c3", "04A1B2C3"),
        ("099,59822", "099,59822"),
        ("B2 plant room", "B2 plant room"),
        ("", ""),
    ],
)
def test_a_tag_is_compared_without_separators_and_case(text: str, key: str) -> None:
    assert tag_key(text) == key
