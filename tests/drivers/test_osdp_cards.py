"""The benchmark, for a moment: its figures are those that are published."""

from benchmarks.osdp_cards import run


def test_no_card_is_lost_on_a_bad_line() -> None:
    figures = run(0.05, corrupted=0.1)

    assert figures["cards_shown"] > 3
    assert (figures["cards_lost"], figures["cards_twice"], figures["false_alarms"]) == (0, 0, 0)
