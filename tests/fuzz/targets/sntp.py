"""Any datagram in place of a time server's answer, and of a request."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.sntp import decode_reply, decode_request, encode_reply


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; what is read can be said again."""
    with contextlib.suppress(FrameError):
        decode_request(data)
    nonce = int.from_bytes(data[24:32], "big")
    with contextlib.suppress(FrameError):
        reply = decode_reply(data, nonce=nonce)
        again = decode_reply(encode_reply(reply, nonce=nonce), nonce=nonce)
        assert abs((again.sent_at - reply.sent_at).total_seconds()) < 1e-5
