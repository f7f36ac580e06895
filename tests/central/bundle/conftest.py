"""A small project named menshen, of which a bundle is made in seconds and without an index."""

import dataclasses
import ensurepip
import hashlib
import platform
import shutil
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from central.bundle.making import Wish, make_bundle
from central.bundle.signing import make_key, read_key
from central.bundle.targets import Target
from models.store import Store

PYPROJECT: Final = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "menshen"
version = "1.2.3"
dependencies = ["leaf==1.0"]
[tool.uv]
constraint-dependencies = ["pip=={pip}"]
"""
BACKEND: Final = """
import shutil
def build_wheel(directory, config_settings=None, metadata_directory=None):
    return shutil.copy({wheel!r}, directory).rsplit("/", 1)[-1]
"""
PROGRAM: Final = "def main():\n    import leaf\n    print('menshen', leaf.VALUE)\n"
HERE: Final = Target(platform.machine(), ".".join(platform.python_version_tuple()[:2]))
MakeBundle = Callable[..., Path]


@dataclasses.dataclass(frozen=True, slots=True)
class Workshop:
    """Where bundles are made. Attributes: public_key: of the key that signs them."""

    folder: Path
    public_key: Path

    def make(self, name: str, *, targets: tuple[Target, ...] = (HERE,)) -> Path:
        """Make a bundle of this name."""
        wish = Wish(
            source=self.folder / "source",
            shelf=self.folder / "shelf",
            targets=targets,
            pipelines=(),
            store=Store(self.folder / "models"),
        )
        key = read_key(self.public_key.with_suffix(""), passphrase=None)
        make_bundle(self.folder / name, wish, key, lambda _: None)
        return self.folder / name


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("workshop")
    (pip,) = Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl")
    wheel(folder / "shelf", "leaf", "1.0", leaf="VALUE = 'of the bundle'\n")
    shutil.copy(pip, folder / "shelf")
    requires = "Requires-Dist: leaf==1.0\n"
    own = wheel(folder / "built", "menshen", "1.2.3", requires=requires, program=PROGRAM)
    source = folder / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PYPROJECT.format(pip=pip.name.split("-")[1]))
    (source / "backend.py").write_text(BACKEND.format(wheel=str(own)))
    return Workshop(folder, make_key(folder / "maker", passphrase=None))


@pytest.fixture(scope="session")
def bundle(workshop: Workshop) -> Path:
    return workshop.make("menshen.bundle")


def wheel(folder: Path, name: str, version: str, *, requires: str = "", **modules: str) -> Path:
    """Write a wheel of these modules; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: MIT\n"
    parts = {f"{module}.py": text for module, text in modules.items()}
    parts[f"{info}/METADATA"] = metadata + requires
    parts[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if name == "menshen":
        parts[f"{info}/entry_points.txt"] = "[console_scripts]\nmenshen = program:main\n"
    lines = [f"{part},{_digest(text)},{len(text)}" for part, text in parts.items()]
    parts[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(zipfile.ZipInfo(part), text)
    return path


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256={urlsafe_b64encode(digest).rstrip(b'=').decode()}"
