"""Puts an unpacked bundle in its place on a machine, and versions in and out of use.

Run by the machine's own Python before anything of Menshen is installed, so it needs nothing but the
standard library and imports nothing of ours. It asks no network. Whoever runs it has checked the
bundle's signature before (docs/operations.md).

    python3 -I install.py install --role central     a version beside those that are there
    python3 -I install.py switch VERSION             into use: stop, back up, link, start
    python3 -I install.py rollback                   the version before
    python3 -I install.py versions | uninstall
"""

from __future__ import annotations  # an older Python must get as far as being refused

import argparse
import grp
import hashlib
import json
import os
import platform
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

USER: Final = "menshen"
DEVICE_GROUPS: Final = ("dialout", "video")
"""Whose members open serial ports and cameras."""
ROLES: Final = ("central", "edge", "both")
UNITS: Final = {
    "central": (
        "menshen-central.service",
        "menshen-backup.service",
        "menshen-backup.timer",
        "menshen-backup-verify.service",
        "menshen-backup-verify.timer",
    ),
    "edge": ("menshen-edge@.service",),
}
COMPLETE: Final = ".complete"
"""A version without this file was interrupted while it was installed."""
SIGNED_FOLDERS: Final = ("deployment", "models", "requirements", "wheels")
SPARE_BYTES: Final = 200_000_000
"""So much stays free beside what is installed."""


class InstallError(Exception):
    """It cannot be done; the message is one line that says what to do."""


class Machine:
    """The places of one machine; another root is an image's, or a trial's."""

    def __init__(self, root: Path, prefix: Path) -> None:
        """Name the places; nothing is made yet."""
        self.root, self._prefix = root, prefix
        self.prefix = self.at(prefix)
        self.config, self.state = self.at("/etc/menshen"), self.at("/var/lib/menshen")
        self.backups, self.models = self.state / "backups", self.state / "models"
        self.units = self.at("/etc/systemd/system")
        self.current, self.previous = self.prefix / "current", self.prefix / "previous"

    def at(self, path: str | Path) -> Path:
        """Return where an absolute path lies below the root."""
        return self.root / Path(path).relative_to("/")

    @property
    def is_real(self) -> bool:
        """Whether users and services of this machine are meant, and may be changed."""
        return self.root == Path("/") and os.geteuid() == 0

    def versions(self) -> list[str]:
        """Return the versions that are installed whole."""
        folders = [path.parent for path in self.prefix.glob(f"*/{COMPLETE}")]
        return sorted(folder.name for folder in folders if not folder.is_symlink())

    def name_of(self, link: Path) -> str | None:
        """Return the version that a link names."""
        return link.readlink().name if link.is_symlink() else None


def install(machine: Machine, bundle: Path, *, role: str, public_key: Path | None) -> str:
    """Install an unpacked bundle beside what is there; returns the version's name.

    Doing it again changes nothing; after an interruption it begins that version anew.

    Raises:
        InstallError: It is another machine's, the disk is too small, or a part was changed.
    """
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    sums = (bundle / "SHA256SUMS").read_bytes()
    # The same number may be built twice: the parts tell them apart.
    version = f"{manifest['version']}-{hashlib.sha256(sums).hexdigest()[:8]}"
    target = _target(manifest)
    _check_parts(bundle, sums.decode("ascii"))
    folder = machine.prefix / version
    _make_places(machine, role)
    if not (folder / COMPLETE).exists():
        needed = int(manifest["targets"][target]["installed_bytes"]) + SPARE_BYTES
        free = shutil.disk_usage(machine.prefix).free
        if free < needed:
            raise InstallError(
                f"{machine.prefix} has {free // 1_000_000} MB free and {needed // 1_000_000} MB"
                " are needed: make room, nothing was changed"
            )
        shutil.rmtree(folder, ignore_errors=True)
        _make_environment(folder, bundle, target)
        for name in ("manifest.json", "sbom.cdx.json"):
            shutil.copyfile(bundle / name, folder / name)
        # A cut of power must not leave it complete with empty files.
        os.sync()
        (folder / COMPLETE).write_text(f"{target}\n", encoding="ascii")
    _place_networks(machine, bundle / "models")
    _place_files(machine, bundle, role, public_key)
    if machine.name_of(machine.current) is None:
        _link(machine.current, folder)
    return version


