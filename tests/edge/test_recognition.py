from pathlib import Path

import pytest

from config.site import Recognition
from edge.recognition import Demands, Eyes, usable_pairs
from models.face.demand import PICTURES_MIXED, pictures_of
from models.store import Store
from tests.edge.access.bench import Register
from tests.edge.site_pairs import site_pairs

NETWORK = "ab" * 32


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
    demands = Demands(Recognition(pipeline="production"))
    demands.use(None, pictures=1)
    one = demands(100).fnir_expected

    demands.use(None, pictures=3)

    assert demands(100).fnir_expected < one / 2


def test_people_who_are_more_alike_than_was_thought_need_more_similarity() -> None:
    demands = Demands(Recognition())
    before = demands(100)

    demands.use(usable_pairs(site_pairs(NETWORK), NETWORK))

    assert (before.basis, demands(100).basis) == ("prior", "site")
    assert demands(100).accept > before.accept + 0.05


def test_a_demand_is_computed_once_for_a_gallery() -> None:
    demands = Demands(Recognition())
    pairs = usable_pairs(site_pairs(NETWORK), NETWORK)
    demands.use(pairs)
    first = demands(100)

    demands.use(usable_pairs(site_pairs(NETWORK), NETWORK))

    assert demands(100) is first
    assert demands(10).accept < first.accept


def test_pairs_of_another_network_say_nothing() -> None:
    assert usable_pairs(site_pairs(NETWORK), "cd" * 32) is None
    assert usable_pairs(None, NETWORK) is None


@pytest.mark.parametrize(
    "wrong", [{"levels": (0.1, 0.2)}, {"counts": tuple(range(70))}, {"design_effects": ()}]
)
def test_pairs_that_cannot_be_right_leave_the_networks_own_thresholds(
    wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    record = site_pairs(NETWORK).model_copy(update=wrong)

    assert usable_pairs(record, NETWORK) is None
    assert "not used" in caplog.text


def test_what_is_demanded_of_a_face_follows_how_people_are_enrolled() -> None:
    people = Register(picture_counts={1})
    demands = Demands.following(Recognition(pipeline="production"), people, None)
    before = demands(100)
    people.picture_counts = {3}

    people.change()

    assert demands(100).accept > before.accept
    assert demands(100).fnir_expected < before.fnir_expected
