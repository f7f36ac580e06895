"""Crops and numbers of the networks, without the networks."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from models.face.onnx_session import open_session
from models.face.types import Box
from models.liveness.networks import (
    HeadPoseNetwork,
    anti_spoof_crop,
    eye_opening,
    portrait,
    square_patch,
)

FRAME = np.zeros((480, 640, 3), np.uint8)


def head_pose_file(**angles: float) -> bytes:
    """Return a network that gives these angles for any face."""
    nodes = [
        helper.make_node("Constant", [], [name], value_float=angle)
        for name, angle in angles.items()
    ]
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 60, 60])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in angles]
    model = helper.make_model(
        helper.make_graph(nodes, "pose", [data], outputs),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def test_a_crop_is_the_box_scaled_around_its_centre() -> None:
    crop = anti_spoof_crop(FRAME, Box(300, 200, 340, 250), scale=2.0)

    assert crop == (280, 175, 361, 276)


def test_a_crop_that_would_leave_the_picture_moves_inside() -> None:
    assert anti_spoof_crop(FRAME, Box(0, 0, 40, 50), scale=2.0) == (0, 0, 81, 101)


def test_a_crop_larger_than_the_picture_takes_a_smaller_scale() -> None:
    assert anti_spoof_crop(FRAME, Box(200, 100, 400, 340), scale=4.0) == (100, 0, 500, 480)


@given(
    left=st.floats(-300, 900),
    top=st.floats(-300, 900),
    width=st.floats(0, 1500),
    height=st.floats(0, 1500),
    scale=st.sampled_from([2.7, 4.0]),
)
def test_every_crop_lies_in_the_picture(
    left: float, top: float, width: float, height: float, scale: float
) -> None:
    box = Box(left, top, left + width, top + height)

    x0, y0, x1, y1 = anti_spoof_crop(FRAME, box, scale=scale)

    assert 0 <= x0 < x1 <= 640
    assert 0 <= y0 < y1 <= 480


def test_a_square_box_becomes_as_high_as_the_networks_know_faces() -> None:
    assert portrait(Box(0, 0, 100, 100)) == Box(0, -17.5, 100, 117.5)
    assert portrait(Box(0, 0, 100, 130)) == Box(0, 0, 100, 130)


def test_an_eye_is_as_open_as_its_lids_are_apart() -> None:
    points = np.array([[0, 0], [10, -4], [20, -4], [30, 0], [20, 4], [10, 4]], np.float64)

    assert eye_opening(points) == pytest.approx(8 / 30)
    assert eye_opening(points * [1, 0]) == 0


def test_a_patch_is_turned_level_around_the_face() -> None:
    image = FRAME.copy()
    image[240:245, 300:340] = 255
    upright = np.ascontiguousarray(np.rot90(image[120:360, 200:440]))

    patch = square_patch(upright, Box(80, 80, 160, 160), size_px=80, scale=1.0, tilt_deg=-90)

    assert patch.shape == (80, 80, 3)
    assert patch[38:47].sum() > 0.95 * patch.sum() > 0


def test_head_pose_is_read_by_name_not_by_order() -> None:
    network = HeadPoseNetwork(
        open_session(head_pose_file(angle_p_fc=2.0, angle_r_fc=3.0, angle_y_fc=1.0))
    )

    pose = network.pose(FRAME, Box(100, 100, 200, 235))

    assert (pose.yaw, pose.pitch, pose.roll) == (1, 2, 3)


def test_another_network_is_no_head_pose() -> None:
    session = open_session(head_pose_file(angle_y_fc=1.0, age=33.0))

    with pytest.raises(ValueError, match="no head pose network: its outputs are angle_y_fc, age"):
        HeadPoseNetwork(session)
