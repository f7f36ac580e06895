"""Which pictures of a person are that person's, whatever their order."""

import itertools

import numpy as np
import pytest

from models.face.agreement import majority
from models.face.types import Embedding
from tests.central.people.seen_faces import SeenFaces


def towards(degrees: float) -> Embedding:
    """Return a direction in a plane."""
    turn = np.radians(degrees)
    return np.array((np.cos(turn), np.sin(turn)), dtype=np.float32)


def chosen(*embeddings: Embedding) -> list[int]:
    return majority(SeenFaces(), embeddings, alike=0.5, alike_mean=0.6)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_two_of_three_are_the_person_in_every_order(order: tuple[int, ...]) -> None:
    pictures = [towards(0), towards(30), towards(120)]

    found = chosen(*(pictures[i] for i in order))

    assert {order[i] for i in found} == {0, 1}


def test_one_picture_agrees_with_itself() -> None:
    assert chosen(towards(0)) == [0]


def test_without_pictures_there_is_nobody() -> None:
    assert chosen() == []


def test_two_against_two_is_no_majority() -> None:
    assert chosen(towards(0), towards(10), towards(90), towards(100)) == []


def test_three_strangers_are_no_majority() -> None:
    assert chosen(towards(0), towards(90), towards(180)) == []


def test_a_picture_between_two_joins_them() -> None:
    assert chosen(towards(0), towards(100), towards(50)) == [0, 1, 2]


def test_a_picture_far_from_each_may_be_near_their_mean() -> None:
    # Three that are 0.51 alike, and one that is 0.48 from each: 0.59 from their mean.
    alike = np.full((4, 4), 0.51) + 0.49 * np.eye(4)
    alike[3, :3] = alike[:3, 3] = 0.48
    pictures = np.linalg.cholesky(alike).astype(np.float32)

    near = majority(SeenFaces(), list(pictures), alike=0.5, alike_mean=0.58)
    far = majority(SeenFaces(), list(pictures), alike=0.5, alike_mean=0.60)

    assert (near, far) == ([0, 1, 2, 3], [0, 1, 2])
