import contextlib
import re
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.convert.openvino import convert
from models.convert.openvino_ir import OpenVinoFormatError

HEAD_POSE = "head-pose-estimation-adas-0001"
RECOGNISER = "face-reidentification-retail-0095"
LANDMARKS = "landmarks-regression-retail-0009"
FRONTAL = "Colin_Powell_0009"
TURNED = "Vladimir_Putin_0009"

TINY = """<?xml version="1.0"?>
<net name="tiny" version="11"><layers>
<layer id="0" name="in" type="Parameter"><data shape="1,2,3,3" element_type="f32"/>
 <output><port id="0"><dim>1</dim><dim>2</dim><dim>3</dim><dim>3</dim></port></output></layer>
<layer id="1" name="c" type="Const"><data element_type="f16" shape="2" offset="2" size="4"/>
 <output><port id="0"><dim>2</dim></port></output></layer>
<layer id="2" name="p" type="PReLU"><input><port id="0"/><port id="1"/></input>
 <output><port id="2"><dim>1</dim><dim>2</dim><dim>3</dim><dim>3</dim></port></output></layer>
<layer id="3" name="m" type="MaxPool">
 <data strides="2,2" pads_begin="0,0" pads_end="0,0" kernel="2,2" rounding_type="ceil"/>
 <input><port id="0"/></input>
 <output><port id="1"><dim>1</dim><dim>2</dim><dim>2</dim><dim>2</dim></port></output></layer>
<layer id="4" name="out/sink_port_0" type="Result"><input><port id="0"/></input></layer>
</layers><edges>
<edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
<edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
<edge from-layer="2" from-port="2" to-layer="3" to-port="0"/>
<edge from-layer="3" from-port="1" to-layer="4" to-port="0"/>
</edges></net>"""
"""One slope for each of two channels, 0.5 and 2, then the largest of each corner."""
TINY_WEIGHTS = np.array([9, 0.5, 2], dtype="<f2").tobytes()


def converted(shared: Path, name: str) -> ort.InferenceSession:
    folder = shared / "models" / "openvino"
    xml, weights = ((folder / f"{name}.{end}").read_bytes() for end in ("xml", "bin"))
    return ort.InferenceSession(convert(xml, weights))


def face(shared: Path, name: str, size_px: int) -> np.ndarray:
    """A face of the middle of a picture, shape (1, 3, size, size), BGR 0..255."""
    path = shared / "faces" / "lfw10x10" / name[:-5] / f"{name}.jpg"
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    middle = cv2.resize(image[65:185, 65:185], (size_px, size_px))
    return middle.transpose(2, 0, 1)[None].astype(np.float32)


def test_the_recogniser_equals_the_onnx_file_of_the_same_network(shared: Path) -> None:
    ours = converted(shared, RECOGNISER)
    other = ort.InferenceSession(str(shared / "models" / f"{RECOGNISER}.onnx"))
    pictures = np.random.default_rng(7).uniform(0, 255, (8, 1, 3, 128, 128)).astype(np.float32)

    answers = [
        session.run(None, {session.get_inputs()[0].name: picture})[0]
        for session in (ours, other)
        for picture in (*pictures, face(shared, FRONTAL, 128))
    ]

    assert np.abs(np.stack(answers[:9]) - np.stack(answers[9:])).max() < 1e-4


def test_a_frontal_face_has_a_head_pose_near_zero(shared: Path) -> None:
    session = converted(shared, HEAD_POSE)

    angles = session.run(
        ["angle_y_fc", "angle_p_fc", "angle_r_fc"], {"data": face(shared, FRONTAL, 60)}
    )

    assert [angle.shape for angle in angles] == [(1, 1)] * 3
    assert max(abs(angle.item()) for angle in angles) < 8


def test_a_turned_head_has_a_yaw_that_changes_sign_in_the_mirror(shared: Path) -> None:
    session = converted(shared, HEAD_POSE)
    turned = face(shared, TURNED, 60)

    (yaw,) = session.run(["angle_y_fc"], {"data": turned})
    (yaw_mirrored,) = session.run(["angle_y_fc"], {"data": turned[..., ::-1].copy()})

    assert yaw.item() > 25
    assert yaw_mirrored.item() < -25


def test_landmarks_lie_where_a_face_has_them(shared: Path) -> None:
    session = converted(shared, LANDMARKS)

    raw = session.run(None, {session.get_inputs()[0].name: face(shared, FRONTAL, 48)})[0]

    left_eye, right_eye, nose, left_mouth, right_mouth = raw.reshape(5, 2)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    assert raw.min() > 0
    assert raw.max() < 1


