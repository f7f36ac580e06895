"""Liveness on the shared photographs and film, with the real networks."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.face.onnx_session import open_session
from models.face.types import Box, Face, Image
from models.face.yunet import YuNetDetector
from models.liveness import (
    STILL_LIMITS,
    Liveness,
    LivenessLook,
    Verdict,
    judge,
    open_liveness,
)
from models.liveness.judgement import NO_SIGN
from models.store import StoredNetwork
from tests.models.conftest import read

PAIR = {
    "liveness-2.7": "minifasnet_v2_2.7_80x80.onnx",
    "liveness-4.0": "minifasnet_v1se_4.0_80x80.onnx",
}
MESH = {"face-mesh": "mediapipe_face_landmark_468.onnx"}
FACE = Face(Box(200, 150, 300, 285), 1.0)
GREY = np.full((480, 640, 3), 128, np.uint8)


class FewNetworks:
    """A store that has what it is given."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._paths = paths

    def find(self, name: str, /) -> StoredNetwork | None:
        path = self._paths.get(name)
        return None if path is None else StoredNetwork(path, "")


@pytest.fixture(scope="module")
def liveness(shared: Path) -> Liveness:
    """The anti-spoof pair and the face mesh."""
    return Liveness({name: shared / "models" / file for name, file in {**PAIR, **MESH}.items()})


@pytest.fixture(scope="module")
def detector(shared: Path) -> YuNetDetector:
    """YuNet."""
    return YuNetDetector(open_session(str(shared / "models" / "yunet_s_dynamic.onnx")))


def nearest(detector: YuNetDetector, image: Image) -> Face:
    return max(detector.detect(image, face_size_px_min=80), key=lambda face: face.box.width)


def looked_at(
    liveness: Liveness, detector: YuNetDetector, image: Image, count: int = 4
) -> list[LivenessLook]:
    face = nearest(detector, image)
    return [liveness.look(image, face, captured_at_s=index / 10) for index in range(count)]


def film(path: Path, *, first: int, count: int, step: int) -> Iterator[tuple[float, Image]]:
    """Yield every so many frames of a film, 720 pixels high, with their times."""
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_FRAMES, first)
    for index in range(count * step):
        is_there, frame = capture.read()
        assert is_there
        if index % step == 0:
            yield index / 30, cv2.resize(frame, (1280, 720)).astype(np.uint8)
    capture.release()


@pytest.mark.parametrize("name", ["image_F1.jpg", "image_F2.jpg"])
@pytest.mark.parametrize("scale", [0.6, 1.0, 1.5])
def test_a_photographed_print_and_a_tablet_are_attacks(
    liveness: Liveness, detector: YuNetDetector, shared: Path, name: str, scale: float
) -> None:
    image = cv2.resize(read(shared / "faces" / "spoof" / name), None, fx=scale, fy=scale)

    judgement = judge(looked_at(liveness, detector, image.astype(np.uint8)))

    assert judgement.verdict is Verdict.ATTACK


def test_a_clean_photograph_that_is_held_still_looks_live_to_the_networks_and_does_not_pass(
    liveness: Liveness, detector: YuNetDetector, shared: Path
) -> None:
    looks = looked_at(liveness, detector, read(shared / "faces" / "spoof" / "image_T1.jpg"))

    assert judge(looks, limits=STILL_LIMITS).verdict is Verdict.LIVE
    assert judge(looks).reason == NO_SIGN


def test_a_living_face_in_the_dark_is_not_judged(
    liveness: Liveness, detector: YuNetDetector, shared: Path
) -> None:
    image = (read(shared / "faces" / "spoof" / "image_T1.jpg") * 0.2).astype(np.uint8)

    judgement = judge(looked_at(liveness, detector, image))

    assert (judgement.verdict, judgement.reason) == (Verdict.UNSURE, "too dark")


def test_a_man_who_turns_his_head_is_live(
    liveness: Liveness, detector: YuNetDetector, shared: Path
) -> None:
    path = shared / "faces" / "video" / "computer_pointer_demo.mp4"
    looks: list[LivenessLook] = []
    for at_s, frame in film(path, first=36, count=8, step=3):
        face = nearest(detector, frame)
        looks.append(liveness.look(frame, face, captured_at_s=at_s, earlier=looks))

    judgement = judge(looks)

    assert judgement.verdict is Verdict.LIVE
    assert judgement.signals["turn_range"] > 0.3


def test_eyes_that_are_shut_are_seen_as_shut(
    liveness: Liveness, detector: YuNetDetector, shared: Path
) -> None:
    path = shared / "faces" / "video" / "computer_pointer_demo.mp4"
    openings = []
    for first in (456, 522):
        _, frame = next(film(path, first=first, count=1, step=1))
        look = liveness.look(frame, nearest(detector, frame), captured_at_s=0.0)
        openings.append(look.eye_aspect_ratio or 0.0)

    opened, shut = openings

    assert shut < 0.6 * opened


def test_a_face_without_eyes_has_no_opening(liveness: Liveness) -> None:
    assert liveness.look(GREY, FACE, captured_at_s=0.0).eye_aspect_ratio is None


def test_a_face_beyond_the_picture_has_no_surroundings(liveness: Liveness) -> None:
    beyond = Face(Box(-400, -400, -300, -265), 1.0)

    look = liveness.look(GREY, beyond, captured_at_s=0.0)

    assert look.is_seen.sum() == 0


def test_the_store_says_what_there_is(shared: Path) -> None:
    there = {"liveness-2.7": shared / "models" / PAIR["liveness-2.7"]}

    liveness = open_liveness(FewNetworks(there))

    assert liveness.networks == ("liveness-2.7",)
    assert liveness.missing == ("liveness-4.0", "head-pose", "face-mesh")


def test_without_networks_looks_are_taken_and_say_nothing() -> None:
    liveness = open_liveness(FewNetworks({}))

    looks = [liveness.look(GREY, FACE, captured_at_s=at_s) for at_s in (0.0, 0.2, 0.4)]

    assert liveness.networks == ()
    assert judge(looks).reason == "no network"


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="no such liveness network: livenes"):
        Liveness({"livenes": Path("x.onnx")})


def test_looks_go_forward_in_time() -> None:
    liveness = Liveness({})
    earlier = [liveness.look(GREY, FACE, captured_at_s=1.0)]

    with pytest.raises(ValueError, match="ascend in time"):
        liveness.look(GREY, FACE, captured_at_s=1.0, earlier=earlier)
