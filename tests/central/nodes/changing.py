"""A node of a test that changes its keys."""

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.node_rotation import RotationTaken, SignedRotation, sign_rotation
from config.contract.trust import sign_request
from config.crypto.keys import SigningKey
from tests.central.bench import Node

TARGET = "/api/v1/nodes/current/keys"


class Changing:
    """One change: from the keys that a node has when this is made, to new ones."""

    def __init__(self, node: Node, *, old_key: SigningKey | None = None) -> None:
        self.node = node
        self.old_key = old_key or node.signing_key
        self.signing_key = Ed25519PrivateKey.generate()
        self.sealing_key = X25519PrivateKey.generate()
        self.signed = sign_rotation(
            site="test",
            node=node.name,
            old_key=self.old_key,
            signing_key=self.signing_key,
            sealing_key=self.sealing_key.public_key(),
        )

    def send(
        self, *, by: SigningKey | None = None, signed: SignedRotation | None = None
    ) -> httpx.Response:
        """Bring the next keys; the request is signed by the next one."""
        body, node = (signed or self.signed).model_dump_json().encode(), self.node
        token = sign_request(
            by or self.signing_key, node=node.name, site="test", method="POST", target=TARGET,
            body=body, now=node.clock(),
        )  # fmt: skip
        return node.http.post(TARGET, content=body, headers={"Authorization": f"Bearer {token}"})

    def taken(self) -> RotationTaken:
        """Bring the next keys, which central takes, and go over to them."""
        reply = self.send()
        assert reply.status_code == 200, reply.text
        self.node.signing_key, self.node.sealing_key = self.signing_key, self.sealing_key
        return RotationTaken.model_validate_json(reply.content)
