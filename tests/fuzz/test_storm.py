"""A short storm; ``python -m tests.fuzz --hours 2 site_link_storm`` is the long one."""

from tests.fuzz.storm import storm


def test_a_storm_on_the_site_link_opens_nothing_and_delays_no_fire() -> None:
    found = storm(2.0, fire_every_s=2.0)

    assert found.problems == []
    assert len(found.release_s) == 1
    assert {"mutated", "replayed", "truncated", "reordered", "foreign"} <= set(found.sent)
