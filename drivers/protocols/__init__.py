"""Codecs without I/O: bytes in, frames out, and back. No clock, no port, no thread, no log.

A codec has ``receive_data``, ``next_frame`` and ``encode_*``. To add a protocol: one module here
and its test, with vectors quoted from the document.
"""

from enum import Enum
from typing import Final


class NeedData(Enum):
    """The type of ``NEED_DATA``."""

    NEED_DATA = "need data"


NEED_DATA: Final = NeedData.NEED_DATA
"""What ``next_frame`` returns while the frame is not complete."""


class FrameError(Exception):
    """The bytes are not the frame that was expected; the message quotes them."""


def spaced_hex(raw: bytes) -> str:
    """Return bytes as people read them: ``01 05 FF``."""
    return raw.hex(" ").upper()
