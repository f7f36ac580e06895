from uuid import UUID

import pytest

from config.contract.fire_events import FireConfirmation, FirePoint
from config.contract.identifiers import new_id
from drivers.base import Side
from edge.fire.book import FIRE_COUNT_MAX, FireBook
from edge.fire.fire import Fire
from edge.fire.signals import Verdict
from tests.edge.conftest import NOW

BOTH = frozenset(Side)
GATE = {Side.IN: ["in"], Side.OUT: ["out"]}
NOBODY = frozenset[str]()


def book(node: str = "gate-1", *points: str) -> FireBook:
    return FireBook(node, {"a": points or ("in", "out"), "b": ("other",)})


def verdict(*points: str) -> Verdict:
    told = tuple(FirePoint(device="panel", point=p) for p in points or ("1", "2"))
    return Verdict(FireConfirmation.TWO_DEVICES, told)


def burn(here: FireBook, *points: str, at_s: float = 0.0, zone: str = "a") -> Fire:
    fire, _ = here.signalled(zone, verdict(*points), fire_id=new_id(), frame_at_s=at_s, now=NOW)
    return fire


def drill(here: FireBook, *, has_release: bool = True, until_s: float = 60.0) -> Fire:
    fire = here.begin_drill(
        "a", drill_id=new_id(), until_s=until_s, has_release=has_release, now_s=0.0, now=NOW
    )
    assert fire is not None
    return fire


def tell(teller: FireBook, hearer: FireBook, *, now_s: float = 0.0) -> bool:
    return True in [hearer.hear(notice, now_s=now_s) for notice in teller.notices(now_s=now_s)]


def test_a_fire_releases_its_zone_and_no_other() -> None:
    here = book()
    burn(here)

    assert here.released() == {"in", "out"}


def test_the_same_signals_again_are_the_same_fire() -> None:
    here = book()
    first = burn(here)

    again, is_new = here.signalled("a", verdict(), fire_id=new_id(), frame_at_s=1.0, now=NOW)

    assert (again, is_new) == (first, False)


def test_a_release_stays_when_the_fire_is_over() -> None:
    here = book()

    here.over(burn(here), now_s=0.0)

    assert here.released() == {"in", "out"}
    assert here.standing("a") == []


def test_a_closed_point_stays_closed_while_the_same_fire_is_told_again() -> None:
    here = book()
    here.over(burn(here), now_s=0.0)
    here.close("in")

    for notice in here.notices(now_s=5.0):
        here.hear(notice, now_s=5.0)

    assert here.released() == {"out"}


def test_a_closed_point_is_released_by_another_fire() -> None:
    here = book()
    here.over(burn(here), now_s=0.0)
    here.close("in")

    burn(here)

    assert here.released() == {"in", "out"}


def test_a_closed_point_is_released_again_when_more_points_of_the_fire_signal() -> None:
    here = book()
    fire = burn(here)
    here.close("in")
    revision = fire.revision

    burn(here, "1", "2", "3")

    assert here.released() == {"in", "out"}
    assert fire.revision > revision


def test_a_closed_point_stays_closed_when_a_point_signals_that_had_signalled_before() -> None:
    here = book()
    burn(here, "1", "2")
    here.close("in")

    burn(here, "2")
    burn(here, "1", "2")

    assert here.released() == {"out"}


@pytest.mark.parametrize(
    ("is_active", "is_current", "silent", "expected"),
    [
        (True, True, NOBODY, True),
        (False, True, NOBODY, False),
        (True, False, NOBODY, False),
        (True, True, frozenset({"gate-2"}), False),
    ],
)
def test_a_release_may_not_be_closed_while_somebody_who_is_heard_signals_the_fire(
    is_active: bool, is_current: bool, silent: frozenset[str], expected: bool
) -> None:
    there, here = book("gate-2"), book()
    fire = burn(there)
    fire.is_current = is_current
    if not is_active:
        there.over(fire, now_s=0.0)
    tell(there, here)

    assert here.is_signalled("in", silent=silent) is expected


def test_a_drill_releases_until_it_is_over_and_nothing_after_it() -> None:
    here = book()
    practice = drill(here)
    during = set(here.released())

    over = here.drills_over(60.0)
    here.over(practice, now_s=0.0)

    assert (during, over) == ({"in", "out"}, [practice])
    assert here.released() == NOBODY


def test_a_drill_without_release_leaves_the_gates_alone() -> None:
    here = book()
    drill(here, has_release=False)

    assert here.released() == NOBODY


def test_a_real_fire_during_a_drill_is_a_real_fire() -> None:
    here = book()
    practice = drill(here)
    burn(here)

    here.over(practice, now_s=0.0)

    assert here.released() == {"in", "out"}


def test_a_fire_that_is_heard_releases_the_points_here() -> None:
    there, here = book("gate-2"), book()
    burn(there, at_s=10.0)

    is_news = True in [here.hear(n, now_s=100.0) for n in there.notices(now_s=12.5)]

    (fire,) = here.fires
    assert is_news
    assert here.released() == {"in", "out"}
    assert fire.frame_at_s == pytest.approx(97.5)


def test_it_is_news_once() -> None:
    there, here = book("gate-2"), book()
    burn(there)

    assert [tell(there, here), tell(there, here)] == [True, False]


def test_a_dead_node_s_fire_is_told_by_the_others() -> None:
    dead, witness, late = book("gate-1"), book("gate-2"), book("gate-3")
    burn(dead)
    tell(dead, witness)

    tell(witness, late)

    assert late.released() == {"in", "out"}


