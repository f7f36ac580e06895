import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from central.bundle.container import check_bundle
from central.bundle.errors import BundleError
from central.bundle.signing import make_key, read_key, read_public_key
from tests.central.bundle.conftest import Workshop


def test_the_same_parts_give_the_same_bytes(workshop: Workshop, bundle: Path) -> None:
    assert workshop.make("again.bundle").read_bytes() == bundle.read_bytes()


def test_openssl_and_sha256sum_check_it_without_menshen(
    workshop: Workshop, bundle: Path, tmp_path: Path
) -> None:
    verify = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(workshop.public_key), "-rawin",
        "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig",
    ]  # fmt: skip

    subprocess.run(["tar", "-xf", bundle, "-C", tmp_path], check=True)
    subprocess.run(verify, cwd=tmp_path, check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)

    listed = {line.split("  ")[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()}
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == listed | {"SHA256SUMS", "SHA256SUMS.sig"}


def test_another_key_is_refused_before_anything_is_unpacked(bundle: Path, tmp_path: Path) -> None:
    other = read_public_key(make_key(tmp_path / "other", passphrase=None))
    (tmp_path / "into").mkdir()

    with pytest.raises(BundleError, match="not signed by this key"):
        check_bundle(bundle, other, into=tmp_path / "into")

    assert list((tmp_path / "into").iterdir()) == []


@pytest.mark.parametrize("part", ["SHA256SUMS", "SHA256SUMS.sig", "manifest.json", "install.py"])
def test_one_changed_bit_is_found(
    workshop: Workshop, bundle: Path, tmp_path: Path, part: str
) -> None:
    with tarfile.open(bundle) as archive:
        at = archive.getmember(part).offset_data
    raw = bytearray(bundle.read_bytes())
    raw[at + 40] ^= 1
    (tmp_path / "changed").write_bytes(raw)

    with pytest.raises(BundleError, match=r"was changed|not signed by this key"):
        check_bundle(tmp_path / "changed", read_public_key(workshop.public_key))


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.99])
def test_one_that_is_cut_off_is_refused(
    workshop: Workshop, bundle: Path, tmp_path: Path, share: float
) -> None:
    raw = bundle.read_bytes()
    (tmp_path / "cut").write_bytes(raw[: int(len(raw) * share)])

    with pytest.raises(BundleError, match=r"cut off|no bundle"):
        check_bundle(tmp_path / "cut", read_public_key(workshop.public_key))


def test_a_wheel_that_was_slipped_in_is_refused(
    workshop: Workshop, bundle: Path, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / "more", "w") as target, tarfile.open(bundle) as source:
        for member in source:
            target.addfile(member, source.extractfile(member))
        target.addfile(tarfile.TarInfo("wheels/evil-1.0-py3-none-any.whl"), io.BytesIO())

    with pytest.raises(BundleError, match=r"nobody signed 'wheels/evil"):
        check_bundle(tmp_path / "more", read_public_key(workshop.public_key))


def test_a_key_that_others_may_read_signs_nothing(workshop: Workshop, tmp_path: Path) -> None:
    make_key(tmp_path / "key", passphrase=None)
    (tmp_path / "key").chmod(0o644)

    with pytest.raises(BundleError, match="chmod 600"):
        read_key(tmp_path / "key", passphrase=None)


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key", passphrase="correct horse")

    key = read_key(tmp_path / "key", passphrase="correct horse")

    assert key.public_key() == read_public_key(public)
    with pytest.raises(BundleError, match="another passphrase"):
        read_key(tmp_path / "key", passphrase=None)
