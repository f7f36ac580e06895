"""JPEG pictures as RTP packets, so that a simulated recorder can be played by any player.

Source: RFC 2435 (type 1: 4:2:0; Q 255: the tables come with each picture), RFC 3550, 5.1.
"""

import struct
from typing import Final

PAYLOAD_TYPE: Final = 26
CLOCK_HZ: Final = 90_000
FRAGMENT_SIZE_BYTES: Final = 1_400
SOURCE: Final = 0x4D454E53
_TABLES, _SCAN = 0xDB, 0xDA


def packets_of(
    jpeg: bytes, *, width: int, height: int, sequence: int, at_ticks: int
) -> list[bytes]:
    """Return the packets of one baseline picture, 4:2:0 with the standard Huffman tables.

    Args:
        jpeg: As OpenCV and most cameras write it.
        width: In pixels, a multiple of 8, at most 2040.
        height: Likewise.
        sequence: Of the first packet.
        at_ticks: Of the picture, in 1/90000 s.
    """
    tables, scan = _parts(jpeg)
    found = list[bytes]()
    for offset in range(0, len(scan), FRAGMENT_SIZE_BYTES):
        piece = scan[offset : offset + FRAGMENT_SIZE_BYTES]
        is_last = offset + len(piece) == len(scan)
        number = (sequence + len(found)) & 0xFFFF
        marked = PAYLOAD_TYPE | (0x80 if is_last else 0)
        head = struct.pack("!BBHII", 0x80, marked, number, at_ticks & 0xFFFF_FFFF, SOURCE)
        head += struct.pack("!IBBBB", offset, 1, 255, width // 8, height // 8)
        if offset == 0:
            head += struct.pack("!BBH", 0, 0, len(tables)) + tables
        found.append(head + piece)
    return found


def _parts(jpeg: bytes) -> tuple[bytes, bytes]:
    """Return the two quantisation tables and the scan without its head and the end mark."""
    tables, at = b"", 2
    while True:
        mark, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        if mark == _TABLES:
            while body:
                tables, body = tables + body[1:65], body[65:]
        at += 2 + length
        if mark == _SCAN:
            return tables, jpeg[at : jpeg.rindex(b"\xff\xd9")]
