"""Any bytes, as a simulated board hears them: its line, its server, its reading of images."""

import contextlib

from firmware_bridge.peer_board import Board
from firmware_bridge.peer_flash import Flash, Geometry
from firmware_bridge.peer_image import ImageRefusedError, check_image, image_size_bytes, stated_hash
from firmware_bridge.peer_line import LineDecoder
from firmware_bridge.peer_make import Make

PIECE_SIZE_BYTES = 7
_GEOMETRY = Geometry(sector_size_bytes=512, slot_sector_count=6)
_BOARD = Board(Make(geometry=_GEOMETRY), [], Flash(_GEOMETRY))


def run(data: bytes) -> None:
    """Let nothing but the modules' own errors out."""
    decoder = LineDecoder(address=0, size_bytes_max=1024)
    for start in range(0, len(data), PIECE_SIZE_BYTES):
        for frame in decoder.receive_data(data[start : start + PIECE_SIZE_BYTES]):
            _BOARD.receive(frame)
    _BOARD.receive(data)
    stated_hash(data)
    image_size_bytes(data)
    with contextlib.suppress(ImageRefusedError):
        check_image(data, [])
