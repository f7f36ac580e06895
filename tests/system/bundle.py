"""Central out of a bundle: made of this tree, installed with the network cut, started, asked.

``python -m tests.system.bundle`` needs the package index at its first run and keeps what it got, as
``menshen bundle make`` does. A test installs a small project so (tests/central/bundle); here it is
Menshen with everything that its wheel must hold: tables' steps, pages, words, settings of units.
``--architecture aarch64`` does it on an emulated machine (tests/system/bundle_elsewhere.py).
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx

from central.bundle.container import check_bundle
from central.bundle.making import INSTALLER, Wish, make_bundle
from central.bundle.signing import make_key, read_key, read_public_key
from central.bundle.targets import ARCHITECTURES, Target
from models.store import DEFAULT_PIPELINE, default_store
from tests.system.bundle_elsewhere import try_elsewhere

SOURCE: Final = Path(__file__).parents[2]
SYSTEM_PYTHON: Final = str(getattr(sys, "_base_executable", sys.executable))
HERE: Final = Target(platform.machine(), ".".join(platform.python_version_tuple()[:2]))
ASKED: Final = ("/api/v1/health", "/", "/api/v1/openapi.json")
STOPPED_WITHIN_S: Final = 30.0
"""As menshen-central.service allows."""


def main(words: Sequence[str] | None = None) -> int:
    """Do it; the exit code is 0 only when every answer came and central stopped by itself."""
    parser = argparse.ArgumentParser(prog="tests.system.bundle", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="One that is there, instead of making it.")
    parser.add_argument("--public-key", type=Path, help="Of its maker.")
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=HERE.architecture)
    parser.add_argument("--root", type=Path, help="Of an emulated machine, to keep it.")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle, key = given.bundle, given.public_key
        if bundle is None:
            bundle, key = _made(folder, given.architecture)
        if given.architecture != HERE.architecture:
            root = given.root or folder / "machine"
            return try_elsewhere(given.architecture, bundle, key, folder, root)
        began_s = time.monotonic()
        program = _installed(bundle, key, folder)
        say(f"installed in {time.monotonic() - began_s:.1f} s")
        return _tried(program, folder)


def say(line: str) -> None:
    """Say how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _made(folder: Path, architecture: str) -> tuple[Path, Path]:
    # Debian 12 is what is emulated, and has this Python.
    target = HERE if architecture == HERE.architecture else Target(architecture, "3.11")
    key = make_key(folder / "maker.key", passphrase=None)
    wish = Wish(
        source=SOURCE,
        shelf=default_store().folder.parent / "bundle",
        targets=(target,),
        pipelines=(DEFAULT_PIPELINE,),
        store=default_store(),
    )
    path = folder / "menshen.bundle"
    make_bundle(path, wish, read_key(folder / "maker.key", passphrase=None), say)
    say(f"made: {path.stat().st_size:,} bytes")
    return path, key


def _installed(bundle: Path, key: Path, folder: Path) -> Path:
    unpacked, root = folder / "unpacked", folder / "root"
    unpacked.mkdir()
    check_bundle(bundle, read_public_key(key), into=unpacked)
    command = [SYSTEM_PYTHON, "-I", str(unpacked / INSTALLER), "--root", str(root)]
    subprocess.run([*_cut(), *command, "install", "--role", "central"], check=True)
    shutil.copy(root / "etc/menshen/site.toml.example", folder / "site.toml")
    return root / "opt/menshen/current/bin/menshen"


def _cut() -> list[str]:
    """Return what cuts the network, where that is allowed."""
    cut = ["unshare", "--net"]
    is_allowed = subprocess.run([*cut, "true"], check=False, capture_output=True).returncode == 0
    return cut if is_allowed else []


def _tried(program: Path, folder: Path) -> int:
    words = ["central", "--site", str(folder / "site.toml"), "--home", str(folder / "home")]
    words += ["--port", "0", "--json"]
    # Nothing of this tree is in its way: it runs from another folder, without our settings.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with subprocess.Popen(
        [str(program), *words], cwd=folder, env=kept, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        failed = [path for path in ASKED if not _answers(f"{url}{path}")]
        began_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(STOPPED_WITHIN_S)
    say(f"stopped in {time.monotonic() - began_s:.1f} s with exit code {code}")
    for path in failed:
        say(f"no answer: {path}")
    return 1 if failed or code != 0 else 0


def _answers(url: str) -> bool:
    try:
        reply = httpx.get(url, timeout=20).raise_for_status()
        say(f"{reply.status_code} {url}, {len(reply.content):,} bytes")
    except httpx.HTTPError as error:
        say(f"{url}: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
