"""Keeps the terminal's process small.

glibc gives every thread an arena of its own, up to eight per core, and frees of one thread do not
serve another. A terminal has a dozen threads that pass pictures around: 320 MB instead of 270.

Source: glibc 2.36, ``malloc/malloc.h`` (M_ARENA_MAX) and mallopt(3).
"""

import ctypes
import sys
from typing import Final

M_ARENA_MAX: Final = -8
ARENA_COUNT_MAX: Final = 2


def limit_arenas() -> bool:
    """Let all threads share two arenas; call before they start. Returns whether it took effect."""
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENA_COUNT_MAX))
    except (OSError, AttributeError):
        return False  # another C library, which has no such arenas