def test_an_older_revision_changes_nothing_and_is_told_the_newer() -> None:
    there, here = book("gate-2"), book("gate-1", "nothing here")
    fire = burn(there)
    old = there.notices(now_s=0.0)
    there.over(fire, now_s=0.0)
    tell(there, here)
    here.close("nothing here")
    quiet = here.notices(now_s=1.0)

    is_news = True in [here.hear(notice, now_s=2.0) for notice in old]

    assert (quiet, is_news) == ([], False)
    assert [n.is_active for n in here.notices(now_s=3.0)] == [False]
    assert here.notices(now_s=30.0) == []


def test_nobody_but_its_origin_says_that_a_fire_is_over() -> None:
    here, there = book("gate-1"), book("gate-2")
    fire = burn(here)
    tell(here, there)
    (heard,) = there.fires
    there.over(heard, now_s=0.0)

    tell(there, here)
    tell(here, there)

    assert (fire.is_active, heard.is_active) == (True, True)


def test_whoever_is_told_to_ends_a_drill_for_all() -> None:
    here, there = book("gate-1"), book("gate-2")
    practice = drill(here)
    tell(here, there)
    there.over(there.fires[0], now_s=0.0)

    tell(there, here)

    assert (practice.is_active, here.released()) == (False, NOBODY)


def test_a_drill_that_was_heard_ends_by_itself_when_its_teller_is_gone() -> None:
    there, here = book("gate-2"), book()
    drill(there, until_s=60.0)
    for notice in there.notices(now_s=50.0):
        here.hear(notice, now_s=1000.0)

    assert here.drills_over(1009.0) == []
    assert len(here.drills_over(1010.0)) == 1


def test_a_node_that_lost_its_memory_hears_of_its_own_fire_and_keeps_it_open() -> None:
    before, witness, after = book(), book("gate-2"), book()
    burn(before)
    tell(before, witness)

    tell(witness, after)

    (fire,) = after.fires
    assert after.released() == {"in", "out"}
    assert (fire.is_own, fire.is_evident) == (True, False)
    assert not after.is_signalled("in", silent=NOBODY)


def test_a_release_for_a_loss_stays_local_where_only_the_link_is_lost() -> None:
    here = book()
    here.lost("a", fire_id=new_id(), is_local=True, now_s=0.0, now=NOW)

    assert here.released() == {"in", "out"}
    assert here.notices(now_s=0.0) == []
    assert not here.is_signalled("in", silent=NOBODY)


def test_both_sides_of_a_gate_are_free_even_one_that_no_zone_names() -> None:
    here = book("gate-1", "in")
    burn(here)

    assert here.free({Side.IN: ["in"]}) == BOTH
    assert here.free(GATE) == BOTH


def test_a_side_that_a_person_closed_is_not_free_and_the_other_is() -> None:
    here = book()
    here.over(burn(here), now_s=0.0)
    here.close("in")

    assert here.free(GATE) == {Side.OUT}


def test_a_gate_of_which_every_point_was_closed_is_not_free() -> None:
    here = book()
    here.over(burn(here), now_s=0.0)
    for point in ("in", "out"):
        here.close(point)

    assert not here.free(GATE)
    assert not here.free({Side.IN: ["in"]})


def test_a_point_closed_for_an_old_fire_does_not_shut_its_side_for_a_new_one() -> None:
    here = FireBook("gate-1", {"a": ["in", "out"], "b": ["out"]})
    here.over(burn(here), now_s=0.0)
    for point in ("in", "out"):
        here.close(point)

    burn(here, zone="b")

    assert here.free(GATE) == BOTH


def test_what_is_over_and_closed_is_forgotten_at_last_and_what_is_open_never() -> None:
    here = book()
    open_one = burn(here, zone="b")
    here.over(open_one, now_s=0.0)
    for _ in range(FIRE_COUNT_MAX + 5):
        here.over(burn(here), now_s=0.0)
        here.close("in")
        here.close("out")

    kept: set[UUID] = {fire.fire_id for fire in here.fires}
    assert len(kept) <= FIRE_COUNT_MAX + 1
    assert open_one.fire_id in kept


def test_a_notice_says_how_old_the_panel_s_frame_is_and_compares_no_clocks() -> None:
    here = book()
    burn(here, at_s=5.0)

    (notice,) = here.notices(now_s=6.5)

    assert notice.age_ms == 1500
    assert notice.since == NOW


def test_a_door_is_a_point_of_its_zone_that_is_released_once_and_closed_by_itself() -> None:
    here = FireBook("gate-1", {"a": ["in"]}, {"a": ["board#3", "controller#0"]})
    here.place({"a": ["in", "controller#0"]})
    here.over(burn(here), now_s=0.0)
    held = [len(here.releasing(name)) for name in ("in", "board#3", "controller#0")]

    here.close("in")
    relay_in_between = bool(here.releasing("board#3"))
    here.close("controller#0")

    assert (held, relay_in_between) == ([1, 1, 1], True)
    assert here.releasing("controller#0") == here.releasing("board#3") == []


def test_relays_follow_the_points_of_their_zone_and_without_any_the_fire() -> None:
    with_points = FireBook("gate-1", {"a": ["in"]}, {"a": ["board#3"]})
    without = FireBook("gate-2", {"a": []}, {"a": ["board#3"]})
    for here in (with_points, without):
        here.over(burn(here), now_s=0.0)
    held = [bool(here.releasing("board#3")) for here in (with_points, without)]

    with_points.close("in")

    assert held == [True, False]
    assert with_points.releasing("board#3") == []
    assert not with_points.is_open_for_some(with_points.fires[0])
