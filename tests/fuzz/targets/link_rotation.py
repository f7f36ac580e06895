"""Any bytes on the site link's port that are to be a node's next key."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.node_rotation import NEW_CONTEXT, OLD_CONTEXT, sign_rotation
from config.contract.trust import sign
from edge.link.message import LinkError
from edge.link.rotation import FORMAT, decode_rotation, encode_rotation

OLD, NEW = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
KEYS = {"gate-1": OLD.public_key()}
HEAD = FORMAT + b"\x06gate-1"
WHOLE = encode_rotation(
    "gate-1",
    sign_rotation(
        site="test",
        node="gate-1",
        old_key=OLD,
        signing_key=NEW,
        sealing_key=X25519PrivateKey.from_private_bytes(bytes(32)).public_key(),
    ),
)


def run(data: bytes) -> None:
    """Let only ``LinkError`` pass, though both keys have signed whatever it is."""
    signatures = sign(OLD, data, context=OLD_CONTEXT) + sign(NEW, data, context=NEW_CONTEXT)
    for datagram in (data, HEAD + data, HEAD + signatures + data, WHOLE[: len(data)] + data):
        try:
            found = decode_rotation(datagram, site="test", keys=KEYS)
        except LinkError:
            continue
        assert found.node == "gate-1"
