"""Any bytes as an answer of a recorder that speaks ONVIF Profile G."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols import onvif_recordings as onvif

ENVELOPE = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>%s</s:Body></s:Envelope>'


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass."""
    for decode in (
        onvif.decode_clock,
        onvif.decode_services,
        onvif.decode_search_token,
        onvif.decode_results,
        onvif.decode_replay_uri,
    ):
        for answer in (data, ENVELOPE % data):
            with contextlib.suppress(FrameError):
                decode(answer)
