from benchmarks.access import measure, percentile


def test_the_decisions_that_are_measured_meet_rules_of_all_kinds() -> None:
    times, busy, answers = measure(3_000)

    assert len(times) == len(busy) == answers.total() == 3_000
    assert {"granted", "lockdown", "interlock", "credential_needed", "too_many_refusals",
            "not_permitted_here", "unknown_card"} <= answers.keys()  # fmt: skip


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]

    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)) == (
        51, 100, 100,
    )  # fmt: skip
