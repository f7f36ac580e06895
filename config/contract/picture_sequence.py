"""A clip without a video encoder: JPEG pictures one after the other, each with its time.

Written as ``multipart`` with the length of each part, so that a page, a node and central cut it the
same way as a camera's motion JPEG.

Source: RFC 2046, 5.1.1 (multipart syntax).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

BOUNDARY: Final = "menshen-picture"
_HEAD: Final = re.compile(
    rb"--menshen-picture\r\nContent-Type: image/jpeg\r\nContent-Length: (\d{1,8})\r\n"
    rb"X-Taken-At: ([0-9T:.+Z-]{1,40})\r\n\r\n"
)
_END: Final = b"--menshen-picture--\r\n"
JPEG_BEGIN: Final = b"\xff\xd8\xff"


class Picture(NamedTuple):
    """One picture. Attributes: taken_at: arrival at the node, aware UTC."""

    jpeg: bytes
    taken_at: datetime


class NoSequenceError(ValueError):
    """The bytes are no sequence of pictures."""


def encode_part(picture: Picture) -> bytes:
    """Return one picture as a part; parts follow one another without end in a live view."""
    taken_at = picture.taken_at.astimezone(UTC).isoformat(timespec="milliseconds")
    head = (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture.jpeg)}\r\n"
        f"X-Taken-At: {taken_at}\r\n\r\n"
    )
    return head.encode() + picture.jpeg + b"\r\n"


def encode_sequence(pictures: Iterable[Picture]) -> bytes:
    """Return pictures as one file."""
    return b"".join(map(encode_part, pictures)) + _END


def decode_sequence(data: bytes) -> list[Picture]:
    """Return the pictures of a file.

    Raises:
        NoSequenceError: It is not one, to the last byte.
    """
    pictures, at = list[Picture](), 0
    while data[at:] != _END:
        head = _HEAD.match(data, at)
        if head is None:
            raise NoSequenceError(f"no picture begins at byte {at}")
        end = head.end() + int(head[1])
        jpeg = data[head.end() : end]
        if not jpeg.startswith(JPEG_BEGIN) or data[end : end + 2] != b"\r\n":
            raise NoSequenceError(f"the picture at byte {at} is none, or has another length")
        try:
            taken_at = datetime.fromisoformat(head[2].decode())
        except ValueError as error:
            raise NoSequenceError(f"the picture at byte {at} has no time") from error
        if taken_at.tzinfo is None:
            raise NoSequenceError(f"the picture at byte {at} has a time without a zone")
        pictures.append(Picture(jpeg, taken_at))
        at = end + 2
    if not pictures:
        raise NoSequenceError("a sequence without a picture")
    return pictures
