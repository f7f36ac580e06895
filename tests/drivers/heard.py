"""What a decoder makes of bytes that arrive in pieces, for tests of codecs."""

from collections.abc import Iterable
from typing import TypeVar

from drivers.bus import Decoder
from drivers.protocols import FrameError, NeedData

_Frame = TypeVar("_Frame")


def frames_of(decoder: Decoder[_Frame], pieces: Iterable[bytes]) -> tuple[list[_Frame], list[str]]:
    """Return the frames, and what was said of that which was thrown away."""
    frames: list[_Frame] = []
    refusals: list[str] = []
    for piece in pieces:
        decoder.receive_data(piece)
        is_waiting = False
        while not is_waiting:
            try:
                frame = decoder.next_frame()
            except FrameError as error:
                refusals.append(str(error))
                continue
            if isinstance(frame, NeedData):
                is_waiting = True
            else:
                frames.append(frame)
    return frames, refusals


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Return bytes in pieces of these sizes, again and again."""
    pieces = list[bytes]()
    while data:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[:size])
        data = data[size:]
    return pieces
