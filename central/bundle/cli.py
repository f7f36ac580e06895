"""The command ``menshen bundle``: one signed file for machines without internet."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

import config
from central.bundle.container import MANIFEST, check_bundle
from central.bundle.errors import BundleError
from central.bundle.making import INSTALLER, Wish, make_bundle
from central.bundle.signing import fingerprint, make_key, read_key, read_public_key
from central.bundle.targets import ARCHITECTURES, PYTHONS, Target
from models.store import default_store

bundle = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="One signed file for an offline install."
)
PASSPHRASE: Final = "MENSHEN_BUNDLE_PASSPHRASE"  # noqa: S105 - the name of a variable
PREFIX: Final = Path("/opt/menshen")
OWN_INSTALLER: Final = Path(config.__file__).with_name("installer.py")
INSTALLED_KEY: Final = Path("/etc/menshen/bundle.pub")

File = Annotated[Path, typer.Argument(help="The bundle.", show_default=False)]
PublicKey = Annotated[
    Path, typer.Option("--public-key", help="Of whoever makes your bundles; got another way.")
]
Prefix = Annotated[Path, typer.Option(help="Where versions lie.")]
Root = Annotated[Path, typer.Option(help="Another root folder, for images and trials.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@bundle.command()
def keygen(
    file: Annotated[Path, typer.Argument(help="Of the private key.", show_default=False)],
    *,
    as_json: Json = False,
) -> None:
    """Make the key that bundles are signed with; MENSHEN_BUNDLE_PASSPHRASE encrypts it."""
    with _one_line():
        public = make_key(file, passphrase=os.environ.get(PASSPHRASE))
        words = fingerprint(read_public_key(public))
    if as_json:
        typer.echo(json.dumps({"public_key": str(public), "fingerprint": words}))
        return
    typer.echo(f"{file}: keep it off the network; whoever has it signs for you")
    typer.echo(f"{public}: give it to every machine, and its fingerprint by another way:")
    typer.echo(words)


@bundle.command()
def make(
    file: File,
    *,
    key: Annotated[Path, typer.Option(help="The private key that signs.")],
    source: Annotated[Path, typer.Option(help="Folder of Menshen's source.")] = Path(),
    architecture: Annotated[
        list[str] | None, typer.Option(help=f"{' or '.join(ARCHITECTURES)}; default both.")
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(PYTHONS)} of the machines; default 3.11 (Debian 12)."),
    ] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option(help="Whose networks; default builtin, production and liveness."),
    ] = None,
    shelf: Annotated[
        Path | None, typer.Option(help="Keeps what was downloaded; default in the user's cache.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a bundle; needs the package index. What was got stays for the next attempt."""
    with _one_line():
        wish = Wish(
            source=source,
            shelf=shelf or default_store().folder.parent / "bundle",
            targets=tuple(
                Target.parse(f"{each}-{version}")
                for each in architecture or ARCHITECTURES
                for version in python or PYTHONS[:1]
            ),
            pipelines=tuple(pipeline or ("builtin", "production", "liveness")),
            store=default_store(),
        )
        signing_key = read_key(key, passphrase=os.environ.get(PASSPHRASE))
        manifest = make_bundle(file, wish, signing_key, lambda line: typer.echo(line, err=True))
    found = {"file": str(file), "size_bytes": file.stat().st_size, **manifest}
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(
        f"{file}: menshen {manifest['version']} for {', '.join(manifest['targets'])},"
        f" {len(manifest['parts'])} parts, {file.stat().st_size:,} bytes,"
        f" signed by {fingerprint(signing_key.public_key())}"
    )


@bundle.command()
def check(file: File, *, public_key: PublicKey, as_json: Json = False) -> None:
    """Check a bundle to its end; nothing of it is unpacked or run."""
    with _one_line():
        key = read_public_key(public_key)
        parts = check_bundle(file, key)
    if as_json:
        found = {"file": str(file), "parts": parts, "fingerprint": fingerprint(key)}
        typer.echo(json.dumps(found))
    else:
        typer.echo(f"{file}: whole, {len(parts)} parts, signed by {fingerprint(key)}")


@bundle.command()
def install(
    file: File,
    *,
    public_key: PublicKey = INSTALLED_KEY,
    role: Annotated[
        str, typer.Option(help="central, edge or both; default as this machine has it.")
    ] = "",
    prefix: Prefix = PREFIX,
    root: Root = Path("/"),
) -> None:
    """Check a bundle and install it beside the version that runs; `switch` takes it into use."""
    with _one_line(), _folder_below(root / prefix.relative_to("/")) as folder:
        check_bundle(file, read_public_key(public_key), into=folder)
        words = [f"--public-key={public_key.resolve()}", *([f"--role={role}"] if role else [])]
        _call_installer(folder / INSTALLER, root, prefix, "install", *words)


@bundle.command()
def switch(
    version: Annotated[str, typer.Argument(help="As `versions` shows it.", show_default=False)],
    *,
    prefix: Prefix = PREFIX,
    root: Root = Path("/"),
) -> None:
    """Take a version into use: central is backed up first; one that is not ready is left again."""
    _call_installer(OWN_INSTALLER, root, prefix, "switch", version)


@bundle.command()
def rollback(
    *,
    restore: Annotated[
        bool, typer.Option("--restore", help="And the backup of before: newer facts are lost.")
    ] = False,
    prefix: Prefix = PREFIX,
    root: Root = Path("/"),
) -> None:
    """Take the version before into use again."""
    words = ["--restore"] if restore else []
    _call_installer(OWN_INSTALLER, root, prefix, "rollback", *words)


@bundle.command()
def versions(*, prefix: Prefix = PREFIX, root: Root = Path("/")) -> None:
    """Show what is installed; a star is in use."""
    _call_installer(OWN_INSTALLER, root, prefix, "versions")


@bundle.command()
def show(file: File, *, public_key: PublicKey) -> None:
    """Print the manifest of a bundle, once its signature is checked."""
    with _one_line(), tempfile.TemporaryDirectory() as folder:
        check_bundle(file, read_public_key(public_key), into=Path(folder))
        typer.echo((Path(folder) / MANIFEST).read_text(encoding="utf-8"), nl=False)


def _call_installer(installer: Path, root: Path, prefix: Path, *words: str) -> None:
    """Run the installer by the interpreter that this environment was made of.

    It outlives every version; this environment's own would make one that hangs on it.
    """
    python = str(getattr(sys, "_base_executable", sys.executable))
    command = [python, "-I", str(installer), f"--root={root}", f"--prefix={prefix}", *words]
    done = subprocess.run(command, check=False)  # noqa: S603 - our own installer
    if done.returncode != 0:
        raise typer.Exit(done.returncode)


@contextlib.contextmanager
def _folder_below(place: Path) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=".bundle-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except BundleError as error:
        raise typer.TyperException(str(error)) from error
    except OSError as error:
        raise typer.TyperException(f"{error.filename or 'the system'}: {error.strerror}") from error
