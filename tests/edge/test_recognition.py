from pathlib import Path

import pytest

from config.site import Recognition
from edge.recognition import PICTURES_MIXED, Eyes, operating_point_for, pictures_of
from models.store import Store


def test_a_node_that_lacks_its_files_says_which_and_takes_cards(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    eyes = Eyes.open("builtin", camera_count=2, store=Store(tmp_path))

    assert eyes.missing
    assert (eyes.pipelines, eyes.gallery, eyes.network) == ((), None, None)
    assert "cards are" in caplog.text


def test_a_node_without_cameras_needs_no_files(tmp_path: Path) -> None:
    eyes = Eyes.open("builtin", camera_count=0, store=Store(tmp_path))

    assert eyes.missing == ()


@pytest.mark.parametrize(
    ("counts", "pictures"),
    [
        ((), PICTURES_MIXED),
        ((1,), 1),
        ((3, 4), 3),
        ((2, 3), 2),
        # One picture of some and a mean of others: strangers come nearer to the mean.
        ((1, 3), PICTURES_MIXED),
    ],
)
def test_everybody_counts_as_the_person_with_the_fewest_pictures(
    counts: tuple[int, ...], pictures: int
) -> None:
    assert pictures_of(counts) == pictures


def test_more_pictures_of_everybody_cost_fewer_refusals() -> None:
    site = Recognition(pipeline="production")

    one, three = (operating_point_for(site, 100, pictures=n).fnir_expected for n in (1, 3))

    assert three < one / 2
