"""What ``menshen firmware`` reads: images, keys, the site file. A mistake in one is one line."""

from collections.abc import Sequence
from pathlib import Path

import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from config.board_image import PublicKey, PublicKeyError, public_keys
from config.site import Site, SiteError, load_site
from firmware_bridge.signing import KeySigner


def site_of(path: Path | None) -> Site | None:
    """Return the site, if its file is named."""
    if path is None:
        return None
    if not path.is_file():
        raise typer.BadParameter(f"there is no site file {path}")
    try:
        return load_site(path)
    except SiteError as error:
        raise typer.BadParameter(str(error)) from error


def taken_keys(paths: Sequence[Path] | None, site: Site | None) -> Sequence[PublicKey]:
    """Return whose images are taken: those that are named, or the site's."""
    pems = [read_file(path, "key").decode("utf-8", "replace") for path in paths or ()]
    if not pems and site is not None:
        pems = list(site.boards.keys)
    if not pems:
        raise typer.BadParameter(
            "whose images are taken? name the signer's public key with --keys FILE.pem, or a site"
            " file that has it ([boards] keys) with --site"
        )
    try:
        return public_keys(pems)
    except PublicKeyError as error:
        raise typer.BadParameter(str(error)) from error


def signer_of(path: Path | None) -> KeySigner | None:
    """Return whoever has the key that a board was claimed with, if it is named."""
    if path is None:
        return None
    try:
        key = load_pem_private_key(read_file(path, "key"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise typer.BadParameter(f"{path} is no private key (PEM, without a password)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise typer.BadParameter(f"{path} is no Ed25519 key, which boards are claimed with")
    return KeySigner(key)


def read_file(path: Path, what: str) -> bytes:
    """Return a file's content."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"the {what} {path} cannot be read: {error.strerror}") from error
