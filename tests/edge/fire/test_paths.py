from edge.fire.paths import START_S, WIRED_ONLY_AFTER_S, Paths, PathState


def paths(*sources: str) -> Paths:
    return Paths({"a": sources}, now_s=0.0)


def test_nobody_is_alarmed_while_the_node_starts() -> None:
    site = paths("device panel", "node gate-2")

    early = site.look(now_s=START_S - 1)
    site.set_heard("device panel", is_heard=True)
    site.set_heard("node gate-2", is_heard=True)

    assert (early, site.look(now_s=START_S - 1)) == ({}, {"a": PathState(is_up=True)})


def test_who_is_never_heard_is_told_after_a_minute_as_wired_release_only() -> None:
    site = paths("device panel")

    changed = site.look(now_s=START_S)

    assert changed == {"a": PathState(is_up=False, is_wired_only=True, missing=("device panel",))}


def test_a_loss_is_told_at_once_and_is_wired_release_only_a_minute_later() -> None:
    site = paths("device panel", "node gate-2")
    for source in ("device panel", "node gate-2"):
        site.set_heard(source, is_heard=True)
    site.look(now_s=1.0)
    site.set_heard("node gate-2", is_heard=False)

    told = [site.look(now_s=s) for s in (100.0, 101.0, 99.9 + WIRED_ONLY_AFTER_S, 160.0, 161.0)]

    down = PathState(is_up=False, missing=("node gate-2",))
    wired = PathState(is_up=False, is_wired_only=True, missing=("node gate-2",))
    assert told == [{"a": down}, {}, {}, {"a": wired}, {}]
    assert down.detail == "node gate-2"


def test_a_path_that_is_back_is_told_and_the_minute_begins_anew() -> None:
    site = paths("device panel")
    site.look(now_s=100.0)
    site.set_heard("device panel", is_heard=True)
    back = site.look(now_s=101.0)
    site.set_heard("device panel", is_heard=False)

    assert back == {"a": PathState(is_up=True)}
    assert not site.look(now_s=102.0)["a"].is_wired_only


def test_a_zone_without_a_panel_is_wired_release_only_and_no_alarm() -> None:
    site = paths()

    assert site.look(now_s=1000.0) == {}
    assert site.state("a").is_wired_only
