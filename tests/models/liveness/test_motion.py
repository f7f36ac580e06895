"""Whether surroundings move with the face."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.types import Box, Image
from models.liveness import LivenessLook
from models.liveness.motion import SIZE_PX, cohesion, surroundings
from tests.models.liveness.looks import a_look

ROOM = np.kron(
    np.random.default_rng(3).integers(0, 255, (30, 40, 3), np.uint8), np.ones((16, 16, 1), np.uint8)
)
PICTURE = np.kron(
    np.random.default_rng(4).integers(0, 255, (20, 20, 3), np.uint8), np.ones((16, 16, 1), np.uint8)
)
POSITIONS = [(160, 80), (180, 84), (204, 90), (230, 96)]


def seen_at(image: Image, left: int, top: int, at_s: float) -> LivenessLook:
    box = Box(left, top, left + 90, top + 120)
    around, is_seen = surroundings(image, box)
    return a_look(at_s, box=box, surroundings=around, is_seen=is_seen)


def person_at(left: int, top: int, room: Image = ROOM) -> Image:
    image = room.copy()
    image[top - 20 : top + 130, left - 5 : left + 95] = 128
    return image


def picture_at(left: int, top: int) -> Image:
    image = ROOM.copy()
    image[top - 80 : top + 240, left - 115 : left + 205] = PICTURE
    return image


def test_a_person_moves_before_a_room_that_stands_still() -> None:
    track = [seen_at(person_at(*xy), *xy, i / 10) for i, xy in enumerate(POSITIONS)]

    assert cohesion(track) == pytest.approx(0, abs=0.2)


def test_a_picture_carries_its_own_surroundings() -> None:
    track = [seen_at(picture_at(*xy), *xy, i / 10) for i, xy in enumerate(POSITIONS)]

    assert cohesion(track) == pytest.approx(1, abs=0.2)


def test_a_long_track_is_judged_from_its_first_to_its_last_look() -> None:
    held = seen_at(picture_at(*POSITIONS[0]), *POSITIONS[0], 0)
    track = [held] * 40 + [seen_at(picture_at(*POSITIONS[3]), *POSITIONS[3], 4.1)]

    assert cohesion(track) == pytest.approx(1, abs=0.2)


def test_a_face_that_stands_still_says_nothing() -> None:
    track = [seen_at(person_at(160, 80), 160, 80, i / 10) for i in range(5)]

    assert cohesion(track) is None


def test_a_plain_wall_says_nothing() -> None:
    wall = np.full_like(ROOM, 200)
    track = [seen_at(person_at(*xy, wall), *xy, i / 10) for i, xy in enumerate(POSITIONS)]

    assert cohesion(track) is None


def test_a_light_that_is_switched_on_is_no_movement() -> None:
    track = [
        seen_at(person_at(*xy, ROOM // 2 + 20 * i), *xy, i / 10) for i, xy in enumerate(POSITIONS)
    ]

    assert cohesion(track) == pytest.approx(0, abs=0.2)


def test_the_head_is_blanked_out() -> None:
    around, is_seen = surroundings(np.full_like(ROOM, 255), Box(200, 150, 290, 270))

    assert is_seen[SIZE_PX // 2, SIZE_PX // 2] == 0
    assert np.array_equal(around > 0, is_seen > 0)


@given(
    left=st.floats(-500, 900),
    top=st.floats(-500, 900),
    width=st.floats(0, 2000),
    height=st.floats(0, 2000),
)
def test_any_box_has_surroundings_of_one_size(
    left: float, top: float, width: float, height: float
) -> None:
    around, is_seen = surroundings(ROOM, Box(left, top, left + width, top + height))

    assert around.shape == is_seen.shape == (SIZE_PX, SIZE_PX)
    assert around.dtype == is_seen.dtype == np.uint8
    assert set(np.unique(is_seen)) <= {0, 1}