def switch(machine: Machine, version: str, *, restore: bool = False) -> str:
    """Take a version into use; returns what was done, in one line.

    Central is stopped and backed up first. A version that does not become ready is left again.

    Raises:
        InstallError: There is no such version, the backup failed, or it did not become ready.
    """
    if version not in machine.versions():
        raise InstallError(
            f"there is no version {version!r} here; there are: {', '.join(machine.versions())}"
        )
    before = machine.name_of(machine.current)
    if before == version:
        return f"{version} is in use already"
    previous, services = machine.name_of(machine.previous), _running_services(machine)
    try:
        for service in services:
            _run("systemctl", "stop", service)
        backup = _back_up(machine, version)
        _use(machine, version)
        if restore:
            # By the version that will use it: a newer one would bring its tables up to date again.
            _restore(machine, before)
    except BaseException:
        # Whatever it was, an interruption too: what ran before runs on as it was.
        try:
            _put_back(machine, before, previous)
        finally:
            _start(services)
        raise
    if (failure := _start(services)) is None:
        kept = "" if backup is None else f"; the backup of before is {backup}"
        return f"{version} is in use{kept}"
    for service in services:
        _run("systemctl", "stop", service)
    if before is None:
        raise InstallError(f"{failure}, and there is no version before it")
    _use(machine, before)
    if _start(services) is not None and backup is not None:
        # The version that failed had brought the tables up to date already.
        _restore(machine, version, backup)
        _start(services)
    raise InstallError(
        f"{failure}: {before} is in use again; `journalctl -u {services[0]}` says why (an older"
        " version refuses newer tables: `rollback --restore` takes the backup of before, too)"
    )


def rollback(machine: Machine, *, restore: bool) -> str:
    """Take the version before into use again; see ``switch``.

    Args:
        machine: The machine.
        restore: Also restore the backup that was made before the update; what was recorded since
            is then lost.

    Raises:
        InstallError: There is none, or it does not become ready.
    """
    previous = machine.name_of(machine.previous)
    if previous is None:
        raise InstallError("there is no version before this one")
    return switch(machine, previous, restore=restore)


def _put_back(machine: Machine, current: str | None, previous: str | None) -> None:
    for link, name in ((machine.current, current), (machine.previous, previous)):
        if name is None:
            link.unlink(missing_ok=True)
        elif machine.name_of(link) != name:
            _link(link, machine.prefix / name)


def uninstall(machine: Machine) -> str:
    """Take the program away; its settings, data and backups stay.

    Raises:
        InstallError: A service cannot be stopped.
    """
    for service in _running_services(machine):
        _run("systemctl", "disable", "--now", service)
    for names in UNITS.values():
        for name in names:
            if name.endswith(".timer") and machine.is_real and (machine.units / name).exists():
                _called("systemctl", "disable", "--now", name)
            (machine.units / name).unlink(missing_ok=True)
    for link in machine.units.glob("*.wants/menshen-*"):
        # Of services that were to start and did not run.
        link.unlink()
    machine.at("/usr/local/bin/menshen").unlink(missing_ok=True)
    shutil.rmtree(machine.prefix, ignore_errors=True)
    _reload(machine)
    return f"taken away; {machine.config} and {machine.state} stay"


def _target(manifest: dict[str, Any]) -> str:
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    name = f"{platform.machine()}-{python}"
    if name not in manifest["targets"]:
        raise InstallError(
            f"this bundle is for {', '.join(manifest['targets'])}; this machine is {name}"
        )
    if platform.libc_ver()[0] != "glibc":
        raise InstallError("this bundle needs glibc, which this machine's Python is not made for")
    return name


