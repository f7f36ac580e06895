"""The file: a plain tar of the list of hashes, its signature, and what is listed, in that order.

``SHA256SUMS`` is as ``sha256sum`` writes it, and is what is signed; all else follows from it. There
is neither a date nor an owner in it, so that the same parts give the same bytes.
"""

import contextlib
import hashlib
import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from central.bundle.errors import BundleError
from central.bundle.metadata import READ_BYTES, sha256_of
from central.bundle.signing import SIGNATURE_SIZE_BYTES, is_signed

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
MANIFEST: Final = "manifest.json"
SUMS_SIZE_MAX: Final = 1 << 20
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([\w.+@-]+(?:/[\w.+@-]+)*)", re.ASCII)
_BLOCK: Final = 512

Parts = Mapping[str, Path | bytes]
"""What a bundle holds, by its name in there."""


def write_bundle(path: Path, parts: Parts, key: Ed25519PrivateKey) -> None:
    """Write a bundle; it has its name only once it is whole.

    Raises:
        BundleError: It cannot be written.
    """
    names = sorted(parts, key=lambda name: (name != MANIFEST, name))
    sums = "".join(f"{_hash(parts[name])}  {name}\n" for name in names).encode()
    head: dict[str, Path | bytes] = {SUMS: sums, SIGNATURE: key.sign(sums)}
    temporary = path.with_name(f".{path.name}.part")
    try:
        with tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as archive:
            for name, part in (*head.items(), *((name, parts[name]) for name in names)):
                _add(archive, name, part)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BundleError(f"cannot write {path}: {error.strerror or error}") from error


def check_bundle(path: Path, key: Ed25519PublicKey, *, into: Path | None = None) -> dict[str, str]:
    """Check a bundle to its end; returns the hash of each part by its name.

    Args:
        path: The bundle.
        key: Whose signature it must bear.
        into: An empty folder, which gains every part whose hash is right; None unpacks nothing.

    Raises:
        BundleError: It is not signed by this key, was changed, or is cut off.
    """
    try:
        with path.open("rb") as file:
            sums = _signed_sums(file, key)
        wanted = _listed(sums)
        with tarfile.open(path, "r:") as archive:
            _check_parts(archive, wanted, into)
    except tarfile.TarError as error:
        raise BundleError(f"{path} is cut off or damaged: get it again") from error
    except OSError as error:
        raise BundleError(f"{error.filename or path}: {error.strerror or error}") from error
    if into is not None:
        (into / SUMS).write_bytes(sums)
    return wanted


def _check_parts(archive: tarfile.TarFile, wanted: Mapping[str, str], into: Path | None) -> None:
    missing = dict(wanted)
    for member in archive:
        if member.name in (SUMS, SIGNATURE):
            continue
        # A part that nobody signed is refused, not passed over: somebody put it there.
        expected = missing.pop(member.name, None)
        if expected is None or not member.isreg():
            raise BundleError(f"the bundle was changed: nobody signed {member.name!r}")
        source = archive.extractfile(member)
        with contextlib.ExitStack() as stack:
            target = None
            if into is not None:
                place = into / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                target = stack.enter_context(place.open("xb"))
            if source is None or _copied(source, target) != expected:
                raise BundleError(f"the bundle was changed: {member.name} is not what was signed")
    if missing:
        raise BundleError(f"the bundle is cut off: {next(iter(missing))} is missing, get it again")


def _signed_sums(file: IO[bytes], key: Ed25519PublicKey) -> bytes:
    """Return the list of hashes; nothing else is looked at before its signature is checked."""
    sums = _plain_member(file, SUMS, size_max=SUMS_SIZE_MAX)
    signature = _plain_member(file, SIGNATURE, size_max=SIGNATURE_SIZE_BYTES)
    if not is_signed(key, signature, sums):
        raise BundleError("the bundle is not signed by this key: do not use it")
    return sums


def _plain_member(file: IO[bytes], name: str, *, size_max: int) -> bytes:
    # Source: POSIX.1-2017, pax, ustar Interchange Format: name at 0, size in octal at 124.
    header = file.read(_BLOCK)
    size_text = header[124:136].strip(b"\0 ")
    if header[:100].rstrip(b"\0") != name.encode() or not re.fullmatch(rb"[0-7]{1,11}", size_text):
        raise BundleError("this is no bundle of Menshen")
    size_bytes = int(size_text, 8)
    raw = file.read(size_bytes) if size_bytes <= size_max else b""
    if len(raw) != size_bytes:
        raise BundleError("the bundle is cut off or damaged: get it again")
    file.read(-size_bytes % _BLOCK)
    return raw


def _listed(sums: bytes) -> dict[str, str]:
    wanted = dict[str, str]()
    for line in sums.decode("ascii").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or ".." in match[2].split("/"):
            raise BundleError("the bundle's list of hashes is of a newer Menshen: use that one")
        wanted[match[2]] = match[1]
    return wanted


def _copied(source: IO[bytes], target: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    while block := source.read(READ_BYTES):
        digest.update(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest()


def _hash(part: Path | bytes) -> str:
    return hashlib.sha256(part).hexdigest() if isinstance(part, bytes) else sha256_of(part)


def _add(archive: tarfile.TarFile, name: str, part: Path | bytes) -> None:
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    with _opened(part) as (file, size_bytes):
        info.size = size_bytes
        archive.addfile(info, file)


@contextlib.contextmanager
def _opened(part: Path | bytes) -> Iterator[tuple[IO[bytes], int]]:
    if isinstance(part, bytes):
        yield io.BytesIO(part), len(part)
        return
    with part.open("rb") as file:
        yield file, part.stat().st_size
