"""Any bytes as an answer of a recorder that speaks ISAPI."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.isapi_recordings import decode_found, decode_search, decode_time


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass."""
    for decode in (decode_found, decode_search, decode_time):
        for answer in (data, b"<CMSearchResult>" + data + b"</CMSearchResult>"):
            with contextlib.suppress(FrameError):
                decode(answer)
