import numpy as np

from edge.vision.motion import Motion
from models.face.types import Box, Image
from tests.edge.vision.people import RED, Square, picture


def noisy(image: Image, seed: int) -> Image:
    noise = np.random.default_rng(seed).normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_everything_is_new_before_the_first_search() -> None:
    assert Motion().region(picture()) == Box(0, 0, 640, 480)


def test_noise_is_no_motion() -> None:
    motion = Motion()

    motion.searched(noisy(picture(), 1))

    assert motion.region(noisy(picture(), 2)) is None


def test_somebody_who_comes_in_is_where_the_picture_changed() -> None:
    motion = Motion()
    motion.searched(picture())

    region = motion.region(picture(Square(RED, x=500, size=120)))

    assert region is not None
    assert 400 <= region.left <= 440
    assert 560 <= region.right <= 600
    assert 160 <= region.top <= 180


def test_slow_motion_adds_up_until_it_is_seen() -> None:
    motion = Motion()
    motion.searched(picture(shade=100))

    seen = [motion.region(picture(shade=100 + step)) is not None for step in range(0, 20, 2)]

    assert seen == [False] * 8 + [True] * 2


def test_a_speck_is_no_motion() -> None:
    motion = Motion()
    motion.searched(picture())

    assert motion.region(picture(Square(RED, size=24))) is None
