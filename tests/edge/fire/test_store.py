from datetime import timedelta
from pathlib import Path

import pytest

from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.fire_status import RunningFireTest
from config.contract.identifiers import new_id
from edge.fire.book import FireBook
from edge.fire.fire import Fire
from edge.fire.keeping import kept, restore
from edge.fire.signals import Signals, Verdict
from edge.fire.store import CLOSED, STANDING, FireStore
from tests.edge.conftest import NOW

POINTS = {"a": ["in", "out"]}


class Node:
    """Rules, and the files of one node."""

    def __init__(self, folder: Path) -> None:
        self.book, self.signals = FireBook("gate-1", POINTS), Signals([], [])
        self.store = FireStore(folder)

    def burns(self) -> Fire:
        verdict = Verdict(FireConfirmation.PANEL, (FirePoint(device="panel", point="1.1"),))
        fire, _ = self.book.signalled("a", verdict, fire_id=new_id(), frame_at_s=90.0, now=NOW)
        return fire

    def save(self) -> None:
        self.store.save(kept(self.book, self.signals, now=NOW, now_s=100.0))


def started_again(folder: Path, *, later: timedelta = timedelta(seconds=30)) -> Node:
    node = Node(folder)
    memory = node.store.load()
    restore(memory, node.book, node.signals, now=NOW + later, now_s=5.0)
    return node


def test_a_fire_goes_on_over_a_restart_as_one_that_is_not_sure(tmp_path: Path) -> None:
    before = Node(tmp_path)
    fire = before.burns()
    before.save()

    after = started_again(tmp_path)

    (again,) = after.book.fires
    assert after.book.released() == {"in", "out"}
    assert (again.fire_id, again.is_active, again.is_evident) == (fire.fire_id, True, False)
    assert not after.book.is_signalled("in", silent=frozenset())
    assert again.frame_at_s == pytest.approx(5.0 - 30.0)


def test_what_was_closed_stays_closed_when_the_fire_is_told_again(tmp_path: Path) -> None:
    before = Node(tmp_path)
    fire = before.burns()
    told = before.book.notices(now_s=100.0)
    before.book.over(fire, now_s=100.0)
    for point in ("in", "out"):
        before.book.close(point)
    before.save()

    after = started_again(tmp_path)
    for notice in told:
        after.book.hear(notice, now_s=6.0)

    assert after.book.released() == frozenset()


def test_where_what_was_closed_is_lost_the_fires_that_stand_release_again(tmp_path: Path) -> None:
    before = Node(tmp_path)
    before.burns()
    before.book.close("in")
    before.save()
    (tmp_path / CLOSED).write_text("{")

    after = started_again(tmp_path)

    assert after.book.released() == {"in", "out"}


@pytest.mark.parametrize("damage", ["", "{", '{"fires": [{}]}', "\0"])
def test_what_stood_and_cannot_be_read_is_said(tmp_path: Path, damage: str) -> None:
    (tmp_path / STANDING).write_text(damage)

    assert FireStore(tmp_path).load().is_damaged


def test_nothing_kept_is_no_damage(tmp_path: Path) -> None:
    assert not FireStore(tmp_path).load().is_damaged


def test_when_all_is_over_and_closed_nothing_is_there_to_be_damaged(tmp_path: Path) -> None:
    node = Node(tmp_path)
    fire = node.burns()
    node.save()
    was_there = (tmp_path / STANDING).exists()
    node.book.over(fire, now_s=100.0)
    for point in ("in", "out"):
        node.book.close(point)

    node.save()

    assert (was_there, (tmp_path / STANDING).exists()) == (True, False)


def test_a_test_goes_on_over_a_restart_until_its_time(tmp_path: Path) -> None:
    node = Node(tmp_path)
    until = NOW + timedelta(minutes=10)
    test = RunningFireTest(test_id=new_id(), zone="a", until=until, asked_by="user-1")
    node.signals.begin_test(test)
    node.save()

    assert started_again(tmp_path).signals.tests == (test,)
    assert started_again(tmp_path, later=timedelta(minutes=10)).signals.tests == ()


def test_a_drill_ends_at_its_time_over_a_restart_too(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.book.begin_drill(
        "a", drill_id=new_id(), until_s=160.0, has_release=True, now_s=100.0, now=NOW
    )
    node.save()

    after = started_again(tmp_path)

    assert after.book.drills_over(34.0) == []
    assert len(after.book.drills_over(35.0)) == 1
