"""The file of an OSDP reader's key (SCBK): made once, readable by its owner alone, never logged."""

import os
import stat
from pathlib import Path
from typing import Final

KEY_SIZE_BYTES: Final = 16
DEFAULT_KEY: Final = bytes(range(0x30, 0x40))
"""SCBK-D, which everybody knows."""


def load_key(path: Path, *, may_create: bool) -> bytes:
    """Return the key in a file; its text is never part of a message.

    Args:
        path: 32 hexadecimal digits; mode 0600 or 0400 where the system has modes.
        may_create: Make it, from the system's randomness, if there is none.

    Raises:
        ValueError: One line that says what to do.
    """
    if may_create:
        _create_key(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"osdp_reader: key_file {path} cannot be read: {error}; install mode makes one"
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise ValueError(f"osdp_reader: key_file {path} is open to others: chmod 600 it")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE_BYTES:
        raise ValueError(f"osdp_reader: key_file {path} does not hold 32 hexadecimal digits")
    if key == DEFAULT_KEY or len(set(key)) == 1:
        raise ValueError(f"osdp_reader: key_file {path} holds a key that everybody knows")
    return key


def _create_key(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise ValueError(f"osdp_reader: key_file {path} cannot be made: {error}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(os.urandom(KEY_SIZE_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