def _check_parts(bundle: Path, sums: str) -> None:
    for line in sums.splitlines():
        expected, _, name = line.partition("  ")
        try:
            raw_hash = _hash(bundle / name)
        except OSError as error:
            raise InstallError(f"{name} of the bundle is missing: unpack it again") from error
        if raw_hash != expected or (bundle / name).is_symlink():
            raise InstallError(f"{name} of the bundle was changed: do not use it")
    signed = {line.partition("  ")[2] for line in sums.splitlines()}
    for folder in SIGNED_FOLDERS:
        for path in sorted((bundle / folder).rglob("*")):
            name = path.relative_to(bundle).as_posix()
            # `sha256sum --check` passes over what nobody listed.
            if name not in signed and (path.is_symlink() or not path.is_dir()):
                raise InstallError(f"nobody signed {name} of the bundle: do not use it")


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _make_places(machine: Machine, role: str) -> None:
    if machine.is_real:
        _make_user(with_devices=role != "central")
    for place, mode, is_ours in (
        (machine.prefix, 0o755, False),
        (machine.config, 0o750, False),
        (machine.state, 0o700, True),
        (machine.backups, 0o700, True),
        (machine.models, 0o755, True),
        (machine.units, 0o755, False),
        (machine.at("/usr/local/bin"), 0o755, False),
    ):
        is_new = not place.exists()
        place.mkdir(parents=True, exist_ok=True)
        if is_new or place.name in ("menshen", "backups", "models"):
            place.chmod(mode)
        if is_ours:
            _own(machine, place)
    if machine.is_real:
        os.chown(machine.config, 0, grp.getgrnam(USER).gr_gid)


def _make_user(*, with_devices: bool) -> None:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        words = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        _run("useradd", *words, "--home-dir", "/var/lib/menshen", USER)
    if with_devices:
        known = {group.gr_name for group in grp.getgrall()}
        for group in DEVICE_GROUPS:
            if group in known:
                _run("usermod", "--append", "--groups", group, USER)


def _own(machine: Machine, path: Path) -> None:
    if machine.is_real:
        user = pwd.getpwnam(USER)
        os.chown(path, user.pw_uid, user.pw_gid)


def _make_environment(folder: Path, bundle: Path, target: str) -> None:
    # Without ensurepip, which Debian keeps in a package of its own: the bundle carries pip.
    _run(sys.executable, "-I", "-m", "venv", "--without-pip", str(folder))
    (pip,) = (bundle / "wheels").glob("pip-*.whl")
    words = ["install", "--quiet", "--no-index", "--no-cache-dir", "--no-warn-script-location"]
    words += ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    words += [
        f"--find-links={bundle / 'wheels'}",
        f"--requirement={bundle}/requirements/{target}.txt",
    ]
    # `-I` would hide pip from itself: it is run out of its wheel.
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))
    }
    clean["PIP_CONFIG_FILE"] = os.devnull
    _run(str(folder / "bin" / "python"), f"{pip}/pip", *words, environment=clean)


def _place_networks(machine: Machine, folder: Path) -> None:
    for source in sorted(folder.glob("*")) if folder.is_dir() else []:
        target = machine.models / source.name
        if target.exists() and _hash(target) == _hash(source):
            continue
        temporary = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, temporary)
        temporary.chmod(0o644)
        _own(machine, temporary)
        temporary.replace(target)


