"""Any bytes: packet captures, their TCP segments, and the streams that those make."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.pcap import (
    ConversationWriter,
    Endpoint,
    Reassembly,
    read_packets,
    segment_of,
)

_FILE_HEADER = ConversationWriter(Endpoint(bytes(4), 1), Endpoint(bytes(4), 2)).begin(0)[:24]


def run(data: bytes) -> None:
    """Let nothing but the codec's own error out; with a sound file header too."""
    for raw in (data, _FILE_HEADER + data):
        stream = Reassembly()
        with contextlib.suppress(FrameError):
            for packet in read_packets(raw):
                with contextlib.suppress(FrameError):
                    if (segment := segment_of(packet)) is not None:
                        stream.add(segment)
