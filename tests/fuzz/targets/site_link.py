"""Any bytes on the site link's port, signed by a node of the site or by nobody."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.link.message import CONTEXT, FORMAT, LinkError, decode, encode

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {"gate-1": KEY.public_key()}


def run(data: bytes) -> None:
    """Let only ``LinkError`` pass; what is read from a signed body can be written and read."""
    signed = FORMAT + b"\x06gate-1" + KEY.sign(CONTEXT + data) + data
    for datagram in (data, FORMAT + data, signed):
        try:
            message = decode(datagram, site="test", receiver="gate-2", keys=KEYS)
        except LinkError:
            continue
        again = decode(encode(message, KEY), site="test", receiver="gate-2", keys=KEYS)
        assert again == message
