import hashlib
import multiprocessing
import shutil
from pathlib import Path

import pytest

from models.face import open_pipeline
from models.store import MissingFilesError, Store, StoreError

RECOGNISER = "face-reidentification-retail-0095"
HEAD_POSE = "head-pose-estimation-adas-0001"


def build(folder: Path) -> None:
    list(Store(folder).build())


def test_building_twice_builds_once(built_store: Store) -> None:
    assert list(built_store.build()) == []


def test_two_processes_may_build_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=build, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0]
    assert set(Store(tmp_path).find_pipeline("builtin")) == {
        "face-detector",
        "landmarks",
        "face-recogniser",
    }
    assert not list(tmp_path.glob(".*"))


def test_a_pipeline_without_its_files_names_them(tmp_path: Path) -> None:
    with pytest.raises(MissingFilesError, match="menshen models add FILE") as raised:
        open_pipeline("production", Store(tmp_path))

    assert raised.value.names == (
        "yunet-s-dynamic or yunet-2023mar",
        "face-reidentification-retail-0095",
    )


def test_the_builtin_pipeline_is_built_not_added(tmp_path: Path) -> None:
    with pytest.raises(MissingFilesError, match="menshen models build"):
        open_pipeline("builtin", Store(tmp_path))


def test_an_unknown_pipeline_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are: builtin, production"):
        open_pipeline("magic", Store(tmp_path))


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "found.onnx"
    path.write_bytes(b"anything")

    with pytest.raises(StoreError, match="not in the catalogue"):
        Store(tmp_path / "store").add(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot read"):
        Store(tmp_path).add(tmp_path / "absent.onnx")


def test_a_damaged_file_is_found_when_it_is_opened(tmp_path: Path) -> None:
    store = Store(tmp_path)
    list(store.build())
    path = tmp_path / "dlib-resnet.onnx"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(StoreError, match=r"dlib-resnet\.onnx is damaged"):
        store.find_pipeline("builtin")


def test_building_repairs_a_damaged_file_and_a_damaged_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    list(store.build())
    (tmp_path / "dlib-mmod.onnx").write_bytes(b"cut")
    (tmp_path / "dlib-resnet.onnx.json").write_text("[1]")

    assert list(store.build()) == ["dlib-mmod", "dlib-resnet"]
    assert set(store.find_pipeline("builtin")) == {"face-detector", "landmarks", "face-recogniser"}


def test_a_known_file_is_taken_by_its_hash_alone(shared: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "some name.bin"
    renamed.write_bytes((shared / "models" / "yunet_s_dynamic.onnx").read_bytes())

    network = Store(tmp_path / "store").add(renamed)

    assert network.name == "yunet-s-dynamic"
    assert network.sha256 == hashlib.sha256(renamed.read_bytes()).hexdigest()


def test_an_ir_is_converted_on_its_way_in_and_keeps_the_identity_of_the_network(
    shared: Path, tmp_path: Path
) -> None:
    converted, ready = Store(tmp_path / "converted"), Store(tmp_path / "ready")
    converted.add(shared / "models" / "openvino" / f"{RECOGNISER}.xml")
    ready.add(shared / "models" / f"{RECOGNISER}.onnx")

    ours, other = converted.find(RECOGNISER), ready.find(RECOGNISER)

    assert ours is not None
    assert other is not None
    assert ours.sha256 == other.sha256
    assert ours.sha256.startswith("2aceec33f4f9bbb0")
    assert ours.path.read_bytes() != other.path.read_bytes()


@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_either_file_of_an_ir_brings_the_other(shared: Path, tmp_path: Path, suffix: str) -> None:
    store = Store(tmp_path)

    network = store.add((shared / "models" / "openvino" / HEAD_POSE).with_suffix(suffix))

    assert network.name == "head-pose"
    assert store.find("head-pose") is not None


def test_an_xml_without_its_bin_says_which_file_is_missing(shared: Path, tmp_path: Path) -> None:
    shutil.copy(shared / "models" / "openvino" / f"{HEAD_POSE}.xml", tmp_path)

    with pytest.raises(StoreError, match=rf"cannot read .*{HEAD_POSE}\.bin: No such file"):
        Store(tmp_path / "store").add(tmp_path / f"{HEAD_POSE}.xml")


def test_an_xml_with_the_bin_of_another_network_is_refused(shared: Path, tmp_path: Path) -> None:
    shutil.copy(shared / "models" / "openvino" / f"{HEAD_POSE}.xml", tmp_path)
    shutil.copy(shared / "models" / "openvino" / f"{RECOGNISER}.bin", tmp_path / f"{HEAD_POSE}.bin")

    with pytest.raises(StoreError, match=rf"{HEAD_POSE}\.bin is not the catalogue's file"):
        Store(tmp_path / "store").add(tmp_path / f"{HEAD_POSE}.xml")


def test_the_networks_of_liveness_are_found_one_by_one(shared: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(shared / "models" / "minifasnet_v2_2.7_80x80.onnx")

    near, wide = store.find("liveness-2.7"), store.find("liveness-4.0")

    assert near is not None
    assert near.path.is_file()
    assert wide is None
    assert store.missing("liveness") == ["liveness-4.0", "head-pose", "face-mesh"]


def test_a_damaged_network_is_not_taken_for_an_absent_one(shared: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(shared / "models" / "minifasnet_v2_2.7_80x80.onnx")
    (tmp_path / "minifasnet_v2_2.7_80x80.onnx").write_bytes(b"cut")

    with pytest.raises(StoreError, match="is damaged: run `menshen models add FILE`"):
        store.find("liveness-2.7")


def test_an_unknown_network_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no network 'magic'; there are: dlib-mmod, "):
        Store(tmp_path).find("magic")
