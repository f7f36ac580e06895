import ctypes
import sys

from edge.memory import limit_arenas


def test_glibc_takes_the_limit() -> None:
    is_glibc = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")

    assert limit_arenas() is is_glibc
