"""A bundle for another architecture on an emulated machine of it, with the network cut.

``python -m tests.system.bundle --architecture aarch64``, as root, with Debian's packages
``qemu-user-static`` and ``debootstrap``. The machine is a root of Debian 12 whose programs qemu
runs on this computer's kernel: no systemd, and times say nothing. There the bundle is checked and
installed by the words of docs/operations.md, the networks look at faces, and central and a terminal
let somebody through.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from config.demo.photographs import find_photographs
from config.demo.processes import Process
from tests.system.running_site import CARD, RunningSite, until

DEBIAN: Final = {"aarch64": "arm64", "x86_64": "amd64"}
PACKAGES: Final = "python3,openssl,ca-certificates"
MENSHEN: Final = "/opt/menshen/current/bin/menshen"
PATIENCE_S: Final = 600.0
"""An emulated program takes a hundred times as long."""
_BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
_NAME: Final = "menshen-trial"
_MACHINES: Final = {"aarch64": "\\xb7", "x86_64": "\\x3e"}
"""ELF's numbers of machines."""


class NotHereError(Exception):
    """This computer cannot do it; the message says what is missing."""


def try_elsewhere(architecture: str, bundle: Path, key: Path, folder: Path, root: Path) -> int:
    """Try a bundle on an emulated machine; returns the exit code.

    Args:
        architecture: Of that machine.
        bundle: The file.
        key: Its maker's public key.
        folder: Of our own, for what happens here.
        root: That machine's root; made where it is not there, and used as it is otherwise.

    Raises:
        NotHereError: Something that this needs is not on this computer.
    """
    if os.geteuid() != 0:
        raise NotHereError("another machine's root is made by root: sudo")
    for word in ("debootstrap", "unshare", "ip"):
        if shutil.which(word) is None:
            raise NotHereError(f"{word} is not installed")
    with _emulation(architecture):
        if not (root / "etc").is_dir():
            words = ["--variant=minbase", f"--arch={DEBIAN[architecture]}", f"--include={PACKAGES}"]
            subprocess.run(["debootstrap", *words, "bookworm", str(root)], check=True)
        for path, name in ((bundle, "menshen.bundle"), (key, "maker.key.pub")):
            shutil.copyfile(path, root / "root" / name)
        cut = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
        inside = [sys.executable, "-m", __spec__.name, str(root), str(folder)]
        return subprocess.run([*cut, *inside], check=False).returncode


@contextlib.contextmanager
def _emulation(architecture: str) -> Iterator[None]:
    """Let the kernel run that machine's programs, as long as it takes."""
    emulator = shutil.which(f"qemu-{architecture}-static")
    if emulator is None:
        raise NotHereError("qemu-user-static is not installed")
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)], check=True)
    if (_BINFMT / f"qemu-{architecture}").exists():
        yield
        return
    magic = r"\x7fELF\x02\x01\x01" + r"\x00" * 9 + r"\x02\x00" + _MACHINES[architecture] + r"\x00"
    mask = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe" + r"\xff" * 3
    # F: the emulator is opened now, and need not lie in the other root.
    line = f":{_NAME}:M::{magic}:{mask}:{emulator}:F"
    (_BINFMT / "register").write_text(line, encoding="ascii")
    try:
        yield
    finally:
        (_BINFMT / _NAME).write_text("-1", encoding="ascii")


