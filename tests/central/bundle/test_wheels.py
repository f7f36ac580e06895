import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from central.bundle.errors import BundleError
from central.bundle.metadata import read_wheel
from central.bundle.pins import check_pins, closure, read_pins
from central.bundle.targets import Target
from central.bundle.wheels import leave_out
from tests.central.bundle.conftest import wheel

KYLIN = Target("aarch64", "3.11")


@pytest.mark.parametrize(
    "name",
    [
        "a-1-py3-none-any.whl",
        "a-1-cp311-cp311-manylinux_2_28_aarch64.whl",
        "a-1-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
    ],
)
def test_a_wheel_of_the_machine_fits(name: str) -> None:
    assert KYLIN.fits(name)


@pytest.mark.parametrize(
    "name",
    [
        "a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
        "a-1-cp312-cp312-manylinux_2_28_aarch64.whl",
        "a-1-cp311-cp311-manylinux_2_34_aarch64.whl",
        "a-1-cp311-cp311-musllinux_1_2_aarch64.whl",
    ],
)
def test_a_wheel_of_another_machine_does_not(name: str) -> None:
    assert not KYLIN.fits(name)


def test_what_is_needed_follows_from_markers_and_extras_of_the_target(tmp_path: Path) -> None:
    requires = (
        "Requires-Dist: always\n"
        "Requires-Dist: old; python_version < '3.9'\n"
        "Requires-Dist: arm; platform_machine == 'aarch64'\n"
        "Requires-Dist: optional[fast]\n"
    )
    root = read_wheel(wheel(tmp_path, "menshen", "1", requires=requires))
    extra = "Requires-Dist: engine; extra == 'fast'\nRequires-Dist: docs; extra == 'docs'\n"
    optional = read_wheel(wheel(tmp_path, "optional", "1", requires=extra))

    wanted = closure(root, {canonicalize_name("optional"): optional}, KYLIN)

    assert set(wanted) == {"always", "arm", "optional", "engine"}


def test_pins_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    root = read_wheel(wheel(tmp_path, "menshen", "1", requires="Requires-Dist: leaf>=2\n"))
    leaf = read_wheel(wheel(tmp_path, "leaf", "1"))

    with pytest.raises(BundleError, match=r"menshen wants leaf>=2, and 1 is pinned"):
        check_pins(root, [leaf], KYLIN)


def test_everything_that_menshen_needs_is_pinned() -> None:
    pins = read_pins(Path(__file__).parents[3])

    assert {"fastapi", "packaging", "typing-extensions"} <= set(pins)


def test_what_is_left_out_of_a_wheel_is_gone_and_the_rest_fits_everywhere(tmp_path: Path) -> None:
    built = wheel(tmp_path, "crc", "1", crc="VALUE = 1\n").rename(
        tmp_path / "crc-1-cp311-cp311-linux_x86_64.whl"
    )
    with zipfile.ZipFile(built, "a") as archive:
        archive.writestr("_fast.cpython-311-x86_64-linux-gnu.so", b"\x7fELF")

    leave_out(built, ("*.so",))

    (left,) = tmp_path.glob("*.whl")
    assert left.name == "crc-1-py3-none-any.whl"
    with zipfile.ZipFile(left) as archive:
        assert not any(name.endswith(".so") for name in archive.namelist())
        assert b"_fast" not in archive.read("crc-1.dist-info/RECORD")


def test_the_bill_of_materials_names_each_wheel_with_licence_and_hash(bundle: Path) -> None:
    with tarfile.open(bundle) as archive:
        file = archive.extractfile("sbom.cdx.json")
        assert file is not None
        document = json.load(file)
        wheels = [each.name for each in archive if each.name.startswith("wheels/")]

    described = [document["metadata"]["component"], *document["components"]]
    assert sorted(each["bom-ref"] for each in described) == sorted(wheels)
    assert all(each["licenses"] and each["hashes"][0]["alg"] == "SHA-256" for each in described)
