"""Images signed as makers sign them: by imgtool itself."""

import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from imgtool.main import imgtool

from config.board_image import PublicKey, public_keys

HW = 0x2A
BODY = bytes(range(256)) * 3


def private_key(name: str = "maker", kind: str = "ed25519") -> str:
    """Return a new key (PEM), the same for the same name and kind."""
    return _private_key(name, kind)


@cache
def _private_key(name: str, kind: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.pem"
        _run("keygen", "-k", str(path), "-t", kind)
        return path.read_text()


def public_pem(name: str = "maker", kind: str = "ed25519") -> str:
    """Return the public key (PEM) that belongs to ``private_key``."""
    key = serialization.load_pem_private_key(private_key(name, kind).encode(), None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def public_key(name: str = "maker", kind: str = "ed25519") -> PublicKey:
    """Return the public key that belongs to ``private_key``."""
    return public_keys([public_pem(name, kind)])[0]


@cache
def signed(
    *words: str,
    key: str | None = "maker",
    kind: str = "ed25519",
    version: str = "1.2.3+4",
    hw: int | None = HW,
    body: bytes = BODY,
) -> bytes:
    """Return an image that imgtool made. Args: words: more for ``imgtool sign``."""
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        (at / "body.bin").write_bytes(body)
        more = [] if hw is None else ["--custom-tlv", "0x00A0", f"0x{hw:08X}"]
        if key is not None:
            (at / "key.pem").write_text(private_key(key, kind))
            more += ["--key", str(at / "key.pem")]
        more += ["--header-size", "0x200", "--pad-header", "--slot-size", "0x20000", "--align", "4"]
        made = at / "made.bin"
        _run("sign", "--version", version, *more, *words, str(at / "body.bin"), str(made))
        return made.read_bytes()


def _run(*words: str) -> None:
    imgtool.main(args=list(words), standalone_mode=False)