class Machine:
    """The emulated one, seen from a namespace without network."""

    def __init__(self, root: Path, folder: Path) -> None:
        """Mount what its programs need; the folder has the same name there."""
        self.root, self.folder = root, folder
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        folder.chmod(0o755)
        there = root / folder.relative_to("/")
        there.mkdir(parents=True, exist_ok=True)
        for words in (
            ["-t", "proc", "proc", str(root / "proc")],
            ["--bind", str(folder), str(there)],
        ):
            subprocess.run(["mount", *words], check=True)
        for name in ("dev", "dev/pts"):
            subprocess.run(["mount", "--bind", f"/{name}", str(root / name)], check=True)

    @property
    def program(self) -> list[str]:
        """The words that run its ``menshen`` as its services' user."""
        return ["chroot", "--userspec=menshen:menshen", str(self.root), MENSHEN]

    def does(self, line: str) -> str:
        """Give its shell a line as root; returns what it printed."""
        say(f"# {line}")
        return self._run(["chroot", str(self.root), "/bin/sh", "-ec", line])

    def menshen(self, *words: str) -> str:
        """Run its ``menshen``; returns what it printed."""
        say(f"# menshen {' '.join(words)}")
        return self._run([*self.program, *words])

    def _run(self, words: Sequence[str]) -> str:
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "MENSHEN_MODELS": "/var/lib/menshen/models",
        }
        done = subprocess.run(
            words, check=True, stdout=subprocess.PIPE, text=True, cwd="/", env=environment
        )
        return done.stdout.strip()


def say(line: str) -> None:
    """Say how far it is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def install(machine: Machine) -> None:
    """Check and install as docs/operations.md says."""
    say(machine.does("uname -m && python3 --version && openssl version"))
    machine.does("rm -rf ~/bundle && mkdir ~/bundle && tar -xf ~/menshen.bundle -C ~/bundle")
    say(
        machine.does(
            "cd ~ && openssl pkeyutl -verify -pubin -inkey maker.key.pub -rawin"
            " -in ~/bundle/SHA256SUMS -sigfile ~/bundle/SHA256SUMS.sig"
        )
    )
    say(machine.does("cd ~/bundle && sha256sum --check --strict --quiet SHA256SUMS && echo whole"))
    words = "install --role both --public-key ~/maker.key.pub"
    say(machine.does(f"python3 -I ~/bundle/install.py {words}"))
    say(machine.menshen("--version"))


def look_at_faces(machine: Machine) -> None:
    """Measure the built-in networks there and here on the same pictures.

    Raises:
        AssertionError: They did not see the same.
    """
    people = machine.folder / "people"
    for photograph in find_photographs().values():
        (people / photograph.key).mkdir(parents=True)
        shutil.copy(photograph.path, people / photograph.key)
    words = ["models", "evaluate", str(people), "--json"]
    here = subprocess.run([*Process.command(*words)], check=True, stdout=subprocess.PIPE).stdout
    there = machine.menshen(*words)
    seen = [json.loads(each) for each in (here, there)]
    times_ms = [each.pop("ms_per_image") for each in seen]
    say(f"{seen[1]['images']} pictures: {times_ms[0]:.0f} ms each here, {times_ms[1]:.0f} there")
    assert seen[0]["not_detected"] == 0, seen[0]
    assert seen[0] == seen[1], seen


async def let_somebody_through(machine: Machine) -> dict[str, Any]:
    """Run gate, central and terminal there, and pass by card; returns what came of it.

    Raises:
        AssertionError: Not everything of it reached central.
    """
    folder = machine.folder / "site"
    folder.mkdir()
    folder.chmod(0o777)
    site = RunningSite(folder, program=machine.program, patience_s=PATIENCE_S)
    try:
        await site.start_gate()
        say("the gate runs")
        await site.start_central()
        say(f"central runs at {site.central.url}")
        await site.start_edge(enrol=True)
        say("the terminal has joined")
        await site.add_card_holder()
        await until(lambda: site.knows(CARD), within_s=PATIENCE_S)
        await site.gate.act("walk", unit_id=1, side="in")
        await until(lambda: _has_passed(site), within_s=PATIENCE_S)
        told = await site.events()
        return {"passages": await site.gate_passages(), "events_at_central": len(told)}
    finally:
        await site.stop()


async def _has_passed(site: RunningSite) -> bool:
    return await site.passages_at_central() == 1


def main(words: Sequence[str] | None = None) -> int:
    """Do it inside the namespace."""
    parser = argparse.ArgumentParser(prog=__spec__.name)
    parser.add_argument("root", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(words)
    machine = Machine(given.root, given.folder)
    install(machine)
    result = asyncio.run(let_somebody_through(machine))
    say(f"let through and told: {json.dumps(result)}")
    look_at_faces(machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