def _place_files(machine: Machine, bundle: Path, role: str, public_key: Path | None) -> None:
    source = bundle / "deployment"
    for each in ("central", "edge") if role == "both" else (role,):
        for name in UNITS[each]:
            _place(source / name, machine.units / name, mode=0o644)
        # Once it is there it is the administrator's.
        _place(source / f"{each}.env", machine.config / f"{each}.env", mode=0o640, once=True)
    _place(source / "example.toml", machine.config / "site.toml.example", mode=0o640)
    _place(source / "menshen.sh", machine.at("/usr/local/bin/menshen"), mode=0o755)
    _place(bundle / "install.py", machine.prefix / "installer.py", mode=0o644)
    if public_key is not None:
        _place(public_key, machine.config / "bundle.pub", mode=0o644)
    if machine.is_real:
        group = grp.getgrnam(USER).gr_gid
        for path in machine.config.glob("*"):
            if path.is_file():
                os.chown(path, 0, group)
    _reload(machine)


def _place(source: Path, target: Path, *, mode: int, once: bool = False) -> None:
    if target.exists() and (once or target.read_bytes() == source.read_bytes()):
        return
    temporary = target.with_name(f".{target.name}.part")
    temporary.write_bytes(source.read_bytes())
    temporary.chmod(mode)
    temporary.replace(target)


def _use(machine: Machine, version: str) -> None:
    before = machine.name_of(machine.current)
    if before is not None and before != version:
        _link(machine.previous, machine.prefix / before)
    _link(machine.current, machine.prefix / version)


def _link(link: Path, folder: Path) -> None:
    temporary = link.with_name(f".{link.name}.part")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(folder.name)
    temporary.replace(link)


def _back_up(machine: Machine, version: str) -> Path | None:
    """Back central up before a version may change its tables; None where there is no central."""
    if machine.name_of(machine.current) is None or not _has_central(machine):
        return None
    path = machine.backups / f"{_now()}-before-{version}.menshen"
    _as_user(machine, "backup", str(path), "--key", str(machine.state / "backup.key"))
    return path


def _has_central(machine: Machine) -> bool:
    env = machine.config / "central.env"
    has_address = env.is_file() and any(
        line.startswith("MENSHEN_DATABASE=postgres") for line in env.read_text().splitlines()
    )
    return has_address or (machine.state / "central" / "central.sqlite3").exists()


def _restore(machine: Machine, failed: str | None, backup: Path | None = None) -> None:
    """Restore the newest backup that was made before a version; what lies there is kept aside."""
    found = backup or max(machine.backups.glob(f"*-before-{failed}.menshen"), default=None)
    if found is None:
        raise InstallError(f"there is no backup from before {failed} in {machine.backups}")
    home = machine.state / "central"
    if not home.exists():
        raise InstallError(
            f"restore {found} into an empty PostgreSQL database by hand: docs/backup.md"
        )
    aside = machine.state / f"central-of-{failed}-{_now()}"
    home.rename(aside)
    words = ["--from-home", str(aside), "--key", str(machine.state / "backup.key")]
    try:
        _as_user(machine, "restore", str(found), "--home", str(home), *words)
    except BaseException:
        # Half a restore is none: what was there is there again.
        shutil.rmtree(home, ignore_errors=True)
        aside.rename(home)
        raise


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())


def _as_user(machine: Machine, *words: str) -> None:
    """Run the version in use as its services run."""
    command = [str(machine.current / "bin" / "menshen"), *words]
    environment = {**os.environ, "MENSHEN_HOME": str(machine.state)}
    env = machine.config / "central.env"
    for line in env.read_text().splitlines() if env.is_file() else []:
        name, _, value = line.partition("=")
        if name == "MENSHEN_DATABASE" and value:
            environment[name] = value.strip("'\"")
    if machine.is_real:
        command = ["runuser", "--user", USER, "--", *command]
    _run(*command, environment=environment, umask=0o077)


def _running_services(machine: Machine) -> list[str]:
    """Return our services that run or are to run, central first; none where no systemd does."""
    if machine.root != Path("/") or shutil.which("systemctl") is None:
        return []
    states = "--state=active,activating,failed"
    done = _called("systemctl", "list-units", "--plain", "--no-legend", states, "menshen-*.service")
    names = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    return sorted(name for name in names if name.startswith(("menshen-central.", "menshen-edge@")))


