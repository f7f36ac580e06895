"""Any bytes, in pieces: OSDP frames and lines of OSDPCAP."""

import contextlib

from drivers.protocols import NEED_DATA, FrameError, osdp, osdpcap

PIECE_SIZE_BYTES = 7


def run(data: bytes) -> None:
    """Let nothing but the codecs' own errors out."""
    decoder = osdp.Decoder()
    for start in range(0, len(data), PIECE_SIZE_BYTES):
        decoder.receive_data(data[start : start + PIECE_SIZE_BYTES])
        frame: object = None
        while frame is not NEED_DATA:
            with contextlib.suppress(FrameError):
                frame = decoder.next_frame()
                if isinstance(frame, osdp.Frame):
                    osdp.describe(frame)
    with contextlib.suppress(ValueError):
        osdpcap.decode_line(data.decode("utf-8"))
