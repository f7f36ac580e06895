"""The dependency of node endpoints: a request that the node has signed, its body included."""

import dataclasses

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from fastapi import Request, Response

from central.nodes import repository
from central.problems import RefusedError
from central.services import Given
from config.contract.headers import CONTRACT, CONTRACT_VERSION
from config.contract.trust import TrustError, claimed_node, from_text, verify_request


@dataclasses.dataclass(frozen=True, slots=True)
class SignedRequest:
    """Who asks, proven. Attributes: body: as signed. sealing_key: seals secrets for the node."""

    node: str
    body: bytes
    sealing_key: X25519PublicKey


class Signed:
    """A dependency: the signed request, or 401."""

    def __init__(self, *, size_bytes_max: int = 0) -> None:
        """Accept a body up to this size."""
        self._size_bytes_max = size_bytes_max

    async def __call__(
        self, request: Request, response: Response, services: Given
    ) -> SignedRequest:
        """Return who asks; refuses with 401 or 413. The answer says which contract is spoken."""
        response.headers[CONTRACT] = str(CONTRACT_VERSION)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("sign the request")
        body = await self._body(request)
        try:
            node = claimed_node(token)
            async with services.database.read() as transaction:
                keys = await repository.keys_of(transaction, node)
            if keys is None:
                raise _refused("this node has not joined, or was removed")
            verify_request(
                token,
                Ed25519PublicKey.from_public_bytes(from_text(keys[0])),
                site=services.settings.site.site.id,
                method=request.method,
                target=_target(request),
                body=body,
                now=services.now(),
            )
        except TrustError as error:
            raise _refused(str(error)) from error
        return SignedRequest(node, body, X25519PublicKey.from_public_bytes(from_text(keys[1])))

    async def _body(self, request: Request) -> bytes:
        pieces, size_bytes = list[bytes](), 0
        async for piece in request.stream():
            size_bytes += len(piece)
            if size_bytes > self._size_bytes_max:
                raise RefusedError(413, "too_large", f"at most {self._size_bytes_max} bytes")
            pieces.append(piece)
        return b"".join(pieces)


def _target(request: Request) -> str:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _refused(why: str) -> RefusedError:
    return RefusedError(401, "bad_signature", why)
