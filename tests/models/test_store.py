import hashlib
import multiprocessing
from pathlib import Path

import pytest

from models.face import open_pipeline
from models.store import MissingFilesError, Store, StoreError, catalogue


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
    assert set(Store(tmp_path).find("builtin")) == {"face-detector", "landmarks", "face-recogniser"}
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
        store.find("builtin")


def test_building_repairs_a_damaged_file_and_a_damaged_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    list(store.build())
    (tmp_path / "dlib-mmod.onnx").write_bytes(b"cut")
    (tmp_path / "dlib-resnet.onnx.json").write_text("[1]")

    assert list(store.build()) == ["dlib-mmod", "dlib-resnet"]
    assert set(store.find("builtin")) == {"face-detector", "landmarks", "face-recogniser"}


def test_a_known_file_is_taken_by_its_hash_alone(shared: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "some name.bin"
    renamed.write_bytes((shared / "models" / "yunet_s_dynamic.onnx").read_bytes())

    network = Store(tmp_path / "store").add(renamed)

    assert network.name == "yunet-s-dynamic"
    assert network.sha256 == hashlib.sha256(renamed.read_bytes()).hexdigest()


def test_no_network_forbids_use_in_a_product() -> None:
    assert all(network.commercial_use for network in catalogue())
    assert not any("68" in (network.source or "") for network in catalogue())
