"""Who is updated, and why others are left out."""

import pytest

from central.firmware.choosing import Candidate, choose, why_not
from central.firmware.schemas import LeftOut, WantedPreview
from central.firmware.views import preview
from tests.central.firmware.choices import IMAGE, board

CASES = [
    (board(), None),
    (board(node=""), LeftOut.NOT_A_BOARD),
    (board(is_known=False), LeftOut.NOT_IDENTIFIED),
    (board(hw=7), LeftOut.OTHER_HW),
    (board(image=IMAGE.image), LeftOut.NOT_NEWER),
    (board(image=IMAGE.image, is_confirmed=False), None),
    (board(version="2.0.1"), LeftOut.LOWER_VERSION),
    (board(version="2.0.0"), None),
    (board(version="not a version"), None),
    (board(is_taken=True), LeftOut.IN_ANOTHER),
    (board(is_online=False), LeftOut.NODE_AWAY),
]


@pytest.mark.parametrize(("candidate", "why"), CASES)
def test_an_update_leaves_out_what_it_cannot_update(
    candidate: Candidate, why: LeftOut | None
) -> None:
    assert why_not(IMAGE, candidate) is why


def test_a_rollback_needs_another_image() -> None:
    assert why_not(None, board()) is LeftOut.NO_OTHER_IMAGE
    assert why_not(None, board(other_image="c" * 64)) is None


def test_what_a_board_can_never_run_is_said_before_what_passes() -> None:
    assert why_not(IMAGE, board(hw=7, is_online=False)) is LeftOut.OTHER_HW


def test_boards_are_updated_in_the_order_that_was_asked_for() -> None:
    candidates = [board(f"b{n}") for n in range(4)]
    wish = WantedPreview(image=IMAGE.sha256, devices=("b3", "b1", "nobody"))

    choice = choose(wish, IMAGE, candidates)

    assert [each.device for each in choice.boards] == ["b3", "b1"]
    assert [(each.device, why) for each, why in choice.left_out] == [
        ("nobody", LeftOut.NOT_A_BOARD)
    ]


def test_without_names_all_boards_are_meant() -> None:
    candidates = [board("b0"), board("b1", hw=7), board("b2")]

    choice = choose(WantedPreview(image=IMAGE.sha256), IMAGE, candidates)

    assert [each.device for each in choice.boards] == ["b0", "b2"]
    assert [(each.device, why) for each, why in choice.left_out] == [("b1", LeftOut.OTHER_HW)]


def test_a_preview_has_one_board_then_a_tenth_then_the_rest() -> None:
    candidates = [board(f"b{n:02}") for n in range(25)]

    shown = preview(choose(WantedPreview(image=IMAGE.sha256), IMAGE, candidates), "2.0.0")

    assert shown.stages == [1, 3, 21]
    assert [each.device for each in shown.boards[:4]] == ["b00", "b01", "b02", "b03"]


def test_a_preview_of_nobody_has_no_stage() -> None:
    shown = preview(choose(WantedPreview(image=IMAGE.sha256), IMAGE, []), "2.0.0")

    assert (shown.stages, shown.boards) == ([], [])


def test_boards_of_a_large_site_may_be_named() -> None:
    names = tuple(f"b{n}" for n in range(2_000))

    assert choose(WantedPreview(image="a" * 64, devices=names), IMAGE, []).boards == ()
