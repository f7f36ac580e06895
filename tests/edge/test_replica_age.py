from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.replica_age import KeptAge, ReplicaAge
from tests.edge.conftest import NOW

HOUR_S = 3600.0
hours = st.integers(0, 200).map(lambda n: n * HOUR_S)


def test_a_replica_ages_from_when_central_confirmed_it() -> None:
    age = ReplicaAge(None, now=NOW, now_s=0.0)
    age.confirm(now_s=10 * HOUR_S)

    assert age.age_s(now_s=12 * HOUR_S) == 2 * HOUR_S


@pytest.mark.parametrize("set_h", [-1000, -1, 0, 1])
def test_over_a_restart_a_clock_that_was_set_back_makes_nothing_younger(set_h: int) -> None:
    kept = KeptAge(70 * HOUR_S, NOW)

    age = ReplicaAge(kept, now=NOW + timedelta(hours=set_h), now_s=0.0)

    assert age.age_s(now_s=3 * HOUR_S) == (73 + max(0, set_h)) * HOUR_S


@given(st.lists(st.tuples(st.sampled_from(["confirm", "restart"]), hours, st.integers(-300, 300))))
def test_in_any_history_the_age_is_at_least_the_time_that_ran_since_the_confirmation(
    history: list[tuple[str, float, int]],
) -> None:
    now_s, ran_s, wall = 0.0, 0.0, NOW
    age = ReplicaAge(None, now=wall, now_s=now_s)

    for what, for_s, set_h in history:
        now_s, ran_s = now_s + for_s, ran_s + for_s
        wall += timedelta(seconds=for_s)
        if what == "confirm":
            age.confirm(now_s=now_s)
            ran_s = 0.0
        else:
            kept = age.kept(now=wall, now_s=now_s)
            now_s, wall = 0.0, wall + timedelta(hours=set_h)
            age = ReplicaAge(kept, now=wall, now_s=now_s)
        assert age.age_s(now_s=now_s) >= ran_s