def test_the_same_files_give_the_same_bytes(shared: Path) -> None:
    folder = shared / "models" / "openvino"
    xml, weights = ((folder / f"{LANDMARKS}.{end}").read_bytes() for end in ("xml", "bin"))

    assert convert(xml, weights) == convert(xml, weights)


def test_slopes_belong_to_channels_and_a_pool_may_reach_over_the_edge() -> None:
    session = ort.InferenceSession(convert(TINY.encode(), TINY_WEIGHTS))
    picture = -np.arange(1, 19, dtype=np.float32).reshape(1, 2, 3, 3)

    (answer,) = session.run(["out"], {"in": picture})

    assert answer[0, 0].tolist() == [[-0.5, -1.5], [-3.5, -4.5]]
    assert answer[0, 1].tolist() == [[-20, -24], [-32, -36]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MaxPool", "Softmax", r"layer 3 'm' \(Softmax\): this operation is unknown"),
        ('offset="2"', 'offset="3"', r"layer 1 'c' \(Const\): needs bytes 3 to 7 .* has 6"),
        ('offset="2"', 'offset="-1"', "needs bytes -1"),
        ('offset="2"', 'offset="two"', "are not whole numbers"),
        ('offset="2"', 'offset="1,2"', "offset is not one number"),
        ('size="4"', 'size="3"', "3 bytes do not make a tensor"),
        ('"f16" shape="2"', '"u4" shape="2"', "element type 'u4' is unknown"),
        (' rounding_type="ceil"', ' rounding_type="nearest"', "neither floor nor ceil"),
        (' rounding_type="ceil"', "", "do not fit together"),
        (' rounding_type="ceil"', ' dilations="2,2"', "unknown attribute dilations"),
        (' rounding_type="ceil"', ' auto_pad="same_upper"', "auto_pad is not supported"),
        (' kernel="2,2"', "", "has no kernel"),
        ('shape="1,2,3,3"', 'shape="?,2,3,3"', "are not whole numbers"),
        ("<dim>2</dim></port></output></layer>\n<layer id=\"2\"", "<dim>?</dim></port></output>"
         "</layer>\n<layer id=\"2\"", "shape of its output is not fixed"),
        ('<layer id="4"', '<layer id="3"', "two layers have the id '3'"),
        ('<edge from-layer="1"', '<edge from-layer="7"', "comes from layer '7'"),
        ('<edge from-layer="0"', '<edge from-layer="3"', "form a circle"),
        ('to-layer="2" to-port="1"', 'to-layer="2" to-port="0"', "two edges lead to input 0"),
        ('to-layer="2" to-port="1"', 'to-layer="2" to-port="5"', "nothing feeds input 1"),
        ("</net>", "", "the xml file is malformed"),
        ("<net ", "<!DOCTYPE net><net ", "declares a document type"),
    ],
)  # fmt: skip
def test_a_damaged_topology_is_refused_by_name(old: str, new: str, message: str) -> None:
    assert TINY.count(old) >= 1

    with pytest.raises(OpenVinoFormatError, match=message) as raised:
        convert(TINY.replace(old, new, 1).encode(), TINY_WEIGHTS)

    assert "\n" not in str(raised.value)


def test_a_bin_file_that_was_cut_off_is_refused(shared: Path) -> None:
    folder = shared / "models" / "openvino"
    xml, weights = ((folder / f"{LANDMARKS}.{end}").read_bytes() for end in ("xml", "bin"))

    with pytest.raises(OpenVinoFormatError, match=f"which has {len(weights) - 1}"):
        convert(xml, weights[:-1])


def test_a_weight_that_is_no_number_is_refused() -> None:
    weights = np.array([9, np.nan, 2], dtype="<f2").tobytes()

    with pytest.raises(OpenVinoFormatError, match="not finite"):
        convert(TINY.encode(), weights)


@given(st.binary(max_size=200))
def test_garbage_is_only_ever_a_format_error(raw: bytes) -> None:
    for xml in (raw, b"<net>" + raw + b"</net>"):
        with pytest.raises(OpenVinoFormatError):
            convert(xml, raw)


WORDS = re.findall(r"[\w/]+", TINY)


@given(st.integers(0, len(WORDS) - 1), st.sampled_from([*WORDS, "", "-1", "0", "9" * 30, "1,1"]))
def test_a_topology_with_one_word_changed_converts_or_is_refused(index: int, word: str) -> None:
    start, end = [match.span() for match in re.finditer(r"[\w/]+", TINY)][index]

    with contextlib.suppress(OpenVinoFormatError):
        convert((TINY[:start] + word + TINY[end:]).encode(), TINY_WEIGHTS)