def _start(services: Sequence[str]) -> str | None:
    """Start services and wait until they are ready; returns the first that is not, in words."""
    for service in services:
        # Starts that somebody asked for are not the failures that a limit counts.
        _called("systemctl", "reset-failed", service)
        if _called("systemctl", "start", service).returncode != 0:
            return f"{service} does not become ready"
    return None


def _reload(machine: Machine) -> None:
    if machine.is_real and Path("/run/systemd/system").is_dir():
        _run("systemctl", "daemon-reload")


def _run(*words: str, environment: dict[str, str] | None = None, umask: int = -1) -> None:
    done = _called(*words, environment=environment, umask=umask)
    if done.returncode != 0:
        line = ((done.stderr or done.stdout).strip().splitlines() or ["it failed"])[-1]
        raise InstallError(f"{Path(words[0]).name}: {line}")


def _called(
    *words: str, environment: dict[str, str] | None = None, umask: int = -1
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own words
            words, env=environment, capture_output=True, text=True, check=False, umask=umask
        )
    except OSError as error:
        raise InstallError(f"{words[0]} is not on this machine: {error.strerror}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="install.py", description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("/"), help="Another root folder.")
    parser.add_argument("--prefix", type=Path, default=Path("/opt/menshen"), help="Of versions.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("install", help="Install the bundle that this file lies in.")
    one.add_argument("--role", choices=ROLES, default=None)
    one.add_argument("--public-key", type=Path, default=None, help="Kept for the next bundle.")
    one = commands.add_parser("switch", help="Take a version into use.")
    one.add_argument("version")
    one = commands.add_parser("rollback", help="Take the version before into use again.")
    one.add_argument("--restore", action="store_true", help="And the backup of before the update.")
    commands.add_parser("versions", help="What is installed.")
    commands.add_parser("uninstall", help="Take the program away; data stays.")
    return parser


def _role(machine: Machine, given: str | None) -> str:
    if given is not None:
        return given
    here = [each for each, names in UNITS.items() if (machine.units / names[0]).exists()]
    if not here:
        raise InstallError(f"what is this machine? give --role: {', '.join(ROLES)}")
    return "both" if len(here) > 1 else here[0]


def _do(machine: Machine, given: argparse.Namespace) -> str:
    if given.command == "install":
        role = _role(machine, given.role)
        bundle = Path(__file__).resolve().parent
        version = install(machine, bundle, role=role, public_key=given.public_key)
        in_use = machine.name_of(machine.current)
        if in_use == version:
            return f"{version} is installed and in use"
        return (
            f"{version} is installed beside {in_use}, which goes on: take it into use with"
            f" `menshen bundle switch {version}`"
        )
    if given.command == "switch":
        return switch(machine, given.version)
    if given.command == "rollback":
        return rollback(machine, restore=given.restore)
    if given.command == "uninstall":
        return uninstall(machine)
    in_use = machine.name_of(machine.current)
    return "\n".join(f"{'*' if each == in_use else ' '} {each}" for each in machine.versions())


def main(words: Sequence[str] | None = None) -> int:
    """Do what was asked for; returns the exit code."""
    given = _parser().parse_args(words)
    # Services must read what root installs, however careful root's own umask is.
    os.umask(0o022)
    # A line that is cut does not leave a site with its services stopped.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    machine = Machine(given.root.resolve(), given.prefix)
    if machine.root == Path("/") and os.geteuid() != 0 and given.command != "versions":
        sys.stderr.write("install.py: only root may do this: use sudo\n")
        return 2
    try:
        print(_do(machine, given))  # noqa: T201 - the answer that was asked for
    except InstallError as error:
        sys.stderr.write(f"install.py: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"install.py: {error.filename or 'the system'}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
