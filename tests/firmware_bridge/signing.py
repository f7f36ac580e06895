"""Firmware for simulated boards, signed as makers sign it: by imgtool, small, once a session."""

from pathlib import Path

from firmware_bridge.peer_image import PublicKey, read_keys
from firmware_bridge.peer_make import BEHAVIOUR_TEXT
from tests.config.images import HW, public_pem, signed

__all__ = ["HW", "board_keys", "firmware", "key_file", "public_pem"]


def firmware(
    version: str = "1.2.3+4",
    *,
    body_size_bytes: int = 700,
    behaviour: str = "",
    key: str = "maker",
    kind: str = "ed25519",
    hw: int | None = HW,
    counter: int | None = None,
) -> bytes:
    """Return a signed image.

    Args:
        version: As ``1.2.3+4``.
        body_size_bytes: The image has 512 bytes of header and some 200 of trailers more.
        behaviour: Of a broken one; see ``firmware_bridge.peer_board``.
        key: Its name; the same name is the same key.
        kind: Of the key, as imgtool calls it.
        hw: Of the board that it is for; None says nothing.
        counter: Its security counter; None says nothing.
    """
    text = f"{BEHAVIOUR_TEXT}{behaviour}\n" if behaviour else ""
    body = f"firmware {version}\n{text}".encode()
    body += bytes(at * 7 % 251 for at in range(body_size_bytes - len(body)))
    words = () if counter is None else ("--security-counter", str(counter))
    return signed(*words, key=key, kind=kind, version=version, hw=hw, body=body)


def board_keys(key: str = "maker", kind: str = "ed25519") -> list[PublicKey]:
    """Return what a bootloader is given for ``firmware`` with this key."""
    return read_keys(public_pem(key, kind).encode())


def key_file(folder: Path, key: str = "maker", kind: str = "ed25519") -> str:
    """Write the public key into a file for ``menshen sim board --set keys=...``."""
    path = folder / f"{key}-{kind}.pem"
    path.write_text(public_pem(key, kind))
    return str(path)
