"""What is counted of approaches."""

from benchmarks.face_approaches import summary
from benchmarks.face_passes import PASSED, WRONG_PERSON, Outcome


def test_a_card_that_is_asked_for_is_no_pass() -> None:
    outcomes = [
        Outcome(track=PASSED, one_frame="weak_face"),
        Outcome(track="weak_face", one_frame="unknown_face"),
        Outcome(track="doubtful_face", one_frame=PASSED),
        Outcome(track=WRONG_PERSON, one_frame=PASSED),
    ]

    result = summary(outcomes, PASSED)

    assert (result["track"]["count"], result["track"]["of"]) == (1, 4)
    assert result["one_frame"]["count"] == 2
    assert result["card_asked"]["count"] == 2
