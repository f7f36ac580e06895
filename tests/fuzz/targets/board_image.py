"""Any bytes as an image for a controller board, and any in each of its parts."""

import contextlib
import struct

from config.board_image import ImageError, fits_board, public_keys, read_image, verify_image

KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
"""
"""Of RFC 8032 7.1, test 1; nobody signs images with it."""
KEYS = public_keys([KEY])


def run(data: bytes) -> None:
    """Let only ``ImageError`` pass; no image is signed by chance."""
    for image in (data, _header(0, 1) + data, _header(len(data), 1) + b"\0" + data):
        with contextlib.suppress(ImageError):
            found = read_image(image)
            assert found.size_bytes == len(image)
            with contextlib.suppress(ImageError):
                fits_board(found, hw=0, running=found.version, counter=0, slot_size_bytes=None)
            verify_image(found, KEYS)
            raise AssertionError(image.hex())


def _header(protected_size_bytes: int, program_size_bytes: int) -> bytes:
    sizes = (32, protected_size_bytes & 0xFFFF, program_size_bytes)
    return struct.pack("<IIHHI16x", 0x96F3B83D, 0, *sizes)
